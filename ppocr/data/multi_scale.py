"""Recognition in several shapes at once: each batch has one, drawn anew for every epoch.

Used by the SVTR-LCNet family. The data set resizes; the sampler says to what. The number of
batches is the same in every epoch, so that a schedule by steps stays right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, ClassVar

import numpy as np
from tqdm import tqdm

from ppocr.data.labels import LabelFile
from ppocr.data.mixture import Epoch, Mixture
from ppocr.data.sampler import Request, Share, order
from ppocr.data.simple import SimpleDataSet
from ppocr.data.source import generator
from ppocr.transforms import OPS
from ppocr.utils.exits import DataError

SHAPE = "batch_shape"  # what the sampler tells every sample of a batch: (width, height)
BAR_AFTER_S = 2
MOST_WIDE = 1e6  # times the height
_PLAN_POSITION = 1 << 39  # apart from the positions of samples


class MultiScaleDataSet(SimpleDataSet):
    """Like SimpleDataSet, with every image resized to the shape of its batch.

    With ``ds_width`` each row ends in two more fields, width and height of the image: lines of
    like proportions then share a batch, whose width follows from them.
    """

    parts: ClassVar[dict[str, str]] = {"transforms": "Op"}
    adds: ClassVar[tuple[str, ...]] = ("valid_ratio",)  # by ScaleToBatch

    def __init__(
        self,
        data_dir: str,
        label_file_list: Sequence[str] | str,
        transforms: Sequence[Any],
        ratio_list: Sequence[float] | float = 1.0,
        delimiter: str = "\t",
        ext_op_transform_idx: int = 2,
        allow_outside_root: bool = False,
        ds_width: bool = False,
    ) -> None:
        super().__init__(
            data_dir,
            label_file_list,
            transforms,
            ratio_list,
            delimiter,
            ext_op_transform_idx,
            allow_outside_root,
        )
        self.ds_width = ds_width

    def with_ops(self, ops: list[Any], training: bool) -> list[Any]:
        """Return the operators with the resize before the last one, which keeps the keys."""
        return [*ops[:-1], ScaleToBatch(), *ops[-1:]] if training else ops

    def proportions(self) -> np.ndarray | None:
        """Return width / height of every row (float32), or None without ``ds_width``."""
        if not self.ds_width:
            return None
        return np.concatenate([_proportions(file) for file in self.files])


class ScaleToBatch:
    """Resizes a line to the shape that the sampler chose for its batch."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ("valid_ratio",)
    touches: ClassVar[str] = "pixels"

    def __init__(self) -> None:
        self._resizers: dict[tuple[int, int], Any] = {}

    def __call__(self, sample: dict[str, Any]) -> dict[str, Any]:
        return self._resizer(sample)(sample)

    def deferred(self, sample: dict[str, Any]) -> dict[str, Any]:
        """Resize now; leave normalising and padding to the end of the batch."""
        return self._resizer(sample).deferred(sample)

    def _resizer(self, sample: dict[str, Any]) -> Any:
        shape = sample.get(SHAPE)
        if shape is None:
            raise DataError("MultiScaleDataSet needs Train.sampler: MultiScaleSampler")
        if shape not in self._resizers:
            width, height = shape
            self._resizers[shape] = OPS.find("RecResizeImg")([3, height, width])
        return self._resizers[shape]


