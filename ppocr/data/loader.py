"""The loader: epochs of batches, with what was left out counted on the way."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from ppocr.data.fetch import Fetched, Fetcher
from ppocr.data.sampler import BatchSampler
from ppocr.data.tally import Tally
from ppocr.data.workers import STALL_S, Workers
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, InternalError

PROBES = 64


class Loader:
    """Iterable over batches. ``epoch(n, start)`` gives those of one epoch from a given batch on.

    ``tally`` holds what had to be left out since it was last reset. In training more than
    ``max_bad_ratio`` of unreadable rows is a DataError; in evaluation the caller looks at the
    tally. Worker processes are started on first use and kept.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        sampler: BatchSampler,
        num_workers: int = 0,
        use_shared_memory: bool = True,
        max_bad_ratio: float = 0.01,
        stall_s: float = STALL_S,
    ) -> None:
        self.fetcher, self.sampler = fetcher, sampler
        self.num_workers, self.use_shared_memory = num_workers, use_shared_memory
        self.max_bad_ratio, self.stall_s = max_bad_ratio, stall_s
        self.tally = Tally()
        self.requested = 0
        self._bad: set[str] = set()
        self._next_epoch = 0
        self._workers: Workers | None = None
        self._finalizer: Any = None

    @property
    def dataset(self) -> Any:
        """The data set behind it."""
        return self.fetcher.source

    @property
    def count(self) -> int:
        """How many samples one epoch has, over all ranks."""
        return self.sampler.count

    def __len__(self) -> int:
        """Return the number of batches of one epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the batches of the next epoch."""
        epoch, self._next_epoch = self._next_epoch, self._next_epoch + 1
        return self.epoch(epoch)

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the batches of epoch ``number`` (from 0), leaving out the first ``start``."""
        requests = self.sampler.epoch(number)
        for _ in range(start):
            next(requests, None)
        seen = start
        for fetched in self._fetch(requests):
            seen += 1
            self._count(fetched)
            if fetched.batch is not None:
                yield fetched.batch
        if seen != len(self):
            raise InternalError(f"the loader gave {seen} of {len(self)} batches")

    def reset(self) -> Tally:
        """Return the tally so far and begin a new one."""
        tally, self.tally, self.requested = self.tally, Tally(), 0
        return tally

    def probe(self) -> None:
        """Raise a DataError that says why, unless at least one sample can be used."""
        count = len(self.fetcher)
        tally = Tally()
        first = next(iter(self.sampler.epoch(0)), None)  # a rank may have nothing to evaluate
        extras = first.extras if first is not None else {}
        for number in range(min(PROBES, count)):
            position = number * count // min(PROBES, count)
            try:
                self.fetcher.one(0, position, extras=extras)
                return
            except Rejected as rejected:
                tally.add([self.fetcher.reject(rejected, 0, position)])
        raise DataError(
            f"none of {tally.total} samples tried (of {count}) can be used: {tally.summary()}"
        )

    def close(self) -> None:
        """End the worker processes."""
        if self._workers is not None:
            self._finalizer.detach()
            self._workers.close()
            self._workers = None

    def _fetch(self, requests: Iterator[Any]) -> Iterator[Fetched]:
        if self.num_workers == 0:
            return map(self.fetcher, requests)
        if self._workers is None:
            self._workers = Workers(
                self.fetcher, self.num_workers, self.use_shared_memory, self.stall_s
            )
            self._finalizer = weakref.finalize(self, Workers.close, self._workers)
        return self._workers.run(requests)

    def _count(self, fetched: Fetched) -> None:
        self.requested += fetched.requested
        if not fetched.rejects:
            return
        self.tally.add(fetched.rejects)
        if not self.fetcher.training:
            return
        self._bad.update(reject.place for reject in fetched.rejects if reject.broken)
        allowed = self.max_bad_ratio * self.fetcher.source.total
        if len(self._bad) > allowed:
            raise DataError(
                f"{len(self._bad)} unreadable rows, more than Global.max_bad_ratio = "
                f"{self.max_bad_ratio:g} of {self.fetcher.source.total} allows: "
                f"{self.tally.summary()}"
            )
