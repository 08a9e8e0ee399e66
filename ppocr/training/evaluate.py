"""A model and a loader give metrics, by the same decoding that prediction uses."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from tqdm import tqdm

from ppocr.config.errors import ConfigError
from ppocr.data.loader import Loader
from ppocr.data.tally import Tally
from ppocr.pipeline.batching import groups
from ppocr.pipeline.runner import Runner
from ppocr.training import ranks, zero
from ppocr.training.decoding import Decoding, Judged
from ppocr.training.step import statistics
from ppocr.transforms.base import Rejected
from ppocr.utils import dist
from ppocr.utils.exits import DataError, InternalError
from ppocr.utils.logs import get_logger


class Watch(Protocol):
    """Something that wants to see every result."""

    def add(self, results: Sequence[Any], batch: Mapping[str, Any], loader: Loader) -> None:
        """Look at the results of one batch."""
        ...


@dataclass(slots=True)
class Part:
    """What one process found in its batches; the parts of all make the whole."""

    metric: Any
    twin: Any
    tally: Tally
    evaluated: int
    positions: list[int]  # of the samples evaluated, where somebody asks for them
    unreadable: int  # samples that count as wrong
    busy_s: float
    broken_off: bool


class Evaluator:
    """Callable that returns the metrics over the whole set, with what was counted.

    ``fps`` is images per second of network and decoding; ``evaluated`` and ``rejected`` are
    numbers of samples. A sample that cannot be read is a DataError, because a metric over the
    rest would be another metric; with ``unreadable`` "wrong" it counts as wrong where at least
    its label can be read. ``stopping`` is asked before every batch: when it says yes, the
    evaluation is broken off and nothing comes back.

    Several processes share the batches of one, with the running statistics of the first, and
    all of them have to call this; each gets the figures of the whole set. ``shrink_ratio`` is
    what the regions of a detector are shrunk by when it is trained.
    """

    def __init__(
        self,
        runner: Runner,
        loader: Loader,
        metric: Any,
        model: Any = None,
        twin: AsDeployed | None = None,
        stopping: Callable[[], bool] | None = None,
        watch: Watch | None = None,
        shrink_ratio: Callable[[int], float] = zero.usual_ratio,
        unreadable: Literal["fail", "wrong"] = "fail",
    ) -> None:
        self.runner, self.loader, self.metric, self.model = runner, loader, metric, model
        self.twin, self.stopping = twin, stopping or (lambda: False)
        self.watch, self.shrink_ratio, self.unreadable = watch, shrink_ratio, unreadable
        if dist.world_size() > 1 and metric is not None and not hasattr(metric, "merge"):
            raise ConfigError(
                f"{type(metric).__name__} cannot be counted by several processes: it needs "
                "state() and merge(state), as the metrics of ppocr/metrics have them"
            )

    @property
    def main_indicator(self) -> str:
        """The metric that decides which model is best."""
        return self.metric.main_indicator

    def __call__(self, epoch: int = 0) -> dict[str, Any] | None:
        """Return the metrics, None if broken off. The model is in evaluation mode meanwhile."""
        if self.model is None or not self.model.training:
            return self._run(epoch)
        self.model.eval()
        try:
            return self._run(epoch)
        finally:
            self.model.train()

    def _run(self, epoch: int) -> dict[str, Any] | None:
        if self.model is not None:
            ranks.align(statistics(self.model))
        parts = ranks.gather(self._part(epoch), waiting=self.stopping)
        if any(part.broken_off for part in parts):
            return None
        if len(parts) > 1:
            self._demand_whole(parts)
            self._merge(parts)
        evaluated = sum(part.evaluated for part in parts)
        tally = _tallied(parts)
        if tally.broken_places:
            raise DataError(
                f"{len(tally.broken_places)} of {evaluated + tally.total - tally.kept} samples to "
                f"evaluate cannot be read: {tally.summary()}"
            )
        found = dict(self.metric.get_metric())
        if self.twin is not None:
            name = self.metric.main_indicator
            found[f"{name}_as_deployed"] = self.twin.get()[name]
        if found.get(self.metric.main_indicator) == 0 and dist.is_main():
            self._explain(epoch)
        unreadable = sum(part.unreadable for part in parts)
        if unreadable:
            get_logger().warning(
                "%d of %d samples cannot be read and count as wrong: %s",
                unreadable,
                evaluated + unreadable,
                tally.summary(),
            )
        if tally.kept:
            get_logger().warning(
                "%d of %d samples are outside the model's limits and count as they are: %s",
                tally.kept,
                evaluated,
                tally.summary(),
            )
        found.update(
            fps=evaluated / max(*(part.busy_s for part in parts), 1e-9),
            evaluated=evaluated,
            rejected=tally.total - tally.kept,
        )
        return found

    def _part(self, epoch: int) -> Part:
        """Return what this process finds in its batches."""
        self.metric.reset()
        self.loader.reset()
        evaluated, positions = 0, []
        batches = _Timed(
            tqdm(
                self.loader.epoch(epoch),
                total=len(self.loader),
                desc="eval",
                leave=False,
                disable=not (dist.is_main() and sys.stderr.isatty()),
            ),
            self.stopping,
        )
        several, lenient = dist.world_size() > 1, self.unreadable == "wrong"
        begun = time.perf_counter()
        for judged in Decoding(self.runner, self.metric, self.twin)(batches):
            self._take(judged)
            evaluated += len(judged.results)
            if several or lenient:
                positions += [int(one) for one in judged.batch["index"]]
            if batches.broken_off:
                break
        batches.source.close()
        busy_s, tally = time.perf_counter() - begun - batches.waited_s, self.loader.reset()
        wrong = 0
        if lenient and tally.broken_places and not batches.broken_off:
            wrong = self._count_unreadable(epoch, positions, tally)
        return Part(
            self.metric.state() if several else None,
            self.twin.metric.state() if several and self.twin is not None else None,
            tally,
            evaluated,
            positions,
            wrong,
            busy_s,
            batches.broken_off,
        )

    def _count_unreadable(self, epoch: int, seen: Sequence[int], tally: Tally) -> int:
        """Return how many samples were counted as wrong, and take them from what is broken.

        Where the label cannot be read either, nobody knows what would be right: it stays broken.
        """
        metrics = [self.metric, *([self.twin.metric] if self.twin is not None else [])]
        wanted = (one for request in self.loader.sampler.epoch(epoch) for one in request.positions)
        missing = sorted(set(wanted) - set(seen))
        counted = 0
        for position in missing:
            try:
                truth = self.loader.fetcher.truth(position, epoch)
            except Rejected:
                continue
            for metric in metrics:
                metric.miss({name: [truth[name]] for name in metric.reads})
            tally.broken_places.discard(self.loader.fetcher.place(epoch, position))
            counted += 1
        return counted

    def _merge(self, parts: Sequence[Part]) -> None:
        """Make the metrics hold what all processes counted, on each of them."""
        self.metric.reset()
        if self.twin is not None:
            self.twin.metric.reset()
        for part in parts:
            self.metric.merge(part.metric)
            if self.twin is not None:
                self.twin.metric.merge(part.twin)

    def _demand_whole(self, parts: Sequence[Part]) -> None:
        """Raise an InternalError unless every sample was seen by exactly one process."""
        seen = Counter(position for part in parts for position in part.positions)
        refused = sum(part.tally.total - part.tally.kept for part in parts)
        twice = sum(number > 1 for number in seen.values())
        if twice or len(seen) + refused != self.loader.count:
            raise InternalError(
                f"{len(parts)} processes evaluated {len(seen)} and refused {refused} of "
                f"{self.loader.count} samples, {twice} of them more than once"
            )

    def _explain(self, epoch: int) -> None:
        """Say why the figure that matters is 0."""
        ratio = self.shrink_ratio(epoch)
        said = [self.metric.explain(), *zero.why(self.runner, self.loader, epoch, ratio)]
        get_logger().warning("%s is 0: %s", self.metric.main_indicator, "; ".join(said))

    def decoded(self, batch: Mapping[str, Any]) -> list[Any]:
        """Return one result per sample of a batch."""
        decoding = Decoding(self.runner)
        return decoding.judge(decoding.infer(batch), batch).results

    def _take(self, judged: Judged) -> None:
        """Count a batch with everything that counts, in the order of the loader."""
        results, batch = judged.results, judged.batch
        if judged.counted is not None:
            self.metric.add(judged.counted, len(results))
        else:
            self.metric(results, batch)
        if self.twin is not None:
            self.twin.take(judged.counted_as_deployed, results, batch, self.loader)
        if self.watch is not None:
            self.watch.add(results, batch, self.loader)


def _tallied(parts: Sequence[Part]) -> Tally:
    """Return what all processes left out."""
    whole = Tally()
    for part in parts:
        whole.merge(part.tally)
    return whole


class _Timed:
    """Passes batches on until told to stop, and knows how long they were waited for."""

    def __init__(self, source: tqdm, stopping: Callable[[], Any]) -> None:
        self.source, self.stopping = source, stopping
        self.waited_s, self.broken_off = 0.0, False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        batches = iter(self.source)
        while True:
            if self.stopping():  # before the network is busy again, not after
                self.broken_off = True
                return
            begun = time.perf_counter()
            batch = next(batches, None)
            self.waited_s += time.perf_counter() - begun
            if batch is None:
                return
            yield batch


class AsDeployed:
    """A second metric over results as prediction gives them.

    Detection: the same boxes after prediction's order, clipping and minimum size. Recognition:
    lines wider than the trained shape are read once more at their own width.
    """

    def __init__(self, runner: Runner, metric: Any) -> None:
        self.runner, self.metric = runner, metric

    def count(self, results: Sequence[Any], batch: Mapping[str, Any]) -> Any:
        """Return what the metric makes of a batch; None where the network has to run again, or
        the metric cannot tell without counting. Any thread may ask.
        """
        if self.runner.spec.batch == "own" or not hasattr(self.metric, "count"):
            return None
        return self.metric.count(self.runner.finish(results, batch), batch)

    def take(
        self, counted: Any, results: Sequence[Any], batch: Mapping[str, Any], loader: Loader
    ) -> None:
        """Count a batch whose results of the fixed shape are known, and perhaps its counts."""
        if counted is not None:
            self.metric.add(counted, len(results))
            return
        if self.runner.spec.batch == "own":
            results = self._own_width(list(results), batch, loader)
        else:
            results = self.runner.finish(results, batch)
        self.metric(results, batch)

    def get(self) -> dict[str, Any]:
        """Return the figures of everything counted."""
        return self.metric.get_metric()

    def _own_width(self, results: list[Any], batch: Mapping[str, Any], loader: Loader) -> list[Any]:
        fixed = np.shape(batch["image"])[1:]
        wide, prepared = [], []
        for number, index in enumerate(batch["index"]):
            one = self.runner.prepare(loader.fetcher.raw(int(index))["image"])
            if one.feeds[0].shape[-1] > fixed[-1]:
                wide.append(number)
                prepared.append(one)
        for members in groups([one.shapes for one in prepared], "own", self.runner.batch_size):
            found = self.runner.run([prepared[member] for member in members])
            for member, result in zip(members, found, strict=True):
                results[wide[member]] = result
        return results
