"""Polygons: area, growing and shrinking, overlap. Points are [n, 2] of x, y in pixels.

Offsets are computed on whole pixels by the Clipper library: coordinates lose their fractions
on the way in, as in the original; targets and boxes depend on it.
"""

# pyclipper is a compiled module without stubs
# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import cv2
import numpy as np
import shapely
from pyclipper import ET_CLOSEDPOLYGON, JT_ROUND, PyclipperOffset

FEW_POINTS = 8


def signed_areas(polygons_Nn2: np.ndarray) -> np.ndarray:
    """Return the area of each polygon, positive when its points run clockwise on the screen.

    `polygons_Nn2` is [..., n, 2]; float64 comes back, without the last two axes.
    """
    x, y = np.moveaxis(np.asarray(polygons_Nn2, dtype=np.float64), -1, 0)
    return 0.5 * ((x * _next(y)).sum(axis=-1) - (y * _next(x)).sum(axis=-1))


def perimeters(polygons_Nn2: np.ndarray) -> np.ndarray:
    """Return the length of each closed outline in pixels; shapes as in `signed_areas`."""
    x, y = np.moveaxis(np.asarray(polygons_Nn2, dtype=np.float64), -1, 0)
    return np.sqrt((_next(x) - x) ** 2 + (_next(y) - y) ** 2).sum(axis=-1)


def area(points: np.ndarray) -> float:
    """Return the enclosed area in square pixels."""
    return abs(float(signed_areas(points)))


def perimeter(points: np.ndarray) -> float:
    """Return the length of the closed outline in pixels."""
    return float(perimeters(points))


def short_side(points: np.ndarray) -> float:
    """Return the short side of the least rectangle around a polygon, in pixels."""
    outline = np.asarray(points, dtype=np.float32).reshape(-1, 2)
    return float(min(cv2.minAreaRect(outline)[1]))


def offset(
    points: np.ndarray | Sequence, distance: float, dtype: type[np.integer] = np.int64
) -> list[np.ndarray]:
    """Return the outlines ([n, 2] of ``dtype``) of the polygon grown by a distance in pixels.

    A negative distance shrinks. Corners are rounded. There are several outlines when
    shrinking pulls a waist apart, and none when nothing is left.
    """
    if isinstance(points, np.ndarray):
        points = points.tolist()
    offsetter = PyclipperOffset()
    offsetter.AddPath(points, JT_ROUND, ET_CLOSEDPOLYGON)
    return [_outline(path, dtype) for path in offsetter.Execute(distance)]


def _outline(path: list[list[int]], dtype: type[np.integer]) -> np.ndarray:
    """Return a list of points as an array."""
    if len(path) <= FEW_POINTS:
        return np.array(path, dtype)
    # numpy takes twice as long to look through a long list of pairs
    return np.fromiter(chain.from_iterable(path), dtype, 2 * len(path)).reshape(-1, 2)


def unclip_distances(polygons_Nn2: np.ndarray, ratio: float) -> np.ndarray:
    """Return how far each shrunk region is grown: area * ratio / perimeter."""
    return _per_length(np.abs(signed_areas(polygons_Nn2)) * ratio, perimeters(polygons_Nn2))


def shrink_distances(polygons_Nn2: np.ndarray, ratio: float) -> np.ndarray:
    """Return how far each text region is shrunk: area * (1 - ratio^2) / perimeter."""
    areas = np.abs(signed_areas(polygons_Nn2))
    return _per_length(areas * (1 - ratio * ratio), perimeters(polygons_Nn2))


def pad_polygons(polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Return polygons in one array [N, n, 2]; shorter ones repeat their last point."""
    if not len(polygons):
        return np.zeros((0, 4, 2), dtype=np.float32)
    longest = max(len(polygon) for polygon in polygons)
    padded = [np.pad(p, ((0, longest - len(p)), (0, 0)), mode="edge") for p in polygons]
    return np.stack(padded)


def shapes(polygons: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return the polygons as an object array of shapely polygons.

    A polygon with fewer than three points becomes an empty one.
    """
    count = len(polygons)
    if not count:
        return np.empty(0, dtype=object)
    if isinstance(polygons, np.ndarray) and polygons.ndim == 3 and polygons.shape[1] > 2:
        return np.asarray(shapely.polygons(polygons.astype(np.float64)), dtype=object)
    made = np.full(count, shapely.Polygon(), dtype=object)
    usable = [place for place, points in enumerate(polygons) if len(points) > 2]
    if usable:
        rings = [np.asarray(polygons[place], dtype=np.float64).reshape(-1, 2) for place in usable]
        owners = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
        made[usable] = shapely.polygons(shapely.linearrings(np.concatenate(rings), indices=owners))
    return made


def overlaps(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return index pairs (i, j) of shapes whose bounding boxes overlap, and the common areas.

    `first` and `second` are arrays from `shapes`, valid ones only. Pairs are sorted by i,
    then j. All pairs that are not listed share no area.
    """
    if not len(first) or not len(second):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    left, top, right, bottom = shapely.bounds(first).T[:, :, None]
    other_left, other_top, other_right, other_bottom = shapely.bounds(second).T[:, None]
    near = (top < other_bottom) & (other_top < bottom)  # rows tell most lines of text apart
    near &= left < other_right
    near &= other_left < right
    i, j = np.nonzero(near)
    return i, j, shapely.area(shapely.intersection(first[i], second[j]))


def _next(values: np.ndarray) -> np.ndarray:
    """Return for each point of closed outlines the value of the point after it."""
    return np.concatenate((values[..., 1:], values[..., :1]), axis=-1)


def _per_length(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