class MultiScaleSampler:
    """Batches of varying shape: ``scales`` holds [width, height] pairs or heights.

    ``first_bs`` is the batch size at the first scale; at the others it follows from the area, so
    that a batch costs the same, unless ``fix_bs``. Sides are rounded up to multiples of
    ``divided_factor`` [width, height]. ``max_w`` limits the width that proportions ask for.
    ``weights`` and ``epoch`` mix sources in every batch as MixedSampler does.
    """

    def __init__(
        self,
        scales: Sequence[Any],
        count: int,
        first_bs: int = 128,
        fix_bs: bool = True,
        divided_factor: Sequence[int] = (8, 16),
        is_training: bool = True,
        ratio_wh: float = 0.8,  # in many official files; the original does not read it either
        max_w: float = 480.0,
        weights: Sequence[float] | Mapping[str, float] | None = None,
        epoch: Epoch = "first",
        seed: int | None = None,
        share: Share | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        proportions: Any = None,
        sources: Any = (),
    ) -> None:
        self.count, self.seed = count, 0 if seed is None else seed
        self.share, self.drop_last = share or Share(), drop_last
        self.shuffle = shuffle or is_training
        self.divided_factor, self.max_w = divided_factor, int(max_w)
        self.proportions = proportions
        self.shapes = [self._shape(scale) for scale in scales]
        area = self.shapes[0][0] * self.shapes[0][1] * first_bs
        self.sizes = [first_bs if fix_bs else max(1, area // (w * h)) for w, h in self.shapes]
        self.mixture: Mixture | None = None
        if weights is not None:
            if proportions is not None:
                raise ValueError(
                    "weights and ds_width exclude each other: lines cannot be put together both "
                    "by source and by width; take out one of them"
                )
            self.mixture = Mixture(weights, sources, epoch, self.seed, self.shuffle)
            self.count = self.mixture.samples
        self._plan = self._planned()
        if self.mixture is not None:
            self.mixture.plan([size for _, size in self._plan])

    def __len__(self) -> int:
        """Return the number of batches of one epoch on this rank."""
        full, world = len(self._plan), self.share.world
        return full // world if self.drop_last else ceil(full / world)

    def epoch(self, epoch: int) -> Iterator[Request]:
        """Yield the batches of an epoch for this rank."""
        chunk_of = self._chunks(epoch)
        turns = order(len(self._plan), self.seed + 1, epoch)
        turns = np.resize(turns, len(self) * self.share.world)
        for turn in turns[self.share.rank :: self.share.world].tolist():
            chunk = chunk_of(turn)
            chosen = self._widened(self._plan[turn][0], chunk)
            yield Request(epoch, tuple(chunk.tolist()), {SHAPE: chosen})

    def _chunks(self, epoch: int) -> Callable[[int], np.ndarray]:
        """Return a function from the number of a planned batch to its positions."""
        if self.mixture is not None:
            return partial(self.mixture.batch, epoch)
        positions = order(self.count, self.seed, epoch) if self.shuffle else np.arange(self.count)
        if self.proportions is not None:
            positions = self._by_proportion(positions)
        ends = np.cumsum([0, *(size for _, size in self._plan)])
        return lambda number: positions[ends[number] : ends[number + 1]]

    def _planned(self) -> list[tuple[tuple[int, int], int]]:
        """Return shape and size of every batch of an epoch, the same list for all epochs."""
        rng = generator(self.seed, 0, _PLAN_POSITION)
        plan, left = [], self.count
        while left > 0:
            number = int(rng.integers(len(self.shapes)))
            size = min(self.sizes[number], left)
            if size == self.sizes[number] or not self.drop_last:
                plan.append((self.shapes[number], size))
            left -= size
        return plan

    def _shape(self, scale: Any) -> tuple[int, int]:
        width, height = scale if isinstance(scale, Sequence) else (scale, scale)
        across, down = self.divided_factor
        return ceil(width / across) * across, ceil(height / down) * down

    def _by_proportion(self, positions: np.ndarray) -> np.ndarray:
        return positions[np.argsort(self.proportions[positions], kind="stable")]

    def _widened(self, shape: tuple[int, int], chunk: np.ndarray) -> tuple[int, int]:
        """Return the shape of a batch; with known proportions the width follows its widest line."""
        if self.proportions is None:
            return shape
        height, across = shape[1], self.divided_factor[0]
        width = ceil(height * float(self.proportions[chunk].max()) / across) * across
        return max(across, min(width, self.max_w)), height


def _proportions(file: LabelFile) -> np.ndarray:
    """Return width / height of every row of a label file from its last two fields."""
    found = np.empty(len(file), np.float32)
    delimiter = file.delimiter.encode()
    numbers = tqdm(
        range(len(file)),
        desc=f"widths of {file.path.name}",
        unit=" rows",
        delay=BAR_AFTER_S,
        leave=False,
        disable=not sys.stderr.isatty(),
    )
    for number in numbers:
        fields = file.raw(number).rsplit(delimiter, 2)
        try:
            proportion = float(fields[-2]) / float(fields[-1])
            if not 0 < proportion < MOST_WIDE:
                raise ValueError
            found[number] = proportion
        except (ValueError, IndexError, ZeroDivisionError):
            raise DataError(
                f"{file.place(number)}: ds_width needs width and height at the end of the row"
            ) from None
    return found
