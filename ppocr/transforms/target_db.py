"""Training targets of DB: the shrunk text regions and the border they leave.

Minghui Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI
2020. Each region is shrunk (for the probability map) and grown (for the threshold map) by
D = area * (1 - r^2) / perimeter. Numbers are those of the original on every input it accepts;
polygons that lie outside the image, on which it fails, leave no trace in the border map.

Array suffixes: _HW map (float32), _P2 points of one polygon, _NP2 of all.
"""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from ppocr.geometry.polygon import offset
from ppocr.transforms.base import Sample

SHRINK_GAIN = 0.2  # how much the ratio grows in the last step of a run with total_epoch
EDGE_SLACK = 2e-7  # float32 rounding of a squared radius, relative
STEEP = np.float32(1e9)  # turns "outside the circle" into a distance that never counts


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
        closeness_HW = np.zeros(shape, dtype=np.float32)
        mask_HW = np.zeros(shape, dtype=np.float32)
        ratio = ratio_at(self.shrink_ratio, self.total_epoch, sample.get("epoch", 0))
        polys = np.asarray(sample["polys"])
        areas, perimeters = measures(polys)
        for place in np.flatnonzero(~np.asarray(sample["ignore_tags"], dtype=bool)):
            if perimeters[place] <= 0 or areas[place] == 0:
                continue
            distance = abs(areas[place]) * (1 - ratio * ratio) / perimeters[place]
            draw_border(polys[place], float(distance), closeness_HW, mask_HW)
        closeness_HW *= np.float32(self.thresh_max - self.thresh_min)
        closeness_HW += np.float32(self.thresh_min)
        sample["threshold_map"], sample["threshold_mask"] = closeness_HW, mask_HW
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
        map_HW = np.zeros(shape, dtype=np.float32)
        mask_HW = np.ones(shape, dtype=np.float32)
        _, perimeters = measures(polys)
        sides = np.ptp(polys, axis=1).min(axis=1) if len(polys) else np.zeros(0)
        for place in range(len(polys)):
            outlines: list[np.ndarray] = []
            if not ignored[place] and sides[place] >= self.min_text_size:
                outlines = shrunk(polys[place], areas[place], perimeters[place], ratio)
            if not outlines:
                cv2.fillPoly(mask_HW, [polys[place].astype(np.int32)], 0)
                ignored[place] = True
            else:
                for outline in outlines:
                    cv2.fillPoly(map_HW, [outline.astype(np.int32)], 1)
        sample["shrink_map"], sample["shrink_mask"] = map_HW, mask_HW
        sample["polys"], sample["ignore_tags"] = polys, ignored
        return sample


def ratio_at(ratio: float, total_epoch: int | None, epoch: int) -> float:
    """Return the shrink ratio of an epoch: constant, or growing by 0.2 over ``total_epoch``."""
    if not total_epoch:
        return ratio
    return ratio + SHRINK_GAIN * epoch / float(total_epoch)


def measures(polys_NP2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return signed area (clockwise on the screen is positive) and perimeter of each polygon."""
    if not len(polys_NP2):
        return np.zeros(0), np.zeros(0)
    points = polys_NP2.astype(np.float64)
    following = np.roll(points, -1, axis=1)
    x, y = points[..., 0], points[..., 1]
    areas = 0.5 * (x * following[..., 1] - y * following[..., 0]).sum(axis=1)
    steps = following - points
    return areas, np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1)


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


def shrunk(poly_P2: np.ndarray, area: float, perimeter: float, ratio: float) -> list[np.ndarray]:
    """Return the outlines of the shrunk polygon; none when nothing is left.

    Where shrinking tears the polygon apart, gentler ratios (2, 3, ... times the ratio, below
    1) are tried; the last result counts.
    """
    outlines: list[np.ndarray] = []
    points = poly_P2.tolist()
    for tried in np.arange(ratio, 1, ratio):
        outlines = offset(points, -area * (1 - tried * tried) / perimeter)
        if len(outlines) == 1:
            break
    return outlines


def draw_border(
    poly_P2: np.ndarray, distance: float, closeness_HW: np.ndarray, mask_HW: np.ndarray
) -> None:
    """Raise the closeness map (1 on the outline, 0 at ``distance``) inside the grown polygon."""
    outlines = offset(poly_P2, distance)
    if not outlines:
        return
    grown = outlines[0].astype(np.int32)
    (left, top), (right, bottom) = grown.min(axis=0), grown.max(axis=0)
    height, width = mask_HW.shape
    x0, x1 = max(int(left), 0), min(int(right), width - 1) + 1
    y0, y1 = max(int(top), 0), min(int(bottom), height - 1) + 1
    if x0 >= x1 or y0 >= y1:
        return
    cv2.fillPoly(mask_HW, [grown], 1)
    near = closeness(poly_P2, distance, x0, x1, y0, y1)
    part = closeness_HW[y0:y1, x0:x1]
    np.maximum(part, near, out=part)


def closeness(
    poly_P2: np.ndarray, distance: float, x0: int, x1: int, y0: int, y1: int
) -> np.ndarray:
    """Return 1 - d / ``distance``, at least 0, for each pixel of a box; d to the nearest edge.

    As in the original the distance to an edge is the one to its line for pixels that see the
    edge under an obtuse angle (inside the circle over it), else the one to the nearer end.
    """
    x = np.arange(x0, x1, dtype=np.float64)
    y = np.arange(y0, y1, dtype=np.float64)
    start = poly_P2.astype(np.float64) / distance
    x, y = x / distance, y / distance
    ends = np.roll(start, -1, axis=0)
    edges = ends - start
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    best = np.full((y1 - y0, x1 - x0), 1.0, dtype=np.float32)
    scratch, circle = np.empty_like(best), np.empty_like(best)
    for (ax, ay), (ex, ey), length in zip(start, edges, lengths, strict=True):
        squares_x, squares_y = (x - ax) ** 2, (y - ay) ** 2
        np.add(_column(squares_y), _row(squares_x), out=scratch)
        np.minimum(best, scratch, out=best)  # squared, to the corner
    np.sqrt(best, out=best)
    for (ax, ay), (ex, ey), length in zip(start, edges, lengths, strict=True):
        if length == 0:
            continue
        across_x, across_y = (x - ax) * (ey / length), (y - ay) * (ex / length)
        np.subtract(_column(across_y), _row(across_x), out=scratch)
        np.abs(scratch, out=scratch)
        middle_x, middle_y, radius = ax + ex / 2, ay + ey / 2, length / 2
        limit = radius * radius * (1 + EDGE_SLACK) + 1e-9
        np.add(
            _column((y - middle_y) ** 2 - limit) * STEEP,
            _row((x - middle_x) ** 2) * STEEP,
            out=circle,
        )
        np.maximum(scratch, circle, out=scratch)
        np.minimum(best, scratch, out=best)
    return np.subtract(1, best, out=best)


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]


def _row(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[None, :]
