"""Going on with a run: where it stood, and what has changed in the config since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ppocr.config import plain
from ppocr.config.errors import ConfigError
from ppocr.config.general import General
from ppocr.modeling.weights import load_weights
from ppocr.training import checkpoint, store
from ppocr.training.state import TrainState
from ppocr.utils import dist
from ppocr.utils.logs import get_logger

if TYPE_CHECKING:
    from ppocr.training.setup import Run

AUTO = "auto"
# what decides which samples a batch of an epoch holds: a position within an epoch needs it equal
POSITIONAL = ("seed", "samples", "batch_size_per_card", "drop_last", "ranks")


def checkpoint_to_resume(values: General, folder: Path) -> str:
    """Return the checkpoint to go on from, or '' to start anew.

    ``Global.checkpoints`` names it. ``Global.resume: auto`` takes ``latest`` of the run's own
    folder if there is one; a damaged one is an error, never a silent fresh start.
    """
    if values.checkpoints:
        return values.checkpoints
    own = str(folder / checkpoint.LATEST)
    if not values.resume or (values.resume == AUTO and not checkpoint.exists(own)):
        return ""
    return own if values.resume in (True, AUTO) else str(values.resume)


def load(path: str, run: Run) -> TrainState:
    """Return the state of a checkpoint, after giving its weights and optimizer to the run."""
    found = checkpoint.find(path)
    state = TrainState.from_states(checkpoint.read_states(found, path))
    load_weights(run.model, found.params, whole=True)
    checkpoint.load_optimizer(run.optimizer, run.model, found)
    run.precision.load(state.extra.get("scaler", {}))
    _compare(found.params.parent, run, state)
    get_logger().info(
        "resumed from %s: epoch %d, batch %d, global_step %d",
        path,
        state.epoch + 1,
        state.batch,
        state.step,
    )
    return state


def fingerprint(run: Run) -> dict[str, Any]:
    """Return what is written beside a checkpoint to notice later that the config has changed."""
    config = run.settings.config
    loader = config["Train"].get("loader") or {}
    return {
        "positional": {
            "seed": run.settings.seed,
            "samples": run.loader.count,
            "batch_size_per_card": loader.get("batch_size_per_card"),
            "drop_last": loader.get("drop_last"),
            "ranks": dist.world_size(),
        },
        "schedule": {"epoch_num": run.general.epoch_num, "Optimizer": plain(config["Optimizer"])},
    }


def weights_source(path: str) -> str:
    """Return what to load for ``pretrained_model``: one of our checkpoints is verified first."""
    if path.startswith(("http://", "https://")) or not checkpoint.exists(path):
        return path
    return str(checkpoint.find(path).params)


def partial(given: bool | Sequence[str] | None) -> Sequence[str]:
    """Return the patterns of ``Global.allow_partial``: true allows everything."""
    if given is True:
        return ("*",)
    return list(given) if given else ()


def _compare(folder: Path, run: Run, state: TrainState) -> None:
    """Say what has changed since the checkpoint; what moves the position needs a clear word."""
    manifest = folder / store.MANIFEST
    if not manifest.is_file():
        return
    saved = json.loads(manifest.read_text(encoding="utf-8"))["meta"]
    now = fingerprint(run)
    for line in _differences(saved.get("schedule", {}), now["schedule"]):
        get_logger().warning("changed since the checkpoint: %s", line)
    moved = _differences(saved.get("positional", {}), now["positional"])
    for line in moved:
        get_logger().warning("changed since the checkpoint: %s", line)
    if moved and state.batch:
        if not run.general.resume_override:
            raise ConfigError(
                "the checkpoint is in the middle of an epoch, and its batches would now hold other "
                f"samples ({'; '.join(moved)}); set them back, or begin this epoch anew with "
                "-o Global.resume_override=true"
            )
        state.batch = 0


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[str]:
    lines = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += _differences(old, new, f"{path}{key}.")
        elif old != new:
            lines.append(f"{path}{key}: {old} -> {new}")
    return lines
