"""Reading the saves of a run: which there are, and whether they are what was written.

A save is a folder below ``ckpts/`` with a ``manifest.json`` that lists its files with size and
SHA-256 (written by ``ppocr/training/store.py``). Reading them is needed wherever weights are: in
training, evaluation, export and prediction.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ppocr.utils.exits import DataError
from ppocr.utils.files import sha256, value_digest

FOLDER = "ckpts"
MANIFEST = "manifest.json"
SETTLED_S = 1.0


@dataclass(frozen=True, slots=True)
class Saved:
    """A committed save: its folder and what its manifest says."""

    folder: Path
    meta: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @property
    def order(self) -> int:
        """When it was committed; later ones are larger."""
        return order(self.folder)


def saves(root: Path, name: str) -> list[Saved]:
    """Return the committed saves of a name whose manifest can be read, the newest first."""
    found = []
    for folder in folders(root, name):
        with contextlib.suppress(DataError):
            found.append(read(folder))
    return found


def folders(root: Path, name: str) -> list[Path]:
    """Return the folders of committed saves of a name, whole or not, the newest first."""
    found = [
        folder
        for folder in (root / FOLDER).glob(f"{name}-*-*")
        if folder.name.rsplit("-", 2)[0] == name and order(folder) >= 0
    ]
    return sorted(found, key=order, reverse=True)


def order(folder: Path) -> int:
    """Return the number that a save was given; later ones are larger. -1: it is none."""
    try:
        return int(folder.name.rsplit("-", 1)[1], 16)
    except (IndexError, ValueError):
        return -1


def read(folder: Path) -> Saved:
    """Return the save in a folder; a DataError says that its manifest is damaged."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        content = {key: manifest[key] for key in ("meta", "files")}
        noted = manifest.get("digest")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    early = set(manifest) == set(content)  # of before manifests had a digest of their own
    if noted != value_digest(content) and not early:
        raise DataError(f"{path} is not what was written (its digest differs)")
    return Saved(folder, content["meta"], content["files"])


def verify(saved: Saved) -> None:
    """Raise a DataError naming the first file whose size or digest is not what was written."""
    for name, wanted in saved.files.items():
        path = saved.folder / name
        if not path.is_file():
            raise DataError(f"{path} is missing")
        if path.stat().st_size != wanted["size"]:
            raise DataError(f"{path} has {path.stat().st_size} bytes instead of {wanted['size']}")
        if _digest(path) != wanted["sha256"]:
            raise DataError(f"{path} is not what was written (SHA-256 differs)")


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; one that has not been touched is not read again.

    A file changed a moment ago may be changed again without its time showing it.
    """
    found = path.stat()
    if time.time() - max(found.st_mtime, found.st_ctime) < SETTLED_S:
        return sha256(path)
    return _known_digest(path.resolve(), found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=32)
def _known_digest(path: Path, *_: int) -> str:
    return sha256(path)


def newest_valid(root: Path, name: str) -> tuple[Saved | None, list[str]]:
    """Return the newest save that verifies, and what was wrong with newer ones."""
    complaints = []
    for folder in folders(root, name):
        try:
            saved = read(folder)
            verify(saved)
        except DataError as error:
            complaints.append(str(error))
            continue
        return saved, complaints
    return None, complaints
