"""Random crops of pages that cut through no text.

The rule is the one of EAST: Xinyu Zhou et al., "EAST: An Efficient and Accurate Scene Text
Detector", CVPR 2017, reference crop. Rows and columns that touch no text are free; borders
are drawn from free ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ppocr.transforms.base import GeometryOp, Sample
from ppocr.transforms.warp import Step, scaling, shift
from ppocr.utils.compiled import compiled

Box = tuple[int, int, int, int]  # x, y, width, height


class EastRandomCropData(GeometryOp):
    """Cuts out a random part that holds text and scales it to ``size`` [W, H].

    A crop is at least ``min_crop_side_ratio`` of the image in both axes; after ``max_tries``
    attempts the whole image is taken. ``keep_ratio`` pads to the right and below instead of
    stretching. Polygons that lie wholly outside are dropped, with their texts and tags; an
    image without text to look for may be cut anywhere.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self,
        size: Sequence[int] = (640, 640),
        max_tries: int = 10,
        min_crop_side_ratio: float = 0.1,
        keep_ratio: bool = True,
    ) -> None:
        self.size = int(size[0]), int(size[1])
        self.max_tries = max_tries
        self.min_crop_side_ratio = min_crop_side_ratio
        self.keep_ratio = keep_ratio

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return 3, self.size[1], self.size[0]

    def step(self, sample: Sample, size: tuple[int, int]) -> Step:
        extents, ignored = _extents(sample["polys"]), np.asarray(sample["ignore_tags"], dtype=bool)
        box = self._choose(extents[~ignored], size, sample["rng"])
        x, y, width, height = box
        new_width, new_height = self.size
        scale_x, scale_y = new_width / width, new_height / height
        window = None
        if self.keep_ratio:
            scale_x = scale_y = min(scale_x, scale_y)
            # a hair more, so that a whole side does not lose a pixel to rounding
            filled = int(width * scale_x + 1e-6), int(height * scale_y + 1e-6)
            window = 0, 0, max(filled[0], 1), max(filled[1], 1)
        _keep(sample, _touching(extents, box))
        return Step(scaling(scale_x, scale_y) @ shift(-x, -y), (new_height, new_width), window)

    def choose(self, polys: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> Box:
        """Return the crop for care-about polygons (N, P, 2) in an image of (height, width)."""
        return self._choose(_extents(polys), size, rng)

    def _choose(
        self, extents_N4: np.ndarray, size: tuple[int, int], rng: np.random.Generator
    ) -> Box:
        height, width = size
        columns = free_runs(extents_N4[:, 0], extents_N4[:, 2], width)
        rows = free_runs(extents_N4[:, 1], extents_N4[:, 3], height)
        box = np.array([0, 0, width, height])
        if len(columns) and len(rows):
            pairs = np.empty((2, 2, self.max_tries), dtype=np.int64)
            _draw_pairs(columns, rng, pairs[0])
            _draw_pairs(rows, rng, pairs[1])
            least = np.array([width, height]) * self.min_crop_side_ratio
            _take_first(pairs, least, np.ascontiguousarray(extents_N4), box)
        x, y, wide, tall = box.tolist()
        return x, y, wide, tall


def _extents(polys: np.ndarray) -> np.ndarray:
    """Return the box x0, y0, x1, y1 of each polygon, float64 (N, 4)."""
    extents = np.empty((len(polys), 4))
    if len(polys):
        points = np.ascontiguousarray(polys.transpose(1, 2, 0))  # long rows compare much faster
        extents[:, :2], extents[:, 2:] = points.min(axis=0).T, points.max(axis=0).T
    return extents


def free_runs(low: np.ndarray, high: np.ndarray, length: int) -> np.ndarray:
    """Return [start, end) of the runs of coordinates that no interval covers, (R, 2).

    An interval without length ends one run and begins another.
    """
    runs, count = np.empty((len(low) + 1, 2), dtype=np.int64), np.zeros(1, dtype=np.int64)
    start, end = np.ascontiguousarray(low), np.ascontiguousarray(high)
    _find_runs(start, end, np.zeros((2, length + 1), dtype=np.int64), runs, count)
    return runs[: count[0]]


@compiled("void(float64[::1], float64[::1], int64[:,::1], int64[:,::1], int64[::1])")
def _find_runs(low, high, changes_2L, runs_R2, count):
    """Count at every coordinate how many intervals begin and end there, and go along them once."""
    length = changes_2L.shape[1] - 1
    begun, ended = changes_2L[0], changes_2L[1]
    for place in range(len(low)):
        begun[int(min(max(np.rint(low[place]), 0.0), float(length)))] += 1
        ended[int(min(max(np.rint(high[place]), 0.0), float(length)))] += 1
    covering, free_from = 0, 0
    for at in range(length + 1):
        if covering == 0 and at > free_from and (begun[at] > 0 or at == length):
            runs_R2[count[0], 0], runs_R2[count[0], 1] = free_from, at
            count[0] += 1
        covering += begun[at] - ended[at]
        if ended[at] > 0 and covering == 0:
            free_from = at


def _draw_pairs(runs: np.ndarray, rng: np.random.Generator, pairs_2T: np.ndarray) -> None:
    """Fill ``pairs_2T`` with free coordinates, in any order.

    Each coordinate comes from a run drawn with equal chance, however long the run is.
    """
    chosen = runs[rng.integers(len(runs), size=pairs_2T.shape)]
    pairs_2T[...] = rng.integers(chosen[..., 0], chosen[..., 1])


@compiled("void(int64[:,:,::1], float64[::1], float64[:,::1], int64[::1])")
def _take_first(pairs_22T, least, extents_N4, box):
    """Write the first box that is large enough and holds text, if there is text."""
    for tried in range(pairs_22T.shape[2]):
        x0, x1 = pairs_22T[0, 0, tried], pairs_22T[0, 1, tried]
        y0, y1 = pairs_22T[1, 0, tried], pairs_22T[1, 1, tried]
        x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        if x1 - x0 < max(least[0], 1.0) or y1 - y0 < max(least[1], 1.0):
            continue
        held = len(extents_N4) == 0
        for place in range(len(extents_N4)):
            extent = extents_N4[place]
            across = extent[2] >= x0 and extent[0] <= x1
            held = held or (across and extent[3] >= y0 and extent[1] <= y1)
        if held:
            box[0], box[1], box[2], box[3] = x0, y0, x1 - x0, y1 - y0
            return


def _touching(extents_N4: np.ndarray, box: Box) -> np.ndarray:
    x, y, width, height = box
    (x0, y0), (x1, y1) = extents_N4[:, :2].T, extents_N4[:, 2:].T
    return (x1 >= x) & (x0 <= x + width) & (y1 >= y) & (y0 <= y + height)


def _keep(sample: Sample, kept: np.ndarray) -> None:
    """Drop polygons, texts and tags of regions that are not ``kept``."""
    if kept.all():
        return
    sample["polys"] = sample["polys"][kept]
    sample["ignore_tags"] = np.asarray(sample["ignore_tags"], dtype=bool)[kept]
    if "texts" in sample:
        sample["texts"] = [
            t for t, keep in zip(sample["texts"], kept.tolist(), strict=True) if keep
        ]
