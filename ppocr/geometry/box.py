"""Quadrilaterals: corner order, minimum-area rectangles, clipping, and what is left to read.

Boxes are arrays [4, 2] of x, y in pixels, y downwards; `boxes_N42` holds several. "Clockwise"
is as seen on the screen, starting at the top left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

OUTSIDE_PART = 0.02  # of the side of the image; less is the rounding of a labelling tool
MIN_SIDE_PX = 3  # boxes this thin or thinner hold no legible glyph

Polygons = np.ndarray | list[np.ndarray]


def order_points_clockwise(
    points: np.ndarray, method: Literal["angle", "sums"] = "angle"
) -> np.ndarray:
    """Return the four corners clockwise from the top left one, as float32 [4, 2].

    The first corner has the least x + y; of two such, the higher one. The original picks all
    corners by least and greatest x + y and y - x (`method="sums"`), which returns one corner
    twice and loses another when a box stands at 45 degrees.
    """
    points = np.asarray(points, dtype=np.float32).reshape(4, 2)
    return _by_sums(points) if method == "sums" else _by_angle(points)


def min_area_box(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the rectangle of least area around points, and the length of its short side.

    Corners (float32 [4, 2]) are in the order of `order_left_right`. Whatever corner OpenCV
    starts with, which changed between its versions, the result is the same.
    """
    rectangle = cv2.minAreaRect(points)
    return order_left_right(cv2.boxPoints(rectangle)[None])[0], min(rectangle[1])


def order_left_right(boxes_N42: np.ndarray) -> np.ndarray:
    """Return each box as upper left, upper right, lower right, lower left corner.

    The two corners with the least x are the left ones, of two equally far left the higher;
    of each pair the upper is first.
    """
    by_x = np.lexsort((boxes_N42[..., 1], boxes_N42[..., 0]), axis=1)
    sorted_N42 = np.take_along_axis(boxes_N42, by_x[..., None], axis=1)
    left_up = sorted_N42[:, 1, 1] <= sorted_N42[:, 0, 1]
    right_up = sorted_N42[:, 3, 1] <= sorted_N42[:, 2, 1]
    order = np.empty(by_x.shape, dtype=np.int64)
    order[:, 0] = np.where(left_up, 1, 0)
    order[:, 1] = np.where(right_up, 3, 2)
    order[:, 2] = np.where(right_up, 2, 3)
    order[:, 3] = np.where(left_up, 0, 1)
    return np.take_along_axis(sorted_N42, order[..., None], axis=1)


def clip(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return points moved onto the pixels of an image, as whole numbers in float32."""
    last = np.array((width - 1, height - 1), dtype=np.float32)
    return np.trunc(np.clip(np.asarray(points, dtype=np.float32), 0, last))


def side_lengths(boxes_N42: np.ndarray) -> np.ndarray:
    """Return width (first side) and height (last side) of each box, float32 [N, 2]."""
    boxes = np.asarray(boxes_N42, dtype=np.float32)
    return np.linalg.norm(boxes[:, :1] - boxes[:, [1, 3]], axis=2)


def is_legible(boxes_N42: np.ndarray, min_side_px: int = MIN_SIDE_PX) -> np.ndarray:
    """Return which boxes are more than `min_side_px` whole pixels wide and high."""
    return np.all(np.trunc(side_lengths(boxes_N42)) > min_side_px, axis=1)


def deploy_boxes(
    points: np.ndarray | Sequence[np.ndarray],
    scores: Sequence[float] | np.ndarray | None,
    image_hw: tuple[int, int],
    order: Literal["angle", "sums"] = "angle",
    min_side_px: int = MIN_SIDE_PX,
) -> tuple[Polygons, list[float]]:
    """Return detected boxes as they are handed on, and their scores.

    Quadrilaterals are ordered clockwise, clipped to the image and dropped when a side is
    `min_side_px` or less; polygons with other numbers of points are only clipped. float32.
    """
    height, width = image_hw
    kept_scores = [] if scores is None else [float(score) for score in scores]
    if not is_quads(points):
        return [clip(polygon, height, width) for polygon in points], kept_scores
    boxes = np.asarray(points, dtype=np.float32).reshape(-1, 4, 2)
    if not len(boxes):
        return boxes, []
    ordered = np.stack([order_points_clockwise(box, order) for box in boxes])
    clipped = clip(ordered, height, width)
    kept = is_legible(clipped, min_side_px)
    if scores is not None:
        kept_scores = [score for score, keep in zip(kept_scores, kept, strict=True) if keep]
    return clipped[kept], kept_scores


def is_quads(points: np.ndarray | Sequence[np.ndarray]) -> bool:
    """Return whether these are boxes of four corners each, in one array or none at all."""
    if isinstance(points, np.ndarray):
        return points.size == 0 or points.shape[1:] == (4, 2)
    return len(points) == 0


def _by_angle(points: np.ndarray) -> np.ndarray:
    centred = points - points.mean(axis=0)
    turning = points[np.argsort(np.arctan2(centred[:, 1], centred[:, 0]), kind="stable")]
    sums = turning.sum(axis=1)
    first = min(range(4), key=lambda corner: (sums[corner], turning[corner, 1]))
    return np.roll(turning, -first, axis=0)


def _by_sums(points: np.ndarray) -> np.ndarray:
    sums = points.sum(axis=1)
    first, third = sums.argmin(), sums.argmax()
    rest = np.delete(points, (first, third), axis=0)
    rise = rest[:, 1] - rest[:, 0]
    return np.stack([points[first], rest[rise.argmin()], points[third], rest[rise.argmax()]])


def leaves(low_N2: np.ndarray, high_N2: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return whether boxes from ``low`` to ``high`` reach beyond an image of (width, height)."""
    slack = np.maximum(np.array(size) * OUTSIDE_PART, 2)
    return np.any((low_N2 < -slack) | (high_N2 > np.array(size) + slack), axis=1)
