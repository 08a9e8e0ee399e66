"""Reading what others wrote: annotation files and image names, with limits and inside the root.

Nothing that is read here is executed. A JSON file is refused before it is parsed when its values
would take more memory than ``MAX_JSON_BYTES``; names that lead out of the folder of the images,
also by way of a symbolic link, are refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from ppocr.conversion.page import Picture
from ppocr.data.labels import locate
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput, StorageError
from ppocr.utils.files import IMAGE_ENDINGS

MAX_TEXT_BYTES = 256 << 20
MAX_ROWS_BYTES = 32 << 20  # a text file: its rows may be as short as they like
MAX_JSON_BYTES = 850 << 20
# what CPython takes, at most, for each value, key, list and mapping of a parsed file
COSTS = ((b",", 64), (b":", 100), (b"[", 88), (b"{", 240))
PICTURES = IMAGE_ENDINGS - {".pdf"}


@dataclass(frozen=True)
class Images:
    """The images below a root, found by name or by the stem of an annotation file."""

    root: Path
    allow_links: bool = False
    output: Path | None = None  # what is written there is not found again

    def named(self, name: str, near: Path | None = None) -> Picture:
        """Return the image of that name; Rejected ("outside the root", "missing image" ...).

        Looked for beside ``near`` (the folder of the annotation), then below the root, then by its
        file name alone, if only one image below the root has it: tools also note where the image
        was on the machine it was labelled on.
        """
        name = name.replace("\\", "/")
        if not name.strip() or "\0" in name:
            raise Rejected("missing image", "no name of an image is given")
        inside = []
        for folder in (near, self.root):
            if folder is not None:
                try:
                    inside.append(locate(self.root, os.path.join(folder, name), ""))
                except Rejected:
                    continue
        for path in inside:
            if _is_file(path):
                return self.picture(path)
        alike = self._by_name.get(PurePosixPath(name).name.lower(), [])
        if not inside and not alike:
            raise Rejected("outside the root", f"{name} is not below {self.root}")
        return self._only(alike, name)

    def with_stem(self, stems: Sequence[str], folder: Path | None = None) -> Picture:
        """Return the image called like an annotation: in the same folder, or the only one."""
        found: list[Path] = []
        for stem in stems:
            found = self._by_stem.get(stem.lower(), [])
            near = [path for path in found if folder is not None and path.parent == folder]
            if near or found:
                return self._only(near or found, stem)
        return self._only(found, " or ".join(stems))

    def picture(self, path: Path) -> Picture:
        """Return the image at a path below the root."""
        if not self.allow_links and not path.resolve().is_relative_to(self._real_root):
            hint = "--allow-links follows links that you made yourself"
            raise Rejected("outside the root", f"{path} is a link out of {self.root}; {hint}")
        return Picture(path.relative_to(self.root).as_posix(), path)

    def _only(self, found: Sequence[Path], name: str) -> Picture:
        if not found:
            raise Rejected("missing image", f"no image {name} below {self.root}")
        if len(found) > 1:
            raise Rejected("ambiguous image", f"{name} may be {found[0]} or {found[1]}")
        return self.picture(found[0])

    @cached_property
    def _real_root(self) -> Path:
        return self.root.resolve()

    @cached_property
    def _all(self) -> list[Path]:
        return [path for path in walk(self.root, self.output) if path.suffix.lower() in PICTURES]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _grouped((path.name.lower(), path) for path in self._all)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        return _grouped((path.stem.lower(), path) for path in self._all)


@dataclass(frozen=True)
class Input:
    """What a reader is given: where the annotations are, the images, and how to read them."""

    path: Path
    images: Images
    text_key: str = ""  # the name under which a format without a fixed one keeps the text
    difficult: Literal["ignore", "use"] = "ignore"
    unconfirmed: Literal["skip", "use"] = "skip"

    def holds(self, ending: str) -> bool:
        """Return whether a file with that ending is the annotation, or is below its folder."""
        if self.path.is_file():
            return self.path.suffix.lower() == ending
        return any(one.suffix.lower() == ending for one in walk(self.path, self.images.output))

    def files(self, ending: str) -> list[Path]:
        """Return the annotation itself, or all with that ending below its folder, sorted."""
        if self.path.is_file():
            return [self.path]
        below = walk(self.path, self.images.output)
        found = [path for path in below if path.suffix.lower() == ending]
        if not found:
            raise MissingInput(f"no *{ending} in or below {self.path}")
        return found


def walk(folder: Path, leave_out: Path | None = None) -> Iterator[Path]:
    """Yield the files below a folder in a fixed order; hidden folders and links are left out."""
    for base, folders, files in os.walk(folder):
        kept = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in kept if Path(base, name) != leave_out)
        yield from (Path(base) / name for name in sorted(files) if not name.startswith("."))


def read_text(path: Path) -> str:
    """Return a UTF-8 text file, without byte order mark; a DataError says why it cannot be."""
    content = _content(path, MAX_ROWS_BYTES)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}:1: UTF-16; save the file as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def rows_of(path: Path) -> list[str]:
    """Return the rows of a text file; only a line feed ends one (a text may hold U+2028)."""
    return [row.removesuffix("\r") for row in read_text(path).split("\n")]


def load_json(path: Path) -> Any:
    """Return what a JSON file holds; a DataError has file, line and reason."""
    content = _content(path)
    texts = 2 * _bytes_a_letter(content) * len(content)  # the file as text, and the texts in it
    needed = len(content) + texts + sum(content.count(sign) * cost for sign, cost in COSTS)
    if needed > MAX_JSON_BYTES:
        raise DataError(
            f"{path}: its values would take {needed >> 20} MB of memory, more than "
            f"{MAX_JSON_BYTES >> 20}; split the file"
        )
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{path}: not usable JSON: {reason}") from None


def _bytes_a_letter(content: bytes) -> int:
    """Return how many bytes Python takes for every letter of a text: one decides for all."""
    highest = int(np.frombuffer(content, np.uint8).max()) if content else 0
    return 4 if highest >= 0xF0 else 2 if highest >= 0xC4 else 1


def _content(path: Path, most: int = MAX_TEXT_BYTES) -> bytes:
    try:
        if not path.is_file():
            raise MissingInput(f"no such file: {path}")
        size = path.stat().st_size
        if size > most:
            raise DataError(f"{path}: {size} bytes; the limit is {most}; split the file")
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    if content[:4] in (b"PK\3\4", b"\x1f\x8b\x08\x00"):
        raise DataError(f"{path}: an archive; unpack it and name the folder or file inside")
    return content


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that the system cannot have
        return False


def _grouped(pairs: Iterator[tuple[str, Path]]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for name, path in pairs:
        found.setdefault(name, []).append(path)
    return found
