"""A folder that gets all of its new files at once, or none of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ppocr.backends.base import GRAPH_STEM
from ppocr.backends.digests import DESCRIPTION
from ppocr.utils.exits import OutputError, StorageError, status_of
from ppocr.utils.files import exchange
from ppocr.utils.logs import get_logger
from ppocr.utils.processes import is_running

PARITY = "parity.json"
# names this program writes: what an earlier export left of them must not survive beside new weights
OURS = (
    *(f"{GRAPH_STEM}{ending}" for ending in (".json", ".pdmodel", ".pdiparams", ".onnx")),
    f"{GRAPH_STEM}.pdiparams.info",
    DESCRIPTION,
    PARITY,
)
GRAPHS = tuple(f"{GRAPH_STEM}{ending}" for ending in (".json", ".pdmodel", ".onnx"))
REJECTED = ".rejected"


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target``; it is gone afterwards, whatever happened."""
    place = target.with_name(f".{target.name}.tmp-{os.getpid()}")
    _sweep(target)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        yield place
    except OSError as error:
        kind = OutputError if status_of(error) == OutputError.exit_code else StorageError
        raise kind(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def publish(place: Path, target: Path) -> None:
    """Make the finished files of ``place`` those of ``target``, in one rename.

    Files of an earlier export that are not replaced would belong to other weights: they are
    left out and named. Anything else in ``target`` stays.
    """
    _flush(place)
    if not target.exists():
        place.rename(target)
        _sync(target.parent)
        return
    stale = [name for name in OURS if not (place / name).exists() and (target / name).is_file()]
    if stale:
        get_logger().info("removed %s of the earlier export in %s", ", ".join(stale), target)
    if not _exchanged(place, target, stale):
        _replaced(place, target, stale)
    _sync(target.parent)


def _exchanged(place: Path, target: Path, stale: Sequence[str]) -> bool:
    """Return whether the two folders could change places, other files taken along."""
    others = [
        one for one in target.iterdir() if one.name not in stale and not (place / one.name).exists()
    ]
    if target.is_symlink() or not all(one.is_file() and not one.is_symlink() for one in others):
        return False
    for one in others:
        os.link(one, place / one.name)
    _sync(place)
    return exchange(place, target)


def _replaced(place: Path, target: Path, stale: Sequence[str]) -> None:
    """Move file by file: no graph stands there until its weights and description do.

    A folder without a graph is refused by everything that predicts.
    """
    names = sorted(path.name for path in place.iterdir() if not (target / path.name).is_dir())
    graphs = [name for name in names if name in GRAPHS]
    for name in {*stale, *(name for name in GRAPHS if (target / name).is_file())}:
        (target / name).unlink()
    _sync(target)
    for name in [*(name for name in names if name not in graphs), *graphs]:
        os.replace(place / name, target / name)
    _sync(target)


def reject(place: Path, target: Path) -> Path:
    """Keep the files of a failed export beside ``target`` for looking at; return the folder."""
    kept = target.with_name(target.name + REJECTED)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(place, kept)
    return kept


def _sweep(target: Path) -> None:
    """Remove what exports that were killed have left beside ``target``."""
    for left in target.parent.glob(f".{target.name}.tmp-*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not is_running(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Force every file of a folder, and the folder, to the disk."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    """Make the renames durable, where a folder can be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        get_logger().debug("cannot sync %s: %s", folder, error)
    finally:
        os.close(descriptor)
