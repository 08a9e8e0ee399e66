"""Training targets of DB: the shrunk text regions and the border they leave.

Minghui Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI
2020. Each region is shrunk (for the probability map) and grown (for the threshold map) by
D = area * (1 - r^2) / perimeter. Numbers are those of the original on every input it accepts, but
for single pixels on a fractional outline, which its rounding leaves out of the border map;
polygons that lie outside the image, on which it fails, leave no trace in that map.

Array suffixes: _HW map (float32), _P2 points of one polygon, _NP2 of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import cv2
import numpy as np

from ppocr.geometry.polygon import offset
from ppocr.transforms.base import Sample
from ppocr.transforms.target_border import raise_nearness
from ppocr.utils.compiled import compiled

MAX_OUTLINE = 64  # points of a polygon grown by 150 pixels; what has more goes to Clipper
SHRINK_GAIN = 0.2  # how much the ratio grows in the course of total_epoch


class MakeBorderMap:
    """Adds ``threshold_map`` and ``threshold_mask``, both float32 (H, W).

    The map falls from ``thresh_max`` on the outline of each text to ``thresh_min`` at distance
    D and beyond; the mask is 1 where a grown region lies. Ignored regions are left out. With
    ``total_epoch`` the shrink ratio grows by 0.2 in the course of training.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("threshold_map", "threshold_mask")
    touches: ClassVar[str] = "pixels"
    keeps: ClassVar[bool] = True  # only the size of the image matters

    def __init__(
        self,
        shrink_ratio: float = 0.4,
        thresh_min: float = 0.3,
        thresh_max: float = 0.7,
        total_epoch: int | None = None,
    ) -> None:
        self.shrink_ratio = shrink_ratio
        self.thresh_min, self.thresh_max = thresh_min, thresh_max
        self.total_epoch = total_epoch

    def __call__(self, sample: Sample) -> Sample:
        shape = sample["image"].shape[:2]
        threshold_HW = np.full(shape, self.thresh_min, dtype=np.float32)
        mask_HW = np.zeros(shape, dtype=np.uint8)
        ratio = ratio_at(self.shrink_ratio, self.total_epoch, sample.get("epoch", 0))
        polys = np.asarray(sample["polys"], dtype=np.float32)
        areas, perimeters = measures(polys)
        care = ~np.asarray(sample["ignore_tags"], dtype=bool) & (areas != 0)
        distances = np.abs(areas) * (1 - ratio * ratio) / np.maximum(perimeters, 1e-9)
        polys, distances = polys[care], distances[care]
        outlines, boxes = grown(polys, distances)
        boxes = boxes.clip(0, (shape[1], shape[0]) * 2)
        seen = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
        for place in np.flatnonzero(seen).tolist():
            cv2.fillPoly(mask_HW, [outlines[place]], 1)
        floor, rise = self.thresh_min, self.thresh_max - self.thresh_min
        raise_nearness(threshold_HW, polys[seen], distances[seen], boxes[seen], floor, rise)
        sample["threshold_map"] = threshold_HW
        sample["threshold_mask"] = mask_HW.astype(np.float32)
        return sample


class MakeShrinkMap:
    """Adds ``shrink_map`` and ``shrink_mask``, both float32 (H, W).

    The map is 1 inside the shrunk texts; the mask is 0 where there is a region that is
    ignored, smaller than ``min_text_size`` pixels in height or width, or shrinks to nothing.
    ``polys`` are clipped to the image and put clockwise, ``ignore_tags`` updated. With
    ``total_epoch`` the shrink ratio grows by 0.2 in the course of training.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("shrink_map", "shrink_mask")
    touches: ClassVar[str] = "pixels"
    keeps: ClassVar[bool] = True  # only the size of the image matters

    def __init__(
        self,
        min_text_size: int = 8,
        shrink_ratio: float = 0.4,
        total_epoch: int | None = None,
    ) -> None:
        self.min_text_size = min_text_size
        self.shrink_ratio = shrink_ratio
        self.total_epoch = total_epoch

    def __call__(self, sample: Sample) -> Sample:
        shape = sample["image"].shape[:2]
        ratio = ratio_at(self.shrink_ratio, self.total_epoch, sample.get("epoch", 0))
        polys, ignored, areas = tidy(sample["polys"], sample["ignore_tags"], shape)
        map_HW = np.zeros(shape, dtype=np.uint8)  # bytes are filled in half the time
        mask_HW = np.ones(shape, dtype=np.float32)  # little is drawn here
        points = polys.astype(np.int64).tolist()  # Clipper takes whole numbers
        extents = areas.tolist()
        perimeters = measures(polys)[1].tolist()
        usable = ~ignored
        if len(polys):
            sides = (polys.max(axis=1) - polys.min(axis=1)).min(axis=1)
            usable &= sides >= self.min_text_size
        for place, wanted in enumerate(usable.tolist()):
            outlines: list[np.ndarray] = []
            if wanted:
                outlines = shrunk(points[place], extents[place], perimeters[place], ratio)
            if not outlines:
                cv2.fillPoly(mask_HW, [polys[place].astype(np.int32)], 0)
                ignored[place] = True
            for outline in outlines:
                cv2.fillPoly(map_HW, [outline], 1)
        sample["shrink_map"] = map_HW.astype(np.float32)
        sample["shrink_mask"] = mask_HW
        sample["polys"], sample["ignore_tags"] = polys, ignored
        return sample


def ratio_at(ratio: float, total_epoch: int | None, epoch: int) -> float:
    """Return the shrink ratio of an epoch: constant, or growing by 0.2 over ``total_epoch``."""
    if not total_epoch:
        return ratio
    return ratio + SHRINK_GAIN * epoch / float(total_epoch)


def measures(polys_NP2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return signed area (clockwise on the screen is positive) and perimeter of each polygon."""
    areas, perimeters = np.zeros(len(polys_NP2)), np.zeros(len(polys_NP2))
    if len(polys_NP2):
        _measure(np.ascontiguousarray(polys_NP2, dtype=np.float64), areas, perimeters)
    return areas, perimeters


