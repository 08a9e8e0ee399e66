"""What a result is for each kind of model: its text row, what deployment does to it, its drawing.

The runner knows no task; whoever shows or compares results picks the record by ``spec.task``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from ppocr.geometry import box as boxes
from ppocr.pipeline.spec import BOX_FILTER, PipelineSpec
from ppocr.utils.exits import UsageError

LINE_BGR = (0, 0, 255)


class Boxes(NamedTuple):
    """Where text is: polygons in pixels of the page, and how sure the detector is of each."""

    points: list[np.ndarray]
    scores: list[float]


class Line(NamedTuple):
    """One line of text and the mean confidence of its characters."""

    text: str
    score: float


class Angle(NamedTuple):
    """A class (such as '0' or '180') and its confidence."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of model, as seen from outside."""

    name: str
    stage: str  # what the results are called when they are compared
    read: Callable[[Any], Any]  # what a post-process returns -> the result
    row: Callable[[Any], str]  # one line of a result file, without the file name
    finish: Callable[[Any, PipelineSpec, tuple[int, int]], Any]  # with height and width in pixels
    draw: Callable[[np.ndarray, Any], np.ndarray] | None = None


def task_of(spec: PipelineSpec) -> Task:
    """Return the record of ``spec.task``."""
    found = TASKS.get(spec.task)
    if found is None:
        raise UsageError(f"no results are known for model type {spec.task!r} ({', '.join(TASKS)})")
    return found


def read_boxes(result: Mapping[str, Any]) -> Boxes:
    """Return the boxes of a detection post-process."""
    points = [np.asarray(one) for one in result["points"]]
    return Boxes(points, [float(score) for score in result["scores"]])


def finish_boxes(
    result: Mapping[str, Any], spec: PipelineSpec, height_width: tuple[int, int]
) -> dict[str, Any]:
    """Return the boxes as predict gives them: ordered, inside the page, thin ones left out.

    Polygons are only clipped. Nothing is done for a spec without ``box_filter``.
    """
    settings = spec.specials.get("box_filter")
    if not settings:
        return dict(result)
    wanted = {**BOX_FILTER, **settings}
    points, scores = boxes.deploy_boxes(
        result["points"], result["scores"], height_width, wanted["order"], wanted["min_side_px"]
    )
    return {**result, "points": points, "scores": scores}


def row_of_boxes(result: Mapping[str, Any]) -> str:
    """Return the boxes as JSON: [[[x, y], ...], ...]."""
    return json.dumps([np.asarray(one).tolist() for one in result["points"]])


def row_of_pair(result: tuple[str, float]) -> str:
    """Return text (or label) and score, separated by a tab."""
    return f"{result[0]}\t{float(result[1]):.5f}"


def draw_boxes(image_HWC: np.ndarray, result: Mapping[str, Any]) -> np.ndarray:
    """Return a copy of the page with the outline of every box."""
    drawn = image_HWC.copy()
    outlines = [np.asarray(one).round().astype(np.int32) for one in result["points"]]
    cv2.polylines(drawn, outlines, isClosed=True, color=LINE_BGR, thickness=2)
    return drawn


def _as_is(result: Any, _spec: PipelineSpec, _height_width: tuple[int, int]) -> Any:
    return result


TASKS: Mapping[str, Task] = {
    "det": Task("det", "boxes", read_boxes, row_of_boxes, finish_boxes, draw_boxes),
    "rec": Task("rec", "text", lambda pair: Line(*pair), row_of_pair, _as_is),
    "cls": Task("cls", "label", lambda pair: Angle(*pair), row_of_pair, _as_is),
}
