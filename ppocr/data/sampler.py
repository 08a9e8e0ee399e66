"""Which samples go into which batch: a pure function of seed, epoch and rank.

Nothing is remembered between epochs, so any epoch can be begun at any batch, in any process,
and gives the same samples. Positions are places in the epoch's list of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_ORDER_KEY = 1 << 61  # keeps the order's random stream apart from those of samples and ratios


@dataclass(frozen=True, slots=True)
class Request:
    """One batch to be made: its positions, and what the sampler wants every sample to know."""

    epoch: int
    positions: tuple[int, ...]
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """This process's part of the work."""

    rank: int = 0
    world: int = 1


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the positions 0..count-1 in the random order of an epoch (int64)."""
    key = np.array([(seed << 32) + epoch, _ORDER_KEY], np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(count)


class BatchSampler:
    """Batches of a fixed size, every position once per epoch.

    With several ranks, training gives each the same number of batches: the list is filled up from
    its own beginning, or cut when ``drop_last``. Evaluation never fills up: each rank takes every
    world-th position, so that together they see every sample exactly once.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int = 0,
        share: Share | None = None,
        equal: bool = True,
    ) -> None:
        self.count, self.batch_size = count, batch_size
        self.shuffle, self.drop_last, self.seed = shuffle, drop_last, seed
        self.share, self.equal = share or Share(), equal

    def __len__(self) -> int:
        """Return the number of batches of one epoch on this rank."""
        own = self._own_count()
        return own // self.batch_size if self.drop_last else -(-own // self.batch_size)

    def epoch(self, epoch: int) -> Iterator[Request]:
        """Yield the batches of an epoch for this rank."""
        own = self._own(epoch)
        for number in range(len(self)):
            chunk = own[number * self.batch_size : (number + 1) * self.batch_size]
            yield Request(epoch, tuple(int(position) for position in chunk))

    def _own(self, epoch: int) -> np.ndarray:
        shuffled = order(self.count, self.seed, epoch) if self.shuffle else np.arange(self.count)
        rank, world = self.share.rank, self.share.world
        if self.equal and self.count:
            length = self._own_count() * world
            shuffled = np.resize(shuffled, length)
        return shuffled[rank::world]

    def _own_count(self) -> int:
        rank, world = self.share.rank, self.share.world
        if not self.equal:
            return len(range(rank, self.count, world))
        return self.count // world if self.drop_last else -(-self.count // world)
