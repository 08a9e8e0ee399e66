"""Going on with a run: where it stood, and what has changed in the config since."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from ppocr import __version__
from ppocr.config import as_section, plain
from ppocr.config.errors import ConfigError
from ppocr.config.general import General
from ppocr.data import build
from ppocr.data.source import Source
from ppocr.modeling.weights import load_weights
from ppocr.optimizer import SCHEDULES
from ppocr.pipeline.trained_with import dictionaries
from ppocr.text.dictionaries import difference
from ppocr.training import checkpoint, store
from ppocr.training.state import TrainState
from ppocr.utils import dist
from ppocr.utils.files import value_digest
from ppocr.utils.logs import get_logger

if TYPE_CHECKING:
    from ppocr.training.setup import Run

AUTO = "auto"
COARSE_STEPS = 8  # an epoch's steps when two learning-rate curves are compared
MOST_LISTED = 20  # changes that neither samples nor rate depend on
MOST_SHOWN = 60  # characters of a value
# how a run is gone on with, which is no change of the run
HOW_TO_RESUME = ("checkpoints", "resume", "resume_override", "pretrained_model")


def checkpoint_to_resume(values: General, folder: Path) -> str:
    """Return the checkpoint to go on from, or '' to start anew.

    ``Global.checkpoints`` names it. ``Global.resume: auto`` takes ``latest`` of the run's own
    folder if there is one; a damaged one is an error, never a silent fresh start.
    """
    if values.checkpoints:
        return values.checkpoints
    own, best = (str(folder / name) for name in (checkpoint.LATEST, checkpoint.BEST))
    if not values.resume:
        return ""
    if values.resume == AUTO and not checkpoint.exists(own):
        if checkpoint.exists(best):  # killed within its first epoch
            get_logger().warning(
                "no %s yet, so training begins anew; %s is there: -o Global.checkpoints=%s goes "
                "on from it",
                own,
                best,
                best,
            )
        return ""
    return own if values.resume in (True, AUTO) else str(values.resume)


def load(path: str, run: Run) -> TrainState:
    """Return the state of a checkpoint, after giving its weights and optimizer to the run."""
    found = checkpoint.find(path)
    state = TrainState.from_states(checkpoint.read_states(found, path))
    _demand_same_characters(path, run)
    load_weights(run.model, found.params, whole=True)
    changed = _compare(found.params.parent, run, state)
    schedule: Any = run.schedule if changed and hasattr(run.schedule, "step") else None
    checkpoint.load_optimizer(run.optimizer, run.model, found, schedule)
    if schedule is not None:
        for _ in range(state.epoch * len(run.loader) + state.batch):
            schedule.step()
    where = {"epoch": state.epoch, "batch": state.batch, "step": state.step}
    run.events.write("resumed", {"from": str(found.params), **where})
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
    config = plain(run.settings.config)
    found = {
        "config": value_digest(config),
        "settings": config,
        "dictionary": value_digest(run.spec.characters) if run.spec.characters else None,
        "machine": machine(run),
        "positional": positional(run),
        "evaluated": contents(run.valid.dataset),
        "schedule": {
            "epoch_num": run.general.epoch_num,
            "Optimizer": config["Optimizer"],
            **{key: value for key, value in unusual(run.general).items() if value},
        },
    }
    return json.loads(json.dumps(found, default=str))  # as it will be read back


def positional(run: Run) -> dict[str, Any]:
    """Return what decides which samples a batch of an epoch holds.

    A position within an epoch says nothing unless all of it is what it was.
    """
    section = run.settings.config["Train"]
    loader = build.loader_settings(section.get("loader"))
    return {
        "seed": run.settings.seed,
        "samples": run.loader.count,
        "batch_size_per_card": loader.batch_size_per_card,
        "drop_last": loader.drop_last,
        "shuffle": loader.shuffle,
        "ranks": dist.world_size(),
        "sampler": plain(section.get("sampler") or {}),
        "ratio_list": list(run.loader.dataset.ratios),
        "data": contents(run.loader.dataset),
    }


def contents(source: Source) -> dict[str, str]:
    """Return what each file of a data set holds, by its name; the folders may be others."""
    found: dict[str, str] = {}
    for name, content in zip(source.names, source.contents(), strict=True):
        short = Path(name).name
        number = sum(one.partition(" #")[0] == short for one in found)
        found[f"{short} #{number + 1}" if number else short] = content
    return found


def unusual(values: General) -> dict[str, Any]:
    """Return what also decides about the course of a training, '' or empty where it is as usual."""
    average = f"{values.ema_decay_type} {values.ema_decay:g}" if values.use_ema else ""
    return {
        "freeze": list(values.freeze),
        "accumulate_steps": values.accumulate_steps if values.accumulate_steps > 1 else 0,
        "ema": average,
    }


def machine(run: Run) -> dict[str, Any]:
    """Return what the last bits of the numbers depend on besides the config."""
    return {
        "device": run.settings.device.partition(":")[0],
        "threads": int(os.environ.get("OMP_NUM_THREADS") or 1),
        "paddle": paddle.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "toolkit": __version__,
    }


def partial(given: bool | Sequence[str] | None) -> Sequence[str]:
    """Return the patterns of ``Global.allow_partial``: true allows everything."""
    if given is True:
        return ("*",)
    return list(given) if given else ()


def _demand_same_characters(path: str, run: Run) -> None:
    """Raise a ConfigError if classes have moved: the optimizer remembers them one by one."""
    others = dictionaries(run.settings.config, path)
    if others is not None:
        raise ConfigError(
            f"the dictionary is not the one of {path} ({difference(*others)}), so its optimizer "
            "cannot go on; start anew from its weights, which are matched by character: "
            f"-o Global.checkpoints= Global.pretrained_model={path}"
        )


def _compare(folder: Path, run: Run, state: TrainState) -> bool:
    """Return whether the learning rate takes another course than that of the checkpoint.

    What has changed is said. What moves the samples or the rate is a ConfigError that lists it,
    unless ``Global.resume_override`` says that it is meant.
    """
    manifest = folder / store.MANIFEST
    if not manifest.is_file():
        return False
    saved = json.loads(manifest.read_text(encoding="utf-8"))["meta"]
    now = fingerprint(run)
    for line in _differences(saved.get("machine", {}), now["machine"]):
        get_logger().warning("changed since the checkpoint: %s: not bit-exact from here on", line)
    moved = _differences(*_both(saved, now, "positional"))
    course = _differences(saved.get("schedule", {}), now["schedule"])
    for line in [*moved, *course]:
        get_logger().warning("changed since the checkpoint: %s", line)
    _say_the_rest(saved, now, [*moved, *course])
    if saved.get("schedule") and same_course(saved["schedule"], now["schedule"]):
        course = []
    if not (moved or course):
        return False
    if not run.general.resume_override:
        raise ConfigError(
            f"not the run of the checkpoint any more: {'; '.join([*moved, *course])}. Set them "
            "back, or go on with what the config says now: -o Global.resume_override=true"
            + (", which begins this epoch anew" if moved and state.batch else "")
        )
    if moved:
        state.batch = 0
    return bool(course or moved)


def same_course(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether two schedules train alike: more epochs of a constant rate do.

    The curves are compared in coarse steps, over the epochs that both have.
    """
    if any(before.get(key) != now.get(key) for key in {*before, *now} - {"epoch_num"}):
        return False
    lengths = (int(before.get("epoch_num", 0)), int(now["epoch_num"]))
    curves = [rates(now["Optimizer"], epochs, min(lengths)) for epochs in lengths]
    return bool(np.allclose(*curves, rtol=1e-9, atol=0.0))


