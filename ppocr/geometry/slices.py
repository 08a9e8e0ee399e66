"""Large images in pieces: where to cut, and how to join what the cuts took apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def slice_generator(
    image_HWC: np.ndarray, horizontal_stride: int, vertical_stride: int, most: int = 500
) -> Iterator[tuple[np.ndarray, int, int]]:
    """Yield pieces of an image, row by row, each with its y and x; at most `most` of them."""
    height, width = image_HWC.shape[:2]
    yielded = 0
    for top in range(0, height, vertical_stride):
        for left in range(0, width, horizontal_stride):
            if yielded == most:
                return
            yielded += 1
            piece = image_HWC[top : top + vertical_stride, left : left + horizontal_stride]
            yield piece, top, left


def merge_fragmented(
    boxes: Sequence[np.ndarray] | np.ndarray, x_threshold: int = 10, y_threshold: int = 10
) -> np.ndarray:
    """Return boxes [M, 4, 2] in which pieces of one line are joined to upright rectangles.

    Two boxes are pieces of a line when their upper and lower edges differ by at most
    `y_threshold` and the end of the first lies at most `x_threshold` from the start of the
    second. A joined box goes on joining; what is left alone keeps its own corners.
    """
    pieces = [np.asarray(box) for box in boxes]
    while True:
        joined = _join_once(pieces, x_threshold, y_threshold)
        if len(joined) == len(pieces):
            return np.asarray(joined)
        pieces = joined


def _join_once(pieces: list[np.ndarray], x_threshold: int, y_threshold: int) -> list[np.ndarray]:
    joined: list[np.ndarray] = []
    waiting = pieces
    while waiting:
        box, *rest = waiting
        waiting = []
        for other in rest:
            if _continues(box, other, x_threshold, y_threshold):
                box = _hull(box, other)
            else:
                waiting.append(other)
        joined.append(box)
    return joined


def _continues(box: np.ndarray, other: np.ndarray, x_threshold: int, y_threshold: int) -> bool:
    (_, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    (left, other_top), (_, other_bottom) = other.min(axis=0), other.max(axis=0)
    level = abs(top - other_top) <= y_threshold and abs(bottom - other_bottom) <= y_threshold
    return bool(level and abs(right - left) <= x_threshold)


def _hull(box: np.ndarray, other: np.ndarray) -> np.ndarray:
    (left, top), (right, bottom) = (
        np.minimum(box.min(axis=0), other.min(axis=0)),
        np.maximum(box.max(axis=0), other.max(axis=0)),
    )
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