@compiled("void(float64[:,:,::1], float64[::1], float64[::1])")
def _measure(polys_NP2, areas, perimeters):
    for place in range(polys_NP2.shape[0]):
        poly = polys_NP2[place]
        for corner in range(len(poly)):
            following = corner + 1 if corner + 1 < len(poly) else 0
            x, y = poly[corner, 0], poly[corner, 1]
            next_x, next_y = poly[following, 0], poly[following, 1]
            areas[place] += 0.5 * (x * next_y - y * next_x)
            perimeters[place] += math.hypot(next_x - x, next_y - y)


def tidy(
    polys_NP2: np.ndarray, ignore_tags: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return polygons clipped to the image, clockwise, the tags to ignore, and absolute areas."""
    polys = np.array(polys_NP2, dtype=np.float32)
    ignored = np.array(ignore_tags, dtype=bool)
    if not len(polys):
        return polys, ignored, np.zeros(0)
    height, width = shape
    np.clip(polys[..., 0], 0, width - 1, out=polys[..., 0])
    np.clip(polys[..., 1], 0, height - 1, out=polys[..., 1])
    areas, _ = measures(polys)
    ignored |= np.abs(areas) < 1
    backwards = areas < 0
    polys[backwards] = polys[backwards, ::-1]
    return polys, ignored, np.abs(areas)


def shrunk(
    points_P2: list[list[int]], area: float, perimeter: float, ratio: float
) -> list[np.ndarray]:
    """Return the outlines (int32) of the shrunk polygon; none when nothing is left.

    Where shrinking tears the polygon apart, gentler ratios (2, 3, ... times the ratio, below
    1) are tried; the last result counts.
    """
    outlines: list[np.ndarray] = []
    for tried in _tries(ratio):
        outlines = offset(points_P2, -area * (1 - tried * tried) / perimeter, np.int32)
        if len(outlines) == 1:
            break
    return outlines


def _tries(ratio: float) -> Iterator[float]:
    """Yield the multiples of the ratio below 1; the first is nearly always enough."""
    if ratio < 1:
        yield ratio
        yield from np.arange(ratio, 1, ratio)[1:].tolist()


def grown(polys_NP2: np.ndarray, distances_N: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the outlines (int32, [n, 2]) of the polygons grown by distances, and their boxes.

    Boxes are x0, y0, x1, y1 (exclusive), int64 (N, 4). Where nothing is left the outline and the
    box are empty; of several outlines the first counts.
    """
    from ppocr.transforms import target_kernels

    count = len(polys_NP2)
    points = np.empty((count, MAX_OUTLINE, 2), dtype=np.int32)
    sizes, boxes = np.zeros(count, dtype=np.int64), np.zeros((count, 4), dtype=np.int64)
    polys_NP2 = np.ascontiguousarray(polys_NP2, dtype=np.float64)
    target_kernels.grow(
        polys_NP2, np.ascontiguousarray(distances_N, dtype=np.float64), points, sizes, boxes
    )
    outlines = [points[place, :size] for place, size in enumerate(sizes.tolist())]
    for place in np.flatnonzero(sizes == 0).tolist():
        found = offset(polys_NP2[place], float(distances_N[place]), np.int32)
        if found:
            outlines[place] = found[0]
            x, y, width, height = cv2.boundingRect(found[0])
            boxes[place] = x, y, x + width, y + height
    return outlines, boxes
