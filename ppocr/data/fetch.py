"""Rows to samples to batches, and what happens to a sample that cannot be used.

Training replaces it by another row, drawn from the sample's own random stream, so that the batch
does not depend on which process made it. Evaluation replaces nothing: the sample is left out and
reported, and the caller decides what that means for the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ppocr.data.sampler import Request
from ppocr.data.source import Source, generator
from ppocr.data.tally import Reject
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

MAX_REPLACEMENTS = 64
MAX_EXTRA_TRIES = 16

Sample = dict[str, Any]


@dataclass(slots=True)
class Fetched:
    """A batch and what had to be left out of it; ``batch`` is None if nothing remained."""

    batch: dict[str, Any] | None
    rejects: list[Reject] = field(default_factory=list)
    requested: int = 0


class Fetcher:
    """Makes the batches that a sampler asks for. It can be pickled and sent to a worker."""

    def __init__(
        self,
        source: Source,
        ops: Sequence[Callable[[Sample], Sample]],
        collate: Callable[[Sequence[Sample]], dict[str, Any]],
        training: bool,
        seed: int,
    ) -> None:
        self.source, self.ops, self.collate = source, list(ops), collate
        self.training, self.seed = training, seed
        self._rows: tuple[int, np.ndarray] | None = None
        self._extra = max((getattr(op, "ext_data_num", 0) for op in self.ops), default=0)

    def __len__(self) -> int:
        return self.source.count(self.training)

    def __call__(self, request: Request) -> Fetched:
        """Return the batch of a request."""
        rejects: list[Reject] = []
        samples = []
        for position in request.positions:
            sample = self._sample(request, position, rejects)
            if sample is not None:
                samples.append(sample)
        batch = self.collate(samples) if samples else None
        return Fetched(batch, rejects, len(request.positions))

    def places(self, request: Request) -> list[str]:
        """Return ``file:line`` of every position of a request."""
        rows = self._rows_of(request.epoch)
        return [self.source.place(int(rows[position])) for position in request.positions]

    def one(self, epoch: int, position: int, attempt: int = 0, extras: Sample | None = None) -> Sample:
        """Return the finished sample at a position; ``Rejected`` if it cannot be used."""
        rng = generator(self.seed, epoch if self.training else 0, position, attempt)
        rows = self._rows_of(epoch)
        row = int(rows[position if attempt == 0 else int(rng.integers(len(rows)))])
        sample = self._raw(row, rng, position, epoch)
        sample.update(extras or {})
        if self._extra:
            sample["ext_data"] = self._extras(rows, rng, position, epoch)
        for op in self.ops:
            sample = op(sample)
        return sample

    def _sample(self, request: Request, position: int, rejects: list[Reject]) -> Sample | None:
        for attempt in range(MAX_REPLACEMENTS if self.training else 1):
            try:
                return self.one(request.epoch, position, attempt, request.extras)
            except Rejected as rejected:
                rejects.append(self.reject(rejected, request.epoch, position, attempt))
        if self.training:
            reasons = sorted({reject.reason for reject in rejects})
            raise DataError(
                f"{MAX_REPLACEMENTS} samples in a row could not be used: {', '.join(reasons)}; "
                f"the last one: {rejects[-1].detail}"
            )
        return None

    def reject(self, rejected: Rejected, epoch: int, position: int, attempt: int = 0) -> Reject:
        rng = generator(self.seed, epoch if self.training else 0, position, attempt)
        rows = self._rows_of(epoch)
        row = int(rows[position if attempt == 0 else int(rng.integers(len(rows)))])
        place = self.source.place(row)
        detail = rejected.detail if rejected.detail.startswith(place) else f"{place}: {rejected.detail}"
        return Reject(rejected.reason, place, detail, is_broken(rejected), self.training)

    def _raw(self, row: int, rng: np.random.Generator, position: int, epoch: int) -> Sample:
        sample = self.source.read(row, rng)
        sample.update(rng=rng, index=position, epoch=epoch, seed=self.seed)
        return sample

    def _extras(self, rows: np.ndarray, rng: np.random.Generator, position: int, epoch: int):
        """Return further samples, through the first transforms, for operators that mix."""
        found: list[Sample] = []
        for _ in range(MAX_EXTRA_TRIES):
            if len(found) == self._extra:
                break
            try:
                sample = self._raw(int(rows[int(rng.integers(len(rows)))]), rng, position, epoch)
                for op in self.ops[: self.source.ext_op_transform_idx]:
                    sample = op(sample)
            except Rejected:
                continue  # it is counted when its own turn comes
            found.append(sample)
        return found

    def _rows_of(self, epoch: int) -> np.ndarray:
        if self._rows is None or self._rows[0] != epoch:
            self._rows = epoch, self.source.draw(self.seed, epoch, self.training)
        return self._rows[1]


def is_broken(rejected: Rejected) -> bool:
    """Return whether a sample could not be read at all, as opposed to not being wanted."""
    return getattr(rejected, "broken", rejected.reason not in UNWANTED)


UNWANTED = frozenset({"too long", "empty text", "unknown character", "unknown characters", "no text"})