def rates(optimizer: Mapping[str, Any], epochs: int, until: int) -> list[float]:
    """Return the learning rates of a run of ``epochs`` up to epoch ``until``."""
    section = {"name": "Const", **(optimizer.get("lr") or {})}
    length = {"epochs": epochs, "step_each_epoch": COARSE_STEPS}
    curve = SCHEDULES.build(as_section(section), computed=length)()
    if isinstance(curve, float | int):
        return [float(curve)]
    rates = []
    for _ in range(until * COARSE_STEPS):
        rates.append(float(curve()))
        curve.step()
    return rates


def _say_the_rest(saved: Mapping[str, Any], now: Mapping[str, Any], listed: Sequence[str]) -> None:
    """Say what else is another: the set of the evaluation, and settings that may change."""
    for line in _differences(*_both(saved, now, "evaluated")):
        get_logger().warning(
            "changed since the checkpoint: data to evaluate: %s: the best so far was measured on "
            "what was there before",
            line,
        )
    before, after = _both(saved, now, "settings")
    for key in HOW_TO_RESUME:
        for config in (before, after):
            config["Global"] = {**config.get("Global", {}), key: None}
    lines = [line for line in _differences(before, after) if not any(map(line.endswith, listed))]
    for line in lines[:MOST_LISTED]:
        get_logger().info("changed since the checkpoint: %s", line)
    if len(lines) > MOST_LISTED:
        get_logger().info("changed since the checkpoint: and %d more", len(lines) - MOST_LISTED)


def _both(
    saved: Mapping[str, Any], now: Mapping[str, Any], part: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a part of both fingerprints, without what an earlier version did not note."""
    before = {key: value for key, value in saved.get(part, {}).items() if value is not None}
    if part == "positional":
        return before, {key: now[part][key] for key in before if key in now[part]}
    return before, dict(now[part]) if before else {}


def _differences(before: Any, now: Any, path: str = "") -> list[str]:
    """Return one line for each value that is another, with the keys that lead to it."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        pairs = [(f".{key}", before.get(key), now.get(key)) for key in sorted({*before, *now})]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(f"[{at}]", *both) for at, both in enumerate(zip(before, now, strict=True))]
    else:
        path = path.removeprefix(".")
        return [] if before == now else [f"{path}: {_shown(before)} -> {_shown(now)}"]
    return [line for end, old, new in pairs for line in _differences(old, new, path + end)]


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
