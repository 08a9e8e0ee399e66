"""A folder that gets all of its new files at once, or none of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr.backends.base import GRAPH_STEM
from ppocr.backends.digests import DESCRIPTION
from ppocr.utils.exits import OutputError, StorageError, status_of
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
    """Move the finished files of ``place`` into ``target``, the description last.

    Files of an earlier export that are not replaced would belong to other weights: they are
    removed and named. Anything else in ``target`` stays.
    """
    target.mkdir(parents=True, exist_ok=True)
    names = sorted((path.name for path in place.iterdir()), key=lambda name: name == DESCRIPTION)
    # without its description, a folder between two exports cannot be taken for a whole one
    (target / DESCRIPTION).unlink(missing_ok=True)
    stale = [name for name in OURS if name not in names and (target / name).is_file()]
    for name in stale:
        (target / name).unlink()
    if stale:
        get_logger().info("removed %s of the earlier export in %s", ", ".join(stale), target)
    for name in names:
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
