"""Which samples go into which batch: a pure function of seed, epoch and rank.

Nothing is remembered between epochs, so any epoch can be begun at any batch, in any process,
and gives the same samples. Positions are places in the epoch's list of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_MOST_INT32 = (1 << 31) - 1
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
    """Return the positions 0..count-1 in the random order of an epoch (int32 while they fit)."""
    positions = np.arange(count, dtype=np.int32 if count <= _MOST_INT32 else np.int64)
    order_stream(seed, epoch).shuffle(positions)
    return positions


def order_stream(seed: int, epoch: int, stream: int = 0) -> np.random.Generator:
    """Return a generator for the order of an epoch; ``stream`` tells several of them apart."""
    key = np.array([(seed << 32) + epoch, _ORDER_KEY + stream], np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


class BatchSampler:
    """Batches of a fixed size, every position once per epoch.

    With several ranks, training gives each the same number of batches: the list is filled up from
    its own beginning, or cut when ``drop_last``. Evaluation (``equal`` false) never fills up: each
    rank takes every world-th of the batches that one process would have, so that together they
    see every sample exactly once, beside the same neighbours as ever.
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
        return len(self._numbers())

    def epoch(self, epoch: int) -> Iterator[Request]:
        """Yield the batches of an epoch for this rank."""
        own = self._own(epoch)
        for number in self._numbers():
            chunk = own[number * self.batch_size : (number + 1) * self.batch_size]
            yield Request(epoch, tuple(int(position) for position in chunk))

    def _numbers(self) -> range:
        """Return which of the batches of `_own` are those of this rank."""
        own = self._own_count() if self.equal else self.count
        batches = own // self.batch_size if self.drop_last else -(-own // self.batch_size)
        return range(batches) if self.equal else range(batches)[self.share.rank :: self.share.world]

    def _own(self, epoch: int) -> np.ndarray:
        shuffled = order(self.count, self.seed, epoch) if self.shuffle else np.arange(self.count)
        if not self.equal or not self.count:
            return shuffled
        rank, world = self.share.rank, self.share.world
        return np.resize(shuffled, self._own_count() * world)[rank::world]

    def _own_count(self) -> int:
        world = self.share.world
        return self.count // world if self.drop_last else -(-self.count // world)
