"""Things that happen beside the steps. The order of the list is the order in which they happen.

``standard_hooks`` in :mod:`ppocr.training.setup` shows it on one page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ppocr.training import ranks, rng
from ppocr.training.average import Average
from ppocr.training.checkpoint import BEST, LATEST, Checkpoints
from ppocr.training.events import Events
from ppocr.training.meters import Pace, Window, duration
from ppocr.training.plans import EarlyStop, EvaluationPlan
from ppocr.training.state import TrainState, is_better
from ppocr.training.writers import Writer
from ppocr.utils import dist
from ppocr.utils.logs import get_logger

PREEMPTED = "preempted"
PROFILED = "profiled"


class Hook:
    """Something that happens beside training. Override what you need.

    ``start`` before the first step, ``stepped`` after each, ``epoch_done`` after each epoch,
    ``done`` when the last one is over or a hook stopped the run, ``stop`` always, errors included.
    """

    def start(self, state: TrainState) -> None: ...

    def stepped(
        self, state: TrainState, batch: Mapping[str, Any], news: dict[str, Any]
    ) -> None: ...

    def epoch_done(self, state: TrainState) -> None: ...

    def done(self, state: TrainState) -> None: ...

    def stop(self, state: TrainState) -> None: ...


class Schedule(Hook):
    """Moves the learning rate on after each step."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler

    def stepped(self, state, batch, news) -> None:
        if hasattr(self.scheduler, "step"):
            self.scheduler.step()


class Averaging(Hook):
    """Takes the weights of each step into their running average."""

    def __init__(self, average: Average) -> None:
        self.average = average

    def stepped(self, state, batch, news) -> None:
        self.average.update()


class TrainMetrics(Hook):
    """Measures the training batch on the steps that will be printed."""

    def __init__(
        self, step: Any, decode: Callable[..., Any], metric: Any, every: int, every_epochs: int = 1
    ) -> None:
        self.step, self.decode, self.metric = step, decode, metric
        self.every, self.every_epochs = every, max(1, every_epochs)

    def stepped(self, state, batch, news) -> None:
        if (state.step % self.every and state.step != 1) or state.epoch % self.every_epochs:
            return
        results = self.decode(self.step.predictions, batch)
        self.metric.reset()
        self.metric(results, batch)
        news["metrics"] = numbers_only(self.metric.get_metric())


class Log(Hook):
    """Prints a line every so many steps, and writes the same numbers to the writers.

    Losses are the median of the last steps; a metric is that of the batch just seen, because it
    is measured too rarely for a median that is not out of date.
    """

    def __init__(
        self,
        optimizer: Any,
        writers: list[Writer],
        epochs: int,
        batches: int,
        every: int,
        window: int,
        memory: Callable[[], str],
        events: Events,
    ) -> None:
        self.optimizer, self.writers, self.memory = optimizer, writers, memory
        self.events = events
        self.epochs, self.batches, self.every = epochs, batches, max(1, every)
        self.window, self.pace = Window(window), Pace()

    def start(self, state: TrainState) -> None:
        self.window.load(state.extra.get("window", {}))

    def stepped(self, state, batch, news) -> None:
        losses = news["losses"]
        finite = {name: value for name, value in losses.items() if math.isfinite(value)}
        self.window.add(finite)
        state.extra["window"] = self.window.state()
        self.pace.add(news["read_s"], news["batch_s"], len(batch["image"]))
        if news.get("skipped"):
            places = [str(place) for place in batch.get("place", [])]
            what = "gradient" if "loss" in finite else "loss"
            get_logger().warning(
                "step %d skipped: %s not finite (loss %s) on %s",
                state.step,
                what,
                losses["loss"],
                ", ".join(places[:8]),
            )
            self.events.write(
                "step skipped", {"step": state.step, "not finite": what, "samples": places}
            )
        if state.step % self.every == 0 or state.batch == self.batches or state.step == 1:
            self._report(state, news.get("metrics", {}))

    def stop(self, state: TrainState) -> None:
        for writer in self.writers:
            writer.close()

    def _report(self, state: TrainState, metrics: Mapping[str, float]) -> None:
        values, pace = {**self.window.smooth(), **metrics}, self.pace.report()
        rate = float(self.optimizer.get_lr())
        shown = ", ".join(f"{name}: {value:.6f}" for name, value in {"lr": rate, **values}.items())
        left = (self.epochs * self.batches - state.step) * pace["batch_s"]
        get_logger().info(
            "epoch: [%d/%d], global_step: %d, %s, avg_reader_cost: %.5f s, avg_batch_cost: %.5f s, "
            "avg_samples: %.1f, ips: %.5f samples/s, eta: %s%s",
            state.epoch + 1,
            self.epochs,
            state.step,
            shown,
            pace["reader_s"],
            pace["batch_s"],
            pace["samples"],
            pace["ips"],
            duration(left),
            self.memory(),
        )
        for writer in self.writers:
            writer.write(
                "train",
                state.step,
                {"epoch": state.epoch + 1, "lr": rate, **values, "ips": pace["ips"]},
            )


