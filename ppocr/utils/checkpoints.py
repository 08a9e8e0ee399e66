"""What a path of weights stands for: the only place that knows the file names.

A checkpoint is three files with one prefix, as in the original: ``.pdparams`` (weights),
``.pdopt`` (optimizer and schedule), ``.states`` (progress, plain values). Weights alone may also
be a ``.safetensors`` file. A path may be the prefix, one of the files, or an http(s) address.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ppocr.utils import saves, strangers
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.files import REPOSITORY, download
from ppocr.utils.logs import get_logger

LATEST, BEST = "latest", "best_accuracy"
PARAMS, OPTIMIZER, STATES = ".pdparams", ".pdopt", ".states"
ENDINGS = (PARAMS, OPTIMIZER, STATES)
SAFETENSORS = ".safetensors"
REMOTE = ("http://", "https://")
NAMED = 5  # so many neighbours are named where a file is missing


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a checkpoint; those of a save of ours have been verified."""

    params: Path
    optimizer: Path | None = None
    states: Path | None = None


def find(path: str | Path, weights_only: bool = False) -> Found:
    """Return the files that a prefix, one of its names, or an address stands for.

    A checkpoint of ours is verified first; if it is damaged the one before it is taken, and
    that is said. A path that is not there is also looked for below the repository root. With
    ``weights_only`` nothing else is downloaded from an address. A MissingInput says that there
    are no weights, a DataError that none is whole.
    """
    text = str(path)
    if text.startswith(REMOTE):
        return _downloaded(text, weights_only)
    for prefix in _prefixes(text):
        if _is_saved(prefix):
            return _from_saves(prefix.parent, prefix.name)
        params = _weights_at(prefix)
        if params is not None:
            _verify_beside(params)
            beside = [Path(f"{prefix}{ending}") for ending in (OPTIMIZER, STATES)]
            return Found(params, *(one if one.is_file() else None for one in beside))
    raise MissingInput(nothing_at(text))


def strip(path: str | Path) -> Path:
    """Return the prefix of a checkpoint: the path without one of the known endings."""
    text = str(path)
    for ending in (*ENDINGS, SAFETENSORS):
        if text.endswith(ending):
            return Path(text[: -len(ending)]).expanduser()
    return Path(text).expanduser()


def exists(path: str | Path) -> bool:
    """Return whether there are weights (whole or not) at a local path."""
    return any(
        _weights_at(prefix) is not None or bool(saves.folders(prefix.parent, prefix.name))
        for prefix in _prefixes(str(path))
    )


def nothing_at(path: str | Path) -> str:
    """Return what to say of a path without weights: what is there instead."""
    prefix = strip(path)
    text = f"no checkpoint {prefix}: there is no {prefix.name}{PARAMS} in {prefix.parent}"
    folder = prefix if prefix.is_dir() else prefix.parent
    inside = sorted({strip(one).name for one in folder.glob(f"*{PARAMS}")})
    if not inside:
        exported = strangers.is_exported(prefix)
        return text + f"; there is {strangers.NEEDS_TRAINING_WEIGHTS}" * exported
    more = f" and {len(inside) - NAMED} more" if len(inside) > NAMED else ""
    return f"{text}; {folder} has {', '.join(inside[:NAMED])}{more}"


def _prefixes(text: str) -> Iterator[Path]:
    """Yield the prefix as given and below the repository root, and a file of any other name."""
    for base in (Path(), REPOSITORY):
        if text.endswith(SAFETENSORS):  # asked for by name, where there may be .pdparams as well
            yield base / Path(text).expanduser()
        yield base / strip(text)


def _weights_at(prefix: Path) -> Path | None:
    """Return the weights file of a prefix, or the prefix itself if it is a file."""
    if prefix.suffix == SAFETENSORS:
        return prefix if prefix.is_file() else None
    candidates = (Path(f"{prefix}{PARAMS}"), Path(f"{prefix}{SAFETENSORS}"), prefix)
    return next((one for one in candidates if one.is_file()), None)


def _is_saved(prefix: Path) -> bool:
    root, name = prefix.parent, prefix.name
    return bool(name) and ((root / f".{name}").is_symlink() or bool(saves.folders(root, name)))


def _from_saves(root: Path, name: str) -> Found:
    saved, complaints = saves.newest_valid(root, name)
    if saved is None:
        raise DataError(f"no whole checkpoint {root / name}: {'; '.join(complaints)}")
    for complaint in complaints:
        get_logger().warning("%s; taking %s instead", complaint, saved.folder)
    return Found(*(saved.folder / (name + ending) for ending in ENDINGS))


def _verify_beside(params: Path) -> None:
    """Check the digests when the file is (a link to) part of a save with a manifest."""
    folder = params.resolve().parent
    if (folder / saves.MANIFEST).is_file():
        saves.verify(saves.read(folder))


def _downloaded(url: str, weights_only: bool) -> Found:
    """Return the local copies; ``#sha256=...`` at the end of the address is checked."""
    address, fragment = urllib.parse.urldefrag(url)
    digest = fragment.removeprefix("sha256=") or None
    if address.endswith(SAFETENSORS):
        return Found(download(address, sha256=digest))
    for ending in ENDINGS:
        address = address.removesuffix(ending)
    params = download(address + PARAMS, sha256=digest)
    if weights_only:
        return Found(params)
    beside: list[Path | None] = []
    for ending in (OPTIMIZER, STATES):
        try:
            beside.append(download(address + ending))
        except MissingInput:
            beside.append(None)
    return Found(params, *beside)
