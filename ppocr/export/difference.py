"""In what two arrays, or two results, differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SCORE_TOLERANCE = 1e-3  # of results whose raw outputs were computed by different engines


def gap(ours: np.ndarray, theirs: np.ndarray | None) -> float:
    """Return the largest difference of two arrays, infinity if they cannot be compared."""
    if theirs is None or ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max(initial=0.0))


def scale_of(array: np.ndarray) -> float:
    """Return the largest absolute value, at least 1."""
    return max(1.0, float(np.abs(array).max(initial=0.0)))


def amount(task: str, results: Sequence[Any]) -> str:
    """Return how much the results hold, as the table says it."""
    if task == "det":
        return f"{sum(len(one['points']) for one in results)} boxes"
    if task == "rec":
        return f"{sum(len(one[0]) for one in results)} characters"
    return f"{len({one[0] for one in results})} labels"


def difference_of(
    task: str, ours: Any, theirs: Any, score_tolerance: float = SCORE_TOLERANCE
) -> str | None:
    """Return in what two results differ, None if they are the same up to the scores' tolerance."""
    if task == "det":
        return _boxes_differ(ours, theirs, score_tolerance)
    if ours[0] != theirs[0]:
        return f"{ours[0]!r} and {theirs[0]!r}"
    if not abs(float(ours[1]) - float(theirs[1])) <= score_tolerance:
        return f"{ours[0]!r} with score {ours[1]:.5f} and {theirs[1]:.5f}"
    return None


def _boxes_differ(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], score_tolerance: float
) -> str | None:
    left = [np.asarray(one, np.float64) for one in ours["points"]]
    right = [np.asarray(one, np.float64) for one in theirs["points"]]
    if len(left) != len(right):
        return f"{len(left)} and {len(right)} boxes"
    for one, two in zip(left, right, strict=True):
        if one.shape != two.shape:
            return f"a polygon of {len(one)} and one of {len(two)} points"
        if not np.array_equal(one, two):
            return f"box {one.tolist()} and {two.tolist()}"
    for one, two in zip(ours["scores"], theirs["scores"], strict=True):
        if not abs(float(one) - float(two)) <= score_tolerance:
            return f"a box with score {float(one):.5f} and {float(two):.5f}"
    return None
