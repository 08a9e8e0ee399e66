"""Checkpoints: the only place that knows file names.

A checkpoint is three files with one prefix, as in the original: ``.pdparams`` (weights),
``.pdopt`` (optimizer and schedule), ``.states`` (progress, plain values). They are read through
the restricted reader and written by :mod:`ppocr.training.store`, whole or not at all.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from ppocr.training import store
from ppocr.training.state import TrainState
from ppocr.utils import files, pickles
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.logs import get_logger

PARAMS, OPTIMIZER, STATES = ".pdparams", ".pdopt", ".states"
ENDINGS = (PARAMS, OPTIMIZER, STATES)
LATEST, BEST = "latest", "best_accuracy"
NAME_TABLE = "StructuredToParameterName@@"
KEEP = 2
_COUNTER = re.compile(r"_\d+$")  # how many optimizers a process had built before


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a checkpoint; ``folder`` is set when a manifest vouched for them."""

    params: Path
    optimizer: Path | None
    states: Path | None


class Checkpoints:
    """Saves model, optimizer and progress of one run below its folder."""

    def __init__(
        self,
        folder: Path,
        model: Any,
        optimizer: Any,
        keep: int = KEEP,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.model, self.optimizer = Path(folder), model, optimizer
        self.keep, self.about = max(1, keep), dict(about or {})

    def save(
        self,
        name: str,
        state: TrainState,
        metric: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Write ``latest``, ``best_accuracy`` or ``iter_epoch_N``, with ``params`` as weights."""
        weights = dict(params) if params is not None else self.model.state_dict()
        optimizer = self.optimizer.state_dict()
        store.demand_space(self.folder, _bytes(weights) + _bytes(optimizer))
        writers: dict[str, Callable[[Path], None]] = {
            name + PARAMS: functools.partial(_save, weights),
            name + OPTIMIZER: functools.partial(_save, optimizer),
            name + STATES: functools.partial(_write_states, state.to_states()),
        }
        meta = {
            **self.about,
            "global_step": state.step,
            "epoch": state.epoch,
            "batch": state.batch,
            "metric": dict(metric or {}),
            "paddle": paddle.__version__,
        }
        aliases = {}
        if name == BEST:
            aliases = {"best_model/model" + end: BEST + end for end in (PARAMS, OPTIMIZER)}
        keep = self.keep if name in (LATEST, BEST) else 1
        store.save(self.folder, name, writers, meta, keep, aliases)
        get_logger().info("saved %s", self.folder / (name + PARAMS))


def find(path: str) -> Found:
    """Return the files that a prefix, one of its three names, or an address stands for.

    A checkpoint of ours is verified first; if it is damaged the one before it is taken, and
    that is said. A MissingInput says that there are no weights, a DataError that none is whole.
    """
    if path.startswith(("http://", "https://")):
        return _downloaded(path)
    prefix = strip(path)
    name, root = prefix.name, prefix.parent
    if (root / f".{name}").is_symlink() or store.saves(root, name):
        return _from_store(root, name)
    params = Path(f"{prefix}{PARAMS}")
    if not params.is_file():
        raise MissingInput(f"no checkpoint {prefix}: {params.name} is not in {root}")
    _verify_beside(params)
    beside = [Path(f"{prefix}{ending}") for ending in (OPTIMIZER, STATES)]
    optimizer, states = (one if one.is_file() else None for one in beside)
    return Found(params, optimizer, states)


def strip(path: str) -> Path:
    """Return the prefix of a checkpoint: the path without one of the three endings."""
    for ending in ENDINGS:
        if path.endswith(ending):
            return Path(path[: -len(ending)]).expanduser()
    return Path(path).expanduser()


def exists(path: str) -> bool:
    """Return whether there is a checkpoint (whole or not) under a prefix."""
    prefix = strip(path)
    return Path(f"{prefix}{PARAMS}").is_file() or bool(store.saves(prefix.parent, prefix.name))


def weights_path(path: str) -> Path:
    """Return the weights file for a path with or without its ending, or for an address."""
    return find(path).params


def read_states(found: Found, path: str) -> dict[str, Any]:
    """Return the progress values of a checkpoint; a DataError says what is missing to resume."""
    if found.states is None or found.optimizer is None:
        missing = OPTIMIZER if found.optimizer is None else STATES
        raise DataError(
            f"{path}: there is no {missing} file, so training cannot be resumed from it; "
            f"use Global.pretrained_model to start anew from its weights"
        )
    return pickles.read(found.states)


def load_optimizer(optimizer: Any, model: Any, found: Found) -> None:
    """Put a saved optimizer state back, matched by the structured names of parameters.

    Parameters have running names inside paddle (``conv2d_7.w_0``) that shift when anything is
    built before the model; the weights file says which name stood for which parameter.
    """
    saved = pickles.read(found.optimizer)
    table = pickles.read_names(found.params)
    current = {key: value.name for key, value in model.state_dict().items()}
    renamed = {old: current[key] for key, old in table.items() if key in current}
    state = {}
    for key, value in saved.items():
        if key in ("LR_Scheduler", NAME_TABLE):
            state[key] = value
        elif key == "master_weights":
            state[key] = {renamed.get(name, name): array for name, array in value.items()}
        else:
            state[_renamed(key, renamed)] = value
    state.pop(NAME_TABLE, None)
    _demand_slots(state, model, found)
    with warnings.catch_warnings():
        # said of the inner schedule of a warm-up, which is restored nevertheless
        warnings.filterwarnings("ignore", message="There are some unused values in state_dict")
        optimizer.set_state_dict(state)


def _demand_slots(state: Mapping[str, Any], model: Any, found: Found) -> None:
    """Raise a DataError unless each trainable parameter has entries (or none has: plain SGD)."""
    keys = [key for key in state if key not in ("LR_Scheduler", "master_weights")]
    if not keys:
        return
    names = {value.name: key for key, value in model.state_dict().items() if value.trainable}
    heads = {
        "_".join(key.split("_")[:length]) for key in keys for length in range(1, key.count("_") + 1)
    }
    missing = sorted(key for name, key in names.items() if name not in heads)
    if missing:
        raise DataError(
            f"{found.optimizer} does not fit this model: it has nothing for {len(missing)} "
            f"parameters, such as {missing[0]}"
        )


def _renamed(key: str, renamed: Mapping[str, str]) -> str:
    """Return an optimizer entry's key with the parameter's name of today."""
    words = key.split("_")
    for length in range(len(words) - 1, 0, -1):
        parameter = "_".join(words[:length])
        if parameter in renamed:
            return renamed[parameter] + _COUNTER.sub("_0", key[len(parameter) :])
    return key


def _from_store(root: Path, name: str) -> Found:
    saved, complaints = store.newest_valid(root, name)
    if saved is None:
        raise DataError(f"no whole checkpoint {root / name}: {'; '.join(complaints)}")
    for complaint in complaints:
        get_logger().warning("%s; taking %s instead", complaint, saved.folder)
    return Found(*(saved.folder / (name + ending) for ending in ENDINGS))


def _verify_beside(params: Path) -> None:
    """Check the digests when the file is (a link to) part of a save with a manifest."""
    folder = params.resolve().parent
    if (folder / store.MANIFEST).is_file():
        for saved in store.saves(folder.parent.parent, folder.name.rsplit("-", 2)[0]):
            if saved.folder.resolve() == folder:
                store.verify(saved)


def _downloaded(url: str) -> Found:
    """Return the local copies; ``#sha256=...`` at the end of the address is checked."""
    address, _, fragment = url.partition("#")
    digest = fragment.removeprefix("sha256=") or None
    for ending in ENDINGS:
        address = address.removesuffix(ending)
    params = files.download(address + PARAMS, sha256=digest)
    beside = []
    for ending in (OPTIMIZER, STATES):
        try:
            beside.append(files.download(address + ending))
        except MissingInput:
            beside.append(None)
    return Found(params, *beside)


def _save(content: Any, path: Path) -> None:
    paddle.save(content, str(path))


def _write_states(states: Mapping[str, Any], path: Path) -> None:
    pickles.write(path, dict(states), protocol=2)


def _bytes(tensors: Mapping[str, Any]) -> int:
    return sum(
        int(value.size) * max(1, value.element_size())
        for value in tensors.values()
        if isinstance(value, paddle.Tensor)
    )