class Evaluate(Hook):
    """Evaluates when it is due and always at the end; keeps the best by strict improvement.

    An evaluation that was broken off ends the run; the one that goes on begins with it. All ranks
    evaluate; what follows from the figures is decided, and saved, by the first.
    """

    def __init__(
        self,
        evaluate: Callable[[int], dict[str, Any] | None],
        indicator: str,
        due: EvaluationPlan,
        checkpoints: Checkpoints | None,
        writers: list[Writer],
        memory: Memory,
        early_stop: EarlyStop | None = None,
    ) -> None:
        self.evaluate, self.indicator, self.due = evaluate, indicator, due
        self.checkpoints, self.writers, self.early_stop = checkpoints, writers, early_stop
        self.memory = memory
        self._last = -1

    def start(self, state: TrainState) -> None:
        if self.early_stop is not None:
            self.early_stop.load(state.extra.get("early_stop", {}))
        self._last = int(state.extra.get("evaluated", -1))
        if state.extra.pop("evaluation_due", False):
            self._run(state)

    def stepped(self, state, batch, news) -> None:
        if self.due.after_step(state):
            self._run(state)

    def epoch_done(self, state: TrainState) -> None:
        if self.due.after_epoch(state):
            self._run(state)

    def done(self, state: TrainState) -> None:
        if state.stop_reason not in (PREEMPTED, PROFILED) and self._last != state.step:
            self._run(state)

    def _run(self, state: TrainState) -> None:
        if self._last == state.step:
            return
        self._last = state.extra["evaluated"] = state.step
        average = self.memory.average
        with average.applied() if average is not None else nullcontext():
            self._evaluated(state)

    def _evaluated(self, state: TrainState) -> None:
        found = self.evaluate(state.epoch)
        if found is None:
            get_logger().warning("evaluation broken off; the run that goes on begins with it")
            del state.extra["evaluated"]
            state.extra["evaluation_due"], state.stop_reason = True, PREEMPTED
            return
        get_logger().info("cur metric, %s", _spelled(found))
        score = float(found[self.indicator])
        if ranks.share(is_better(score, state.best.get(self.indicator))):
            self._better(state, found, score)
        else:
            self._watch(state, improved_to=None)
        get_logger().info("best metric, %s", _spelled(state.best))
        for writer in self.writers:
            writer.write("eval", state.step, {"epoch": state.epoch, **found})

    def _better(self, state: TrainState, found: dict[str, Any], score: float) -> None:
        """Save what is the best so far; all ranks know whether that was possible."""
        epoch, before = state.epoch + (1 if state.batch else 0), state.best
        state.best = {
            **found,
            "best_epoch": epoch,
            "start_epoch": epoch,
            "best_step": state.step,
        }
        self._watch(state, improved_to=score)
        saved = self.checkpoints is None or self.checkpoints.save(
            BEST, self.memory.snapshot(state), metric=found
        )
        if not ranks.share(saved):
            state.best = before  # the best is what the file holds

    def _watch(self, state: TrainState, improved_to: float | None) -> None:
        if self.early_stop is None:
            return
        if self.early_stop.exhausted(improved_to):
            state.stop_reason = f"early stop: no gain in {self.early_stop.patience} evaluations"
        state.extra["early_stop"] = self.early_stop.state()


class SaveLatest(Hook):
    """Saves ``latest`` after each epoch, ``iter_epoch_N`` every so many, and when preempted.

    Not while steps are being skipped: the weights are those that made the loss go wrong, and the
    checkpoint there is may be the last good one.
    """

    def __init__(self, checkpoints: Checkpoints, every: int, memory: Memory) -> None:
        self.checkpoints, self.every, self.memory = checkpoints, every, memory
        self._sound = True

    def start(self, state: TrainState) -> None:
        self.checkpoints.demand_space()

    def stepped(self, state, batch, news) -> None:
        self._sound = not news.get("skipped")

    def epoch_done(self, state: TrainState) -> None:
        if not self._sound:
            get_logger().warning("not saved: the last step was skipped; the checkpoint stays")
            return
        self._save(LATEST, state)
        if self.every > 0 and state.epoch % self.every == 0:
            self._save(f"iter_epoch_{state.epoch}", state)

    def done(self, state: TrainState) -> None:
        if state.batch or state.stop_reason:
            self._save(LATEST, state)

    def _save(self, name: str, state: TrainState) -> None:
        self.checkpoints.save(name, self.memory.snapshot(state))


class Memory(Hook):
    """What a resumed run needs beyond counters: it is put back here, and taken down for a save."""

    def __init__(self, step: Any, average: Average | None = None) -> None:
        self.step, self.average = step, average

    def start(self, state: TrainState) -> None:
        if "random" in state.extra and dist.is_main():  # it is the one that was saved
            rng.restore(state.extra["random"])
        self.step.load(state.extra.pop("step", {}))
        if self.average is not None:
            self.average.load(state.extra.pop("average", {}))

    def snapshot(self, state: TrainState) -> TrainState:
        """Return the state with all of that; what is large is of use in a file only."""
        extra = {**state.extra, "random": rng.capture(), "step": self.step.state()}
        if self.average is not None:
            extra["average"] = self.average.state()
        return replace(state, extra=extra)


class DataReport(Hook):
    """Says after each epoch which samples could not be used, and why."""

    def __init__(self, loader: Any, events: Events) -> None:
        self.loader, self.events = loader, events

    def epoch_done(self, state: TrainState) -> None:
        tally = self.loader.reset()
        if tally.total:
            get_logger().warning(
                "epoch %d: %d samples replaced, %d labels used without their unknown characters: "
                "%s",
                state.epoch,
                tally.total - tally.kept,
                tally.kept,
                tally.summary(),
            )
            counted = {"epoch": state.epoch, "kept": tally.kept, "reasons": dict(tally.reasons)}
            self.events.write("bad samples", {**counted, "examples": tally.examples})


def numbers_only(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the entries that are numbers."""
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _spelled(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def log_path(folder: Path) -> Path:
    """Return where the run's log goes."""
    return folder / "train.log"
