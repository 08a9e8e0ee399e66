"""What annotation tools for pictures of any kind have in common: texts under names of choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ppocr.conversion.page import Point, Region, is_ignored, points_of
from ppocr.geometry.box import order_points_clockwise
from ppocr.transforms.base import Rejected

TEXT_KEYS = ("text", "transcription", "utf8_string", "content", "value", "ocr", "caption")
IGNORE_KEYS = ("ignore", "ignored", "difficult", "illegible", "illegibility")
TRUE = frozenset({True, "1", "true", "True", "yes"})


def region(
    points: Sequence[Point],
    text: str,
    ignored: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Region:
    """Return a region of a tool that knows no reading direction.

    Four corners are put in the order in which a detector's are: clockwise from the upper left.
    """
    checked = points_of(list(points))
    if len(checked) == 4:
        ordered = order_points_clockwise(np.array(checked, np.float32)).tolist()
        exact = {tuple(np.float32(point).tolist()): point for point in checked}
        checked = tuple(exact.get(tuple(point), tuple(point)) for point in ordered)
    return Region(checked, text, ignored or is_ignored(text), extra or {})


def text_in(found: Mapping[str, Any], key: str) -> str | None:
    """Return the text of an annotation: under ``key`` if given, else under a usual name."""
    for name in (key,) if key else TEXT_KEYS:
        value = found.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def is_marked(found: Mapping[str, Any]) -> bool:
    """Return whether an annotation is marked as one to ignore."""
    values = (found.get(name) for name in IGNORE_KEYS)
    return any(isinstance(one, bool | int | str) and one in TRUE for one in values)


def pairs(numbers: Any) -> list[Point]:
    """Return ``[x1, y1, x2, y2, ...]`` as points; Rejected ("bad points") when it is not that."""
    if not isinstance(numbers, list | tuple) or len(numbers) % 2:
        raise Rejected("bad points", f"{str(numbers)[:60]} is not x1, y1, x2, y2, ...")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def numbers_of(found: Any, *names: str | int) -> list[float]:
    """Return the named numbers of a mapping; Rejected ("bad points") when one is missing."""
    values = [found.get(name) if isinstance(found, Mapping) else None for name in names]
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e9:
            raise Rejected("bad points", f"{name} is {str(value)[:40]}, not a number")
    return [float(value) for value in values if value is not None]


def mapping(found: Any, what: str) -> Mapping[str, Any]:
    """Return ``found`` if it is a mapping; Rejected ("bad label") if it is not."""
    if not isinstance(found, Mapping):
        raise Rejected("bad label", f"{what} is {type(found).__name__}, not a mapping")
    return found


def size_of(found: Mapping[str, Any], width: str, height: str) -> tuple[float, float]:
    """Return the size in pixels that labels state under these names, (0, 0) if they do not."""
    wide, high = found.get(width), found.get(height)
    if not _is_size(wide) or not _is_size(high):
        return 0, 0
    return float(wide), float(high)  # type: ignore[arg-type]


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9
