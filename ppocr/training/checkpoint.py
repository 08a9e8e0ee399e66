"""Checkpoints of a run: saved together, and put back into an optimizer.

Which files a path stands for is decided in :mod:`ppocr.utils.checkpoints`. They are read through
the restricted reader and written by :mod:`ppocr.training.store`, whole or not at all.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import paddle

from ppocr.training import store
from ppocr.training.events import Events
from ppocr.training.state import TrainState
from ppocr.utils import pickles
from ppocr.utils.checkpoints import BEST, LATEST, OPTIMIZER, PARAMS, STATES, Found
from ppocr.utils.checkpoints import exists as exists  # known here as well as there
from ppocr.utils.checkpoints import find as find
from ppocr.utils.exits import DataError, StorageError
from ppocr.utils.logs import get_logger

SCHEDULE = "LR_Scheduler"
NAME_TABLE = "StructuredToParameterName@@"
KEEP = 2
_COUNTER = re.compile(r"_\d+$")  # how many optimizers a process had built before


class Checkpoints:
    """Saves model, optimizer and progress of one run below its folder."""

    def __init__(
        self,
        folder: Path,
        model: Any,
        optimizer: Any,
        keep: int = KEEP,
        about: Mapping[str, Any] | None = None,
        lasting: Mapping[str, Any] | None = None,
        events: Events | None = None,
        go_on: bool = False,
    ) -> None:
        self.lasting = dict(lasting or {})  # what every .states of this run says
        self.folder, self.model, self.optimizer = Path(folder), model, optimizer
        # the one before must be there as long as somebody may be reading it
        self.keep, self.about = max(KEEP, keep), dict(about or {})
        self.events, self.go_on = events or Events(), go_on

    def save(
        self,
        name: str,
        state: TrainState,
        metric: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> bool:
        """Return whether ``latest``, ``best_accuracy`` or ``iter_epoch_N`` was written.

        Weights that are not finite are never written. With ``go_on`` a full disk is said and
        training goes on; otherwise it is a StorageError. What was saved before stays.
        """
        weights = dict(params) if params is not None else self.model.state_dict()
        broken = [key for key, value in weights.items() if not _finite(value)]
        if broken:
            text = f"{name} not saved: {len(broken)} weights not finite, such as {broken[0]}"
            get_logger().warning("%s", text)
            self.events.write("not saved", {"step": state.step, "error": text})
            return False
        try:
            self._write(name, state, dict(metric or {}), weights)
        except StorageError as error:
            self.events.write("not saved", {"step": state.step, "error": str(error)})
            if not self.go_on:
                raise
            get_logger().error("%s; training goes on, the checkpoint before stays", error)
            return False
        return True

    def demand_space(self) -> None:
        """Raise a StorageError unless there is room for the first save."""
        store.demand_space(self.folder, bytes_of(self.model.state_dict()))

    def _write(
        self, name: str, state: TrainState, metric: dict[str, Any], weights: dict[str, Any]
    ) -> None:
        optimizer = self.optimizer.state_dict()
        store.demand_space(self.folder, bytes_of(weights) + bytes_of(optimizer))
        writers: dict[str, Callable[[Path], None]] = {
            name + PARAMS: functools.partial(_save, weights),
            name + OPTIMIZER: functools.partial(_save, optimizer),
            name + STATES: functools.partial(_write_states, {**state.to_states(), **self.lasting}),
        }
        meta = {
            **self.about,
            "global_step": state.step,
            "epoch": state.epoch,
            "batch": state.batch,
            "metric": metric,
        }
        aliases = {}
        if name == BEST:
            aliases = {"best_model/model" + end: BEST + end for end in (PARAMS, OPTIMIZER)}
        keep = self.keep if name in (LATEST, BEST) else 1
        folder = store.save(self.folder, name, writers, meta, keep, aliases)
        self.events.write("saved", {"name": name, "step": state.step, "folder": folder.name})
        get_logger().info("saved %s", self.folder / (name + PARAMS))


def read_states(found: Found, path: str) -> dict[str, Any]:
    """Return the progress values of a checkpoint; a DataError says what is missing to resume."""
    if found.states is None or found.optimizer is None:
        missing = OPTIMIZER if found.optimizer is None else STATES
        raise DataError(
            f"{path}: there is no {missing} file, so training cannot be resumed from it; "
            f"use Global.pretrained_model to start anew from its weights"
        )
    return pickles.read(found.states)


def load_optimizer(optimizer: Any, model: Any, found: Found, schedule: Any = None) -> None:
    """Put a saved optimizer state back, matched by the structured names of parameters.

    ``schedule`` is given when the learning rate takes another course than the saved one: it
    keeps the state it has.
    Parameters have running names inside paddle (``conv2d_7.w_0``) that shift when anything is
    built before the model; the weights file says which name stood for which parameter.
    """
    saved = pickles.read(found.optimizer)
    table = pickles.read_names(found.params)
    current = {key: value.name for key, value in model.state_dict().items()}
    renamed = {old: current[key] for key, old in table.items() if key in current}
    state = {}
    for key, value in saved.items():
        if key in (SCHEDULE, NAME_TABLE):
            state[key] = value
        elif key == "master_weights":
            state[key] = {renamed.get(name, name): array for name, array in value.items()}
        else:
            state[_renamed(key, renamed)] = value
    state.pop(NAME_TABLE, None)
    if schedule is not None:
        state[SCHEDULE] = schedule.state_dict()
    _demand_slots(state, model, found)
    with warnings.catch_warnings():
        # said of the inner schedule of a warm-up, which is restored nevertheless
        warnings.filterwarnings("ignore", message="There are some unused values in state_dict")
        optimizer.set_state_dict(state)


def _demand_slots(state: Mapping[str, Any], model: Any, found: Found) -> None:
    """Raise a DataError unless each trainable parameter has entries (or none has: plain SGD)."""
    keys = [key for key in state if key not in (SCHEDULE, "master_weights")]
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


def _finite(value: Any) -> bool:
    if not isinstance(value, paddle.Tensor) or not value.is_floating_point():
        return True
    return bool(paddle.isfinite(value).all())


def _save(content: Any, path: Path) -> None:
    paddle.save(content, str(path))


def _write_states(states: Mapping[str, Any], path: Path) -> None:
    pickles.write(path, dict(states), protocol=2)


def bytes_of(tensors: Mapping[str, Any]) -> int:
    """Return what the tensors among these values take on the disk."""
    return sum(
        int(value.size) * max(1, value.element_size())
        for value in tensors.values()
        if isinstance(value, paddle.Tensor)
    )
