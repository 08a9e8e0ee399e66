"""Polygons: area, growing and shrinking, overlap. Points are [n, 2] of x, y in pixels.

Offsets are computed on whole pixels by the Clipper library: coordinates lose their fractions
on the way in, as in the original; targets and boxes depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyclipper
import shapely


def signed_area(points: np.ndarray) -> float:
    """Return the area, positive when the points run clockwise on the screen."""
    x, y = np.asarray(points, dtype=np.float64).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def area(points: np.ndarray) -> float:
    """Return the enclosed area in square pixels."""
    return abs(signed_area(points))


def perimeter(points: np.ndarray) -> float:
    """Return the length of the closed outline in pixels."""
    points = np.asarray(points, dtype=np.float64)
    steps = np.roll(points, -1, axis=0) - points
    return float(np.sqrt((steps * steps).sum(axis=1)).sum())


def offset(points: np.ndarray | Sequence, distance: float) -> list[np.ndarray]:
    """Return the outlines (int64 [n, 2]) of the polygon grown by a distance in pixels.

    A negative distance shrinks. Corners are rounded. There are several outlines when
    shrinking pulls a waist apart, and none when nothing is left.
    """
    if isinstance(points, np.ndarray):
        points = points.tolist()
    offsetter = pyclipper.PyclipperOffset()
    offsetter.AddPath(points, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.asarray(path, dtype=np.int64) for path in offsetter.Execute(distance)]


def unclip_distance(points: np.ndarray, ratio: float) -> float:
    """Return how far a shrunk region is grown: area * ratio / perimeter."""
    length = perimeter(points)
    return area(points) * ratio / length if length else 0.0


def shrink_distance(points: np.ndarray, ratio: float) -> float:
    """Return how far a text region is shrunk for training: area * (1 - ratio^2) / perimeter."""
    length = perimeter(points)
    return area(points) * (1 - ratio * ratio) / length if length else 0.0


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
    a, b = shapely.bounds(first)[:, None], shapely.bounds(second)[None]
    near = (a[..., :2] < b[..., 2:]).all(axis=2) & (b[..., :2] < a[..., 2:]).all(axis=2)
    i, j = np.nonzero(near)
    return i, j, shapely.area(shapely.intersection(first[i], second[j]))


def polygon_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Return intersection over union of two polygons; 0.0 if one of them crosses itself."""
    pair = shapes([np.asarray(first), np.asarray(second)])
    if not shapely.is_valid(pair).all():
        return 0.0
    common = shapely.area(shapely.intersection(pair[0], pair[1]))
    union = float(shapely.area(pair).sum() - common)
    return float(common) / union if union > 0 else 0.0
