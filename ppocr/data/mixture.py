"""Several sources in every batch, in fixed proportions: real to synthetic, new to old.

A source is a label file or an LMDB. Sources that a weight names together form a group. The batches
of an epoch are planned once: how many samples each group gives to each batch, so that after any
batch the totals are as close to the weights as whole samples allow. Which samples these are follows
from seed and epoch alone. The group that sets the length of an epoch is passed once per epoch; the
others go on in the next epoch where they were, and begin anew when every sample has been used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Literal

import numpy as np

from ppocr.data.sampler import order_stream
from ppocr.data.shares import grouped, whole_weights
from ppocr.data.source import Span, generator

Epoch = Literal["first", "longest", "shortest"]

_PASSES_ROWS = 4096  # small groups are shuffled so many rows at a time, pass by pass
_BATCH_POSITION = 1 << 38  # apart from the positions of samples and of plans


def apportion(sizes: Sequence[int], weights: Sequence[int]) -> np.ndarray:
    """Return how many samples of each group each batch takes, int64 (batches, groups).

    Each row sums to the size of its batch. What a group is owed after a batch goes on to the
    next, the largest claims first, so that no group is ever a whole sample away from its share.
    """
    total = sum(weights)
    owed = [0] * len(weights)  # in parts of 1 / total samples
    taken: list[list[int]] = []
    for size in sizes:
        owed = [one + size * weight for one, weight in zip(owed, weights, strict=True)]
        row = [max(0, one // total) for one in owed]
        ranks = sorted(range(len(owed)), key=lambda g: (row[g] * total - owed[g], g))
        missing = size - sum(row)
        for group in ranks[: max(0, missing)]:
            row[group] += 1
        for group in reversed(ranks):  # claims below nothing left more than there is
            if missing < 0 and row[group]:
                row[group] -= 1
                missing += 1
        owed = [one - total * given for one, given in zip(owed, row, strict=True)]
        taken.append(row)
        if not any(owed) and len(set(sizes)) == 1:
            return np.resize(np.array(taken, np.int64), (len(sizes), len(weights)))
    return np.array(taken, np.int64).reshape(-1, len(weights))


class Mixture:
    """The positions of every batch of an epoch, mixed from groups of sources.

    ``sources`` are the spans of positions of the data set. Plan first, with the sizes of all
    batches; then ``batch(epoch, number)`` is an int64 array of positions.
    """

    def __init__(
        self,
        weights: Sequence[float] | Mapping[str, float],
        sources: Sequence[Span],
        epoch: Epoch = "first",
        seed: int = 0,
        shuffle: bool = True,
    ) -> None:
        self.groups = grouped(weights, [source.name for source in sources])
        self.seed, self.shuffle, self.length = seed, shuffle, epoch
        self._weights = whole_weights([group.weight for group in self.groups])
        self._pools = [_Pool([sources[n] for n in group.members]) for group in self.groups]
        for group, pool in zip(self.groups, self._pools, strict=True):
            if not pool.count:
                raise ValueError(f"{group.name} has no samples to mix in")
        passes = [self._pass(number) for number in range(len(self.groups))]
        chosen = {"first": passes[0], "longest": max(passes), "shortest": min(passes)}[epoch]
        self.main = passes.index(chosen)
        self.samples = ceil(passes[self.main])  # of one epoch, all groups together
        self._ends = np.zeros((1, len(self.groups)), np.int64)
        self._epoch: tuple[int, list[np.ndarray]] | None = None

    def plan(self, sizes: Sequence[int]) -> None:
        """Take the sizes of the batches of an epoch, over all ranks."""
        parts = apportion(sizes, self._weights)
        self._ends = np.concatenate([np.zeros_like(parts[:1]), np.cumsum(parts, axis=0)])
        self._epoch = None

    def batch(self, epoch: int, number: int) -> np.ndarray:
        """Return the positions of one planned batch, int64."""
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = epoch, [self._drawn(one, epoch) for one in range(len(self.groups))]
        begin, end = self._ends[number], self._ends[number + 1]
        parts = [one[a:b] for one, a, b in zip(self._epoch[1], begin, end, strict=True)]
        found = np.concatenate(parts)
        if self.shuffle:
            generator(self.seed, epoch, _BATCH_POSITION + number).shuffle(found)
        return found

    def describe(self) -> Iterator[str]:
        """Yield one line per group: its part of a batch, its samples, how long a pass takes."""
        for group, pool, share, drawn in zip(
            self.groups, self._pools, self.shares, self._ends[-1], strict=True
        ):
            several = f" ({len(group.members)} files)" if len(group.members) > 1 else ""
            yield (
                f"{group.name}{several}: {share:.1%} of every batch, {drawn} samples an epoch of "
                f"{pool.count}, each comes {drawn / pool.count:.3g} times"
            )

    @property
    def shares(self) -> list[float]:
        """Which part of every batch each group has."""
        return [weight / sum(self._weights) for weight in self._weights]

    def of_sources(self) -> list[int]:
        """Return how many samples of each source an epoch has, in the order of the sources."""
        found: dict[int, int] = {}
        for group, pool, drawn in zip(self.groups, self._pools, self._ends[-1], strict=True):
            for member, size in zip(group.members, pool.sizes, strict=True):
                found[member] = round(int(drawn) * size / pool.count)
        return [found[number] for number in sorted(found)]

    def _pass(self, number: int) -> Fraction:
        """Return how many samples of all groups pass while one group is passed once."""
        return Fraction(self._pools[number].count * sum(self._weights), self._weights[number])

    def _drawn(self, number: int, epoch: int) -> np.ndarray:
        """Return the positions that a group gives to an epoch, in the order of their use."""
        pool, wanted = self._pools[number], int(self._ends[-1, number])
        if number == self.main:
            return pool.positions(np.resize(self._shuffled(number, pool.count, 1, epoch), wanted))
        passes = max(1, _PASSES_ROWS // pool.count)
        rows, begin = passes * pool.count, epoch * wanted
        blocks = range(begin // rows, (begin + wanted - 1) // rows + 1) if wanted else range(0)
        found = [self._shuffled(number, pool.count, passes, block) for block in blocks]
        skipped = begin - blocks.start * rows
        joined = np.concatenate([*found, np.zeros(0, np.int64)])
        return pool.positions(joined[skipped : skipped + wanted])

    def _shuffled(self, number: int, count: int, passes: int, block: int) -> np.ndarray:
        """Return several passes over a group one after the other, each in its own order."""
        rows = np.tile(np.arange(count, dtype=np.int64), (passes, 1))
        if self.shuffle:
            stream = order_stream(self.seed, block, stream=1 + number)
            if passes == 1:
                stream.shuffle(rows[0])
            else:
                stream.permuted(rows, axis=1, out=rows)
        return rows.ravel()


class _Pool:
    """The positions of a group, numbered from 0 over all its sources."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.sizes = [span.end - span.first for span in spans]
        self.count = sum(self.sizes)
        self._firsts = np.array([span.first for span in spans], np.int64)
        self._begins = np.cumsum([0, *self.sizes[:-1]])

    def positions(self, numbers: np.ndarray) -> np.ndarray:
        """Return the positions in the epoch that samples of the group stand at."""
        source = np.searchsorted(self._begins, numbers, side="right") - 1
        return self._firsts[source] + numbers - self._begins[source]
