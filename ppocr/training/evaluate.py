"""A model and a loader give metrics, by the same decoding that prediction uses."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from ppocr.data.loader import Loader
from ppocr.pipeline.batching import groups
from ppocr.pipeline.runner import Runner
from ppocr.training import zero
from ppocr.training.decoding import Decoding, Judged
from ppocr.utils.exits import DataError
from ppocr.utils.logs import get_logger


class Watch(Protocol):
    """Something that wants to see every result."""

    def add(self, results: Sequence[Any], batch: Mapping[str, Any], loader: Loader) -> None:
        """Look at the results of one batch."""
        ...


class Evaluator:
    """Callable that returns the metrics over the whole loader, with what was counted.

    ``fps`` is images per second of network and decoding; ``evaluated`` and ``rejected`` are
    numbers of samples. A sample that cannot be read is a DataError, because a metric over the
    rest would be another metric. ``stopping`` is asked before every batch: when it says yes, the
    evaluation is broken off and nothing comes back.
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
    ) -> None:
        self.runner, self.loader, self.metric, self.model = runner, loader, metric, model
        self.twin, self.stopping = twin, stopping or (lambda: False)
        self.watch = watch

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
        self.metric.reset()
        self.loader.reset()
        evaluated = 0
        batches = _Timed(
            tqdm(
                self.loader.epoch(epoch),
                total=len(self.loader),
                desc="eval",
                leave=False,
                disable=not sys.stderr.isatty(),
            ),
            self.stopping,
        )
        begun = time.perf_counter()
        for judged in Decoding(self.runner, self.metric, self.twin)(batches):
            self._take(judged)
            evaluated += len(judged.results)
            if batches.broken_off:
                break
        if batches.broken_off:
            batches.source.close()
            return None
        busy_s = time.perf_counter() - begun - batches.waited_s
        tally = self.loader.reset()
        if tally.broken_places:
            raise DataError(
                f"{len(tally.broken_places)} of {evaluated + tally.total} samples to evaluate "
                f"cannot be read: {tally.summary()}"
            )
        found = dict(self.metric.get_metric())
        if self.twin is not None:
            name = self.metric.main_indicator
            found[f"{name}_as_deployed"] = self.twin.get()[name]
        if found.get(self.metric.main_indicator) == 0:
            said = [self.metric.explain(), *zero.why(self.runner, self.loader, epoch)]
            get_logger().warning("%s is 0: %s", self.metric.main_indicator, "; ".join(said))
        outside = tally.kept
        if outside:
            get_logger().warning(
                "%d of %d samples are outside the model's limits and count as they are: %s",
                outside,
                evaluated,
                tally.summary(),
            )
        found.update(
            fps=evaluated / max(busy_s, 1e-9),
            evaluated=evaluated,
            rejected=tally.total - outside,
        )
        return found

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
