"""Trying a run before it starts: what it will need, said without leaving anything behind.

``rehearsed`` builds the whole run in a folder that is gone afterwards. The dry run takes two steps
and evaluates one batch in it, which is enough to meet whatever cannot work and to guess the rest.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr.training import checkpoint, observers, plans, resume, setup, store
from ppocr.training.evaluate import Evaluator
from ppocr.training.meters import duration
from ppocr.training.settings import Settings
from ppocr.training.setup import Run
from ppocr.training.step import STATISTICS
from ppocr.utils import dist, logs
from ppocr.utils.exits import DataError, OutputError

STEPS = 2
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one batch: waiting for it, training on it, evaluating one."""

    read: float
    step: float
    evaluate: float


@contextmanager
def rehearsed(settings: Settings, begin: dict[str, Any]) -> Iterator[Run]:
    """Inside this block there is the run; it writes to a folder that is removed afterwards.

    ``begin`` replaces values of Global, such as where the weights come from.
    """
    logs.setup(rank=dist.rank())
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        general = replace(settings.general, save_model_dir=folder, resume=None, **begin)
        run = Run(replace(settings, general=general))
        try:
            run.model.train()
            with setup.without_norm_warning():
                yield run
        finally:
            run.close()


def dry_run(settings: Settings) -> list[str]:
    """Return what the run will need, line by line, after building all of it and two steps.

    Whatever would stop the run at its start is raised here as it would be there.
    """
    home = _existing(settings.folder)
    found = resume.checkpoint_to_resume(settings.general, settings.folder)
    with rehearsed(settings, {"checkpoints": found or None}) as run:
        timing = measured(run)
        size = checkpoint.bytes_of(run.model.state_dict())
        size += checkpoint.bytes_of(run.optimizer.state_dict())
        store.demand_space(home, size)
        return [
            "dry run: everything was built and works; nothing was written",
            f"data: {_data(run)}",
            f"network: {_network(run)}",
            f"begins: {_beginning(run, found)}",
            f"step: {timing.step:.3f} s and {timing.read:.3f} s waiting for a batch; "
            f"evaluation: {timing.evaluate:.3f} s a batch",
            f"memory: {_memory(run)}",
            f"disk: {_disk(run, size, home)}",
            f"time: {_time(run, timing)}",
        ]


def measured(run: Run) -> Timing:
    """Return how long batches take: the last of two steps, and one batch of the evaluation."""
    read = step = 0.0
    batches = run.loader.epoch(run.state.epoch, run.state.batch)
    for number in range(STEPS):
        begun = time.perf_counter()
        batch = next(batches, None)
        if batch is None:  # a run that ends with its first batch
            if number:
                break
            raise DataError("Train gives no batch from here on: nothing is left of this epoch")
        read = time.perf_counter() - begun
        begun = time.perf_counter()
        run.step(batch)
        step = time.perf_counter() - begun
    run.model.eval()
    evaluator = Evaluator(run.runner, run.valid, None)
    first = next(iter(run.valid.epoch(0)), None)
    begun = time.perf_counter()
    if first is not None:
        evaluator.decoded(first)
    return Timing(read, step, time.perf_counter() - begun)


def evaluations(run: Run) -> int:
    """Return how often the run evaluates from where it begins, the end included."""
    plan, steps = plans.evaluation_plan(run.general), len(run.loader) * run.general.epoch_num
    begun = run.state.step
    if begun >= steps:
        return 0
    if plan.every_epochs:
        return -(-run.general.epoch_num // plan.every_epochs) - run.state.epoch // plan.every_epochs
    if plan.every_steps <= 0:
        return 1
    before, count = (max(0, one - plan.first_step) // plan.every_steps for one in (begun, steps))
    at_end = count > 0 and (steps - plan.first_step) % plan.every_steps == 0
    return count - before + (0 if at_end else 1)


def _data(run: Run) -> str:
    return (
        f"{run.loader.count} samples to train, {len(run.loader)} steps an epoch; "
        f"{run.valid.count} to evaluate, {len(run.valid)} batches"
    )


def _network(run: Run) -> str:
    sizes = [
        (int(one.size), one.trainable)
        for key, one in run.model.named_parameters()
        if not key.endswith(STATISTICS)  # parameters to paddle, which never learn
    ]
    total, trained = sum(size for size, _ in sizes), sum(size for size, yes in sizes if yes)
    return f"{total:,} parameters, {trained:,} of them trained"


def _beginning(run: Run, resumed: str) -> str:
    if resumed:
        return f"after step {run.state.step} of {resumed}"
    given = run.general.pretrained_model
    if given:
        return f"with the weights of {given}"
    return _of_networks(getattr(run.model, "networks", {}), getattr(run.model, "pretrained", {}))


def _of_networks(networks: Iterable[str], given: Mapping[str, str]) -> str:
    """Return with which weights the networks of a distillation begin, each with its own."""
    if not given:
        return "with random weights"
    parts = [f"{name} with the weights of {path}" for name, path in given.items()]
    others = [name for name in networks if name not in given]
    return "; ".join([*parts, *([f"{', '.join(others)} with random ones"] if others else [])])


def _memory(run: Run) -> str:
    said = observers.memory_report(True, run.settings.device)().lstrip(", ")
    workers = run.loader.num_workers
    more = f"; each of {workers} loader processes takes more" if workers else ""
    return (said or "not known on this system") + more


def _disk(run: Run, size: int, home: Path) -> str:
    values = run.general
    keep = max(checkpoint.KEEP, values.keep_checkpoints or 0)
    single = values.epoch_num // values.save_epoch_step if values.save_epoch_step > 0 else 0
    wanted, free = size * (2 * keep + single), shutil.disk_usage(home).free
    said = (
        f"{size / MEGABYTE:,.1f} MB a checkpoint, {wanted / MEGABYTE:,.0f} MB for the "
        f"{2 * keep + single} that the run keeps; {free / MEGABYTE:,.0f} MB free"
    )
    return said + ("" if wanted < free else ": NOT ENOUGH, raise Global.save_epoch_step")


def _time(run: Run, timing: Timing) -> str:
    """Return the guess; loader processes read while the network works, so the slower counts."""
    values, pace = run.general, timing.step + timing.read
    if run.loader.num_workers:
        pace = max(timing.step, timing.read)
    steps = max(0, values.epoch_num * len(run.loader) - run.state.step)
    count = evaluations(run)
    seconds = steps * pace + count * len(run.valid) * timing.evaluate
    if values.max_hours:
        seconds = min(seconds, values.max_hours * 3600)
    return (
        f"about {duration(seconds)} for {steps} steps and {count} evaluations (a guess from one "
        "step of each)"
    )


def _existing(folder: Path) -> Path:
    """Return the folder, or the one above in which it will be made; OutputError if it cannot."""
    home = folder.absolute()
    while not home.exists():
        home = home.parent
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} cannot be written: {home} is not a folder we may write to")
    return home
