"""Files: finding images, reading, downloading once, writing so that nothing is ever half there."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ppocr.utils.exits import (
    DataError,
    MissingInput,
    OutputError,
    StorageError,
    UsageError,
    status_of,
)

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE_ENDINGS = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".rgb", ".tif", ".tiff", ".gif", ".webp", ".pdf"}
)
BLOCK_BYTES = 1 << 20
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD of fcntl.h, RENAME_EXCHANGE of linux/fs.h
TIMEOUT_S = 30
TRIES = 3


def find_images(path: str | Path) -> list[Path]:
    """Return the image files at ``path``: itself, or those directly in that folder, sorted.

    A MissingInput says that there is nothing there, or nothing with a known ending.
    """
    place = Path(path)
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise MissingInput(f"no such image or folder: {place}")
    found = sorted(one for one in place.iterdir() if _is_image(one))
    if not found:
        endings = " ".join(sorted(IMAGE_ENDINGS))
        raise MissingInput(f"no image in {place} (looked for {endings})")
    return found


def find_file(path: str | Path) -> Path:
    """Return the file as given or, failing that, below the repository root."""
    given = Path(path).expanduser()
    for candidate in (given, REPOSITORY / given):
        if candidate.is_file():
            return candidate
    raise MissingInput(f"no such file: {path} (looked in {Path.cwd()} and {REPOSITORY})")


def read_bytes(path: str | Path, most: int = -1) -> bytes:
    """Return the content of a file; what is wrong with it is said in one line.

    A file of more than ``most`` bytes is a DataError, told without reading more than that.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(most + 1 if most >= 0 else -1)
        if 0 <= most < len(content):
            raise DataError(f"{path}: more than {most} bytes, the limit for a file of this kind")
        return content
    except FileNotFoundError as error:
        raise MissingInput(f"no such file: {path}") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def value_digest(value: Any) -> str:
    """Return the SHA-256 of plain values; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def atomic_write(path: str | Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Yield an open file that takes the place of ``path`` only when all went well.

    The bytes go to a neighbour of the same folder (``file.name``), are forced to the
    disk and then renamed, so that a reader sees the old file or the new one, never
    half of one. If the body raises, the old file stays. Text modes are UTF-8.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.tmp-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open(mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):
            raise  # the body's own trouble, for instance with the network
        kind = OutputError if status_of(error) == OutputError.exit_code else StorageError
        raise kind(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def exchange(one: Path, other: Path) -> bool:
    """Return whether two paths have changed places, in one step; not every system can."""
    rename = (
        getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        if os.name == "posix"
        else None
    )
    if rename is None:
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def cache() -> Path:
    """Return the folder for downloaded files: $PPOCR_CACHE or ~/.cache/ppocr."""
    given = os.environ.get("PPOCR_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "ppocr"


def download(url: str, sha256: str | None = None, into: str | Path | None = None) -> Path:
    """Return the local copy of ``url``, fetched at most once.

    The digest, when given, must match: a file that differs is a DataError and is not
    kept. Two addresses that end in the same name do not share a file.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"only http and https addresses can be downloaded, not {url}")
    name = Path(urllib.parse.urlsplit(url).path).name or "download"
    folder = Path(into) if into else cache() / hashlib.sha256(url.encode()).hexdigest()[:12]
    target = folder / name
    if target.is_file() and (sha256 is None or _digest(target) == sha256.lower()):
        return target
    for remaining in reversed(range(TRIES)):
        try:
            _fetch(url, target, sha256)
            return target
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            if not remaining or isinstance(error, urllib.error.HTTPError):
                reason = getattr(error, "reason", error)
                raise MissingInput(f"cannot download {url}: {reason}") from error
    raise MissingInput(f"cannot download {url}")


def _fetch(url: str, target: Path, wanted: str | None) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, atomic_write(target) as file:
        length = answer.headers.get("Content-Length")
        received = 0
        while block := answer.read(BLOCK_BYTES):
            digest.update(block)
            received += len(block)
            file.write(block)
        if length is not None and received != int(length):
            raise ConnectionError(f"only {received} of {length} bytes arrived")
        if wanted is not None and digest.hexdigest() != wanted.lower():
            raise DataError(f"{url} has SHA-256 {digest.hexdigest()}, not {wanted}")


_digest = sha256  # ``download`` has a parameter of that name


def _is_image(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in IMAGE_ENDINGS


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
