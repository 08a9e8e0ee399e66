"""Network outputs to results on all cores, while the network is busy with the next batch.

Decoding spends its time in OpenCV, Clipper and GEOS, which let other threads run meanwhile; so
threads do, and no map is copied to another process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppocr.pipeline.batching import groups
from ppocr.pipeline.runner import Runner
from ppocr.utils.runtime import usable_cores

WAITING_BYTES = 256 << 20  # of outputs that wait for a thread, beyond one batch
LEAST_THREADS, MOST_THREADS = 2, 8  # two, for the halves of a core differ in what they wait for


@dataclass(slots=True)
class Judged:
    """One batch: its results, and what metric and twin make of them where any thread may tell."""

    batch: Mapping[str, Any]
    results: list[Any]
    counted: Any = None
    counted_as_deployed: Any = None


@dataclass(slots=True)
class _Part:
    """Outputs of samples that ran together: all of the batch, or those of one shape."""

    outputs: dict[str, np.ndarray]
    batch: Mapping[str, Any]
    members: list[int]


class Decoding:
    """Batches in, judged batches out in the same order.

    ``metric`` and ``twin`` may have ``count(results, batch)``, which changes nothing and is called
    in threads; its value is for their ``add``.
    """

    def __init__(
        self, runner: Runner, metric: Any = None, twin: Any = None, threads: int | None = None
    ) -> None:
        self.runner = runner
        self._count = getattr(metric, "count", None)
        self._count_twin = getattr(twin, "count", None)
        self.threads = threads or min(max(usable_cores(), LEAST_THREADS), MOST_THREADS)

    def __call__(self, batches: Iterable[Mapping[str, Any]]) -> Iterator[Judged]:
        """Yield the batches judged; the network runs in the caller's thread."""
        waiting: deque[tuple[Future[Judged], int]] = deque()
        with ThreadPoolExecutor(self.threads, "decode") as pool:
            try:
                for batch in batches:
                    parts = self.infer(batch)
                    size = sum(array.nbytes for one in parts for array in one.outputs.values())
                    waiting.append((pool.submit(self.judge, parts, batch), size))
                    while waiting and (waiting[0][0].done() or self._crowded(waiting)):
                        yield waiting.popleft()[0].result()
                while waiting:
                    yield waiting.popleft()[0].result()
            finally:
                for future, _ in waiting:
                    future.cancel()

    def infer(self, batch: Mapping[str, Any]) -> list[_Part]:
        """Return the outputs of a batch; images of different sizes run by their shapes."""
        feeds = [batch[one.name] for one in self.runner.spec.inputs]
        count = len(feeds[0])
        if all(isinstance(feed, np.ndarray) for feed in feeds):
            return [_Part(self.runner.infer(feeds), batch, list(range(count)))]
        shapes = [tuple(np.shape(feed[index]) for feed in feeds) for index in range(count)]
        parts = []
        for members in groups(shapes, "own", count):
            arrays = [np.stack([feed[index] for index in members]) for feed in feeds]
            parts.append(_Part(self.runner.infer(arrays), _part(batch, members), list(members)))
        return parts

    def judge(self, parts: Sequence[_Part], batch: Mapping[str, Any]) -> Judged:
        """Return results and counts of one batch."""
        results: list[Any] = [None] * sum(len(part.members) for part in parts)
        for part in parts:
            decoded = self.runner.decode(part.outputs, part.batch)
            for index, result in zip(part.members, decoded, strict=True):
                results[index] = result
        counted = self._count(results, batch) if self._count else None
        twin = self._count_twin(results, batch) if self._count_twin else None
        return Judged(batch, results, counted, twin)

    def _crowded(self, waiting: deque[tuple[Future[Judged], int]]) -> bool:
        size = sum(one for _, one in waiting)
        return len(waiting) > 2 * self.threads or (len(waiting) > 1 and size > WAITING_BYTES)


def _part(batch: Mapping[str, Any], members: Sequence[int]) -> dict[str, Any]:
    return {
        key: value[list(members)] if isinstance(value, np.ndarray) else [value[i] for i in members]
        for key, value in batch.items()
    }
