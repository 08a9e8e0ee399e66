"""Batches of a fixed size in which several sources have fixed parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from ppocr.data.mixture import Epoch, Mixture
from ppocr.data.sampler import Request, Share


class MixedSampler:
    """Batches that every source has its part of: ``weights: [1, 3]`` is one to three.

    ``weights`` has one number for each file of ``label_file_list`` (or LMDB, sorted by name), or is
    a mapping from a file or folder to a number; files below one folder are then one source. A
    batch of 64 at 1:3 is 16 and 48; what does not come out even is made up for in the next batch.

    ``epoch`` names the source of which every sample comes once in an epoch: the ``first``, or the
    one that takes the ``longest`` or the ``shortest``. The others go on in the next epoch where
    they were. ``ratio_list`` still says what part of a file there is to draw from.
    """

    def __init__(
        self,
        weights: Sequence[float] | Mapping[str, float],
        batch_size: int,
        epoch: Epoch = "first",
        sources: Any = (),
        seed: int | None = None,
        share: Share | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
    ) -> None:
        self.share = share or Share()
        self.mixture = Mixture(weights, sources, epoch, 0 if seed is None else seed, shuffle)
        shared = self.mixture.samples / batch_size / self.share.world
        self._batches = int(shared) if drop_last else ceil(shared)
        self.count = self._batches * self.share.world * batch_size
        self.mixture.plan([batch_size] * (self._batches * self.share.world))

    def __len__(self) -> int:
        """Return the number of batches of one epoch on this rank."""
        return self._batches

    def epoch(self, epoch: int) -> Iterator[Request]:
        """Yield the batches of an epoch for this rank."""
        for number in range(self.share.rank, self._batches * self.share.world, self.share.world):
            positions = self.mixture.batch(epoch, number)
            yield Request(epoch, tuple(positions.tolist()))
