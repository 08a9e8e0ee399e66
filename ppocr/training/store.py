"""Folders of files that appear whole or not at all, whatever happens while they are written.

Each save is a folder of its own under ``ckpts/``: files are written into a temporary folder,
forced to the disk, listed with size and SHA-256 in ``manifest.json``, and the folder is renamed:
that is the moment it exists. Then the link ``.latest`` is turned to it, in one rename too. The
names people know (``latest.pdparams`` ...) are links through ``.latest``, so all of them change at
the same instant. Where links are not possible, copies are made instead.

After the protocol measured in crash tests: kill, full disk, I/O error and power loss at every
single file operation leave either the old save or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr.utils.exits import OutputError, StorageError, status_of
from ppocr.utils.files import sha256, value_digest
from ppocr.utils.saves import FOLDER, MANIFEST, folders, order
from ppocr.utils.saves import Saved as Saved  # what is written here is read back there
from ppocr.utils.saves import newest_valid as newest_valid
from ppocr.utils.saves import saves as saves
from ppocr.utils.saves import verify as verify

_TEMPORARY = ".tmp-"
# what a file system answers that has no symbolic links; a full disk is another matter
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})


def save(
    root: Path,
    name: str,
    writers: Mapping[str, Callable[[Path], None]],
    meta: Mapping[str, Any],
    keep: int = 2,
    aliases: Mapping[str, str] | None = None,
) -> Path:
    """Return the folder of the new save ``name``; the previous ``keep`` - 1 stay.

    ``writers`` maps a file name to what writes it at a given path. ``aliases`` are further names
    (relative to ``root``) for files of the save. A StorageError or OutputError leaves everything
    as it was.
    """
    store = root / FOLDER
    # a clock that was set back must not make the newest save look like the oldest
    number = max([time.time_ns(), *(order(one) + 1 for one in folders(root, name))])
    stem = f"{name}-{int(meta.get('global_step', 0)):09d}-{number:x}"
    temporary, final = store / (_TEMPORARY + stem), store / stem
    try:
        store.mkdir(parents=True, exist_ok=True)
        _sweep(store)
        temporary.mkdir()
        _fill(temporary, writers, meta)
        temporary.rename(final)
        _sync_folder(store)
        _publish(root, name, final, {**{file: file for file in writers}, **(aliases or {})})
    except OSError as error:
        kind = OutputError if status_of(error) == OutputError.exit_code else StorageError
        raise kind(f"cannot save {root / name}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _retire(root, name, folders(root, name)[keep:])
    return final


def demand_space(root: Path, wanted_bytes: int) -> None:
    """Raise a StorageError with numbers unless the disk has room for a save and its successor."""
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if free < 2 * wanted_bytes:
        raise StorageError(
            f"{root}: {free >> 20} MB free, a checkpoint needs {wanted_bytes >> 20} MB "
            f"and twice that while it replaces the last one"
        )


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the folder for this run; an OutputError names the run that has it already."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write to {root}: {error.strerror}") from error
    with file:
        if not _lock(file):
            file.seek(0)
            owner = file.read().strip() or "another process"
            raise OutputError(f"{root} is in use by {owner}; choose another save_model_dir")
        file.truncate(0)
        file.write(
            f"process {os.getpid()} on {os.uname().nodename if hasattr(os, 'uname') else ''}"
        )
        file.flush()
        yield


def _lock(file: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # not on this system: the lock is a courtesy
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _fill(
    folder: Path, writers: Mapping[str, Callable[[Path], None]], meta: Mapping[str, Any]
) -> None:
    files = {}
    for name, write in writers.items():
        path = folder / name
        write(path)
        _sync_file(path)
        files[name] = {"size": path.stat().st_size, "sha256": sha256(path)}
    content = json.loads(json.dumps({"meta": dict(meta), "files": files}))
    manifest = folder / MANIFEST
    text = json.dumps({**content, "digest": value_digest(content)})
    manifest.write_text(text, encoding="utf-8")
    _sync_file(manifest)
    _sync_folder(folder)


def _publish(root: Path, name: str, folder: Path, names: Mapping[str, str]) -> None:
    """Make the new save the one that the visible names stand for."""
    pointer = root / f".{name}"
    try:
        _turn(Path(FOLDER) / folder.name, pointer)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        _copy_out(root, folder, names)
        _sync_folder(root)
        return
    for visible, file in names.items():
        link = root / visible
        link.parent.mkdir(parents=True, exist_ok=True)
        target = Path(os.path.relpath(pointer / file, link.parent))
        if not (link.is_symlink() and Path(os.readlink(link)) == target):
            _turn(target, link)
    _sync_folder(root)


def _turn(target: Path, link: Path) -> None:
    """Make ``link`` point to ``target`` in one step."""
    fresh = link.with_name(f"{link.name}.new-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    os.symlink(target, fresh)
    fresh.replace(link)


def _copy_out(root: Path, folder: Path, names: Mapping[str, str]) -> None:
    for visible, file in names.items():
        target = root / visible
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.new-{os.getpid()}")
        shutil.copyfile(folder / file, fresh)
        _sync_file(fresh)
        fresh.replace(target)


def _retire(root: Path, name: str, unwanted: list[Path]) -> None:
    """Remove saves that are not wanted any more, never the one that the visible names show.

    They are renamed first: what a kill leaves of them is swept away by the next save.
    """
    pointer = root / f".{name}"
    shown = Path(os.readlink(pointer)).name if pointer.is_symlink() else ""
    for folder in unwanted:
        if folder.name == shown:
            continue
        leaving = folder.with_name(_TEMPORARY + folder.name)
        with contextlib.suppress(OSError):
            folder.rename(leaving)
            shutil.rmtree(leaving, ignore_errors=True)


def _sweep(store: Path) -> None:
    """Remove what an interrupted save left behind."""
    for stale in store.glob(_TEMPORARY + "*"):
        shutil.rmtree(stale, ignore_errors=True)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
