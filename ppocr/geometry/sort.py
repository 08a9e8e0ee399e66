"""Reading order of detected boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROW_PX = 10  # upper left corners closer than this in y may be in one row


def reading_order(boxes: np.ndarray | Sequence[np.ndarray]) -> list[int]:
    """Return the places of the boxes from top to bottom, and left to right within a row.

    Boxes are sorted by their first corner (y, then x); then a box moves before its neighbour
    while it begins further left and less than 10 px apart in y. Only neighbours change
    places: this is the order of the original, not a full grouping into rows.
    """
    corners = [(float(box[0][1]), float(box[0][0])) for box in boxes]
    order = sorted(range(len(corners)), key=corners.__getitem__)
    for last in range(1, len(order)):
        place = last
        while place and _goes_before(corners[order[place]], corners[order[place - 1]]):
            order[place - 1], order[place] = order[place], order[place - 1]
            place -= 1
    return order


def sort_boxes(boxes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    """Return the boxes in reading order, in the container they came in."""
    order = reading_order(boxes)
    if isinstance(boxes, np.ndarray):
        return boxes[order]
    return [boxes[place] for place in order]


def _goes_before(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < ROW_PX and one[1] < other[1]
