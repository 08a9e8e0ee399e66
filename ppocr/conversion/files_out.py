"""How writers put files into their folder: whole or not at all, and never anywhere else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Literal

from ppocr.conversion.cut import Prepared
from ppocr.conversion.page import Picture
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import InternalError, OutputError, StorageError
from ppocr.utils.files import atomic_write

Keeping = Literal["copy", "link", "keep"]


def place(root: Path, name: str, content: bytes) -> str:
    """Write a file below ``root`` and return its name; a reader never sees half of it.

    Unlike ``atomic_write`` it does not wait for the disk: thousands of small files would take
    minutes, and a conversion that is cut off finds out and writes them again.
    """
    target = inside(root, name)
    if target.is_file() and target.stat().st_size == len(content):
        if target.read_bytes() == content:
            return name
        _unlink(target)
    temporary = target.with_name(f".{target.name[:100]}.tmp")  # the next run replaces what is left
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}") from error
    return name


def bring(root: Path, name: str, picture: Picture, prepared: Prepared, keeping: Keeping) -> str:
    """Bring the image of an item below ``root``, as a copy or as a hard link to it."""
    if keeping == "link" and picture.path is not None:
        target = inside(root, name)
        with contextlib.suppress(OSError):  # another file system: a copy then
            if target.is_file() and target.samefile(picture.path):
                return name
            target.parent.mkdir(parents=True, exist_ok=True)
            _unlink(target)
            os.link(picture.path.resolve(), target)
            return name
    return place(root, name, prepared.content)


def inside(root: Path, name: str) -> Path:
    """Return the path of a name below ``root``."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts:
        raise InternalError(f"a name outside the output: {name}")
    target = root / parts
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{target.parent} is a link out of {root}; nothing is written there")
    return target


def row_name(name: str) -> str:
    """Return a name that can stand in a label row; Rejected when it cannot."""
    if "\t" in name or len(name.splitlines()) != 1:
        raise Rejected("tab or line end in the name", repr(name)[:80])
    return name


def write_rows(path: Path, rows: Iterable[str]) -> int:
    """Write a label file at once and return how many rows it has."""
    count = 0
    with atomic_write(path, "w") as file:
        for row in rows:
            file.write(f"{row}\n")
            count += 1
    return count


def _unlink(path: Path) -> None:
    """Take a file away so that what it is linked to stays as it was."""
    path.unlink(missing_ok=True)
