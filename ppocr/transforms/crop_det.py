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
        polys, ignored = sample["polys"], np.asarray(sample["ignore_tags"], dtype=bool)
        low, high = _extent(polys)
        box = self._choose(low[~ignored], high[~ignored], size, sample["rng"])
        x, y, width, height = box
        new_width, new_height = self.size
        scale_x, scale_y = new_width / width, new_height / height
        window = None
        if self.keep_ratio:
            scale_x = scale_y = min(scale_x, scale_y)
            # a hair more, so that a whole side does not lose a pixel to rounding
            filled = int(width * scale_x + 1e-6), int(height * scale_y + 1e-6)
            window = 0, 0, max(filled[0], 1), max(filled[1], 1)
        _keep(sample, _touching(low, high, box))
        return Step(scaling(scale_x, scale_y) @ shift(-x, -y), (new_height, new_width), window)

    def choose(self, polys: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> Box:
        """Return the crop for care-about polygons (N, P, 2) in an image of (height, width)."""
        return self._choose(*_extent(polys), size, rng)

    def _choose(
        self, low: np.ndarray, high: np.ndarray, size: tuple[int, int], rng: np.random.Generator
    ) -> Box:
        height, width = size
        columns = _free_runs(low[:, 0], high[:, 0], width)
        rows = _free_runs(low[:, 1], high[:, 1], height)
        if not len(columns) or not len(rows):
            return 0, 0, width, height
        x0, x1 = _pairs_from(columns, self.max_tries, rng)
        y0, y1 = _pairs_from(rows, self.max_tries, rng)
        large = (x1 - x0 >= self.min_crop_side_ratio * width) & (
            y1 - y0 >= self.min_crop_side_ratio * height
        )
        for tried in np.flatnonzero(large & (x1 > x0) & (y1 > y0)):
            x, y = int(x0[tried]), int(y0[tried])
            box = x, y, int(x1[tried]) - x, int(y1[tried]) - y
            if not len(low) or _touching(low, high, box).any():
                return box
        return 0, 0, width, height


def _extent(polys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest coordinates of each polygon, both (N, 2)."""
    if not len(polys):
        return np.zeros((0, 2)), np.zeros((0, 2))
    points = np.ascontiguousarray(polys.transpose(1, 2, 0))  # long rows are compared much faster
    return points.min(axis=0).T, points.max(axis=0).T


def _free_runs(low: np.ndarray, high: np.ndarray, length: int) -> np.ndarray:
    """Return [start, end) of the runs of coordinates that no interval covers, (R, 2)."""
    start = np.clip(np.rint(low), 0, length).astype(np.int64)
    end = np.clip(np.rint(high), 0, length).astype(np.int64)
    order = np.argsort(start, kind="stable")
    # starts[i]: the first coordinate that the first i intervals leave free
    starts = np.maximum.accumulate(np.append(0, end[order]))
    ends = np.append(start[order], length)
    free = ends > starts
    return np.stack([starts[free], ends[free]], axis=1)


def _pairs_from(
    runs: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``count`` pairs (low, high) of free coordinates.

    Each coordinate comes from a run drawn with equal chance, however long the run is.
    """
    chosen = rng.integers(len(runs), size=(2, count))
    pairs = rng.integers(runs[chosen, 0], runs[chosen, 1])
    return pairs.min(axis=0), pairs.max(axis=0)


def _touching(low: np.ndarray, high: np.ndarray, box: Box) -> np.ndarray:
    x, y, width, height = box
    return (
        (high[:, 0] >= x) & (low[:, 0] <= x + width) & (high[:, 1] >= y) & (low[:, 1] <= y + height)
    )


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
