"""Post-processing and polygon matching one box after another, through shapely.

The plain way to write both: what the benchmark measures against, and what the tests compare
with. Nothing here is used by the library.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pyclipper
from shapely.geometry import Polygon


def db_quads(
    probability_HW: np.ndarray,
    image_hw: tuple[float, float],
    thresh: float = 0.3,
    box_thresh: float = 0.6,
    unclip_ratio: float = 1.5,
) -> dict[str, Any]:
    """Return boxes and scores of a probability map, region by region."""
    height, width = probability_HW.shape
    points, scores = [], []
    region = (probability_HW > thresh).astype(np.uint8) * 255
    contours, _ = cv2.findContours(region, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours[:1000]:
        quad, short = _least_rectangle(contour)
        if short < 3:
            continue
        score = _mean(probability_HW, quad)
        if score < box_thresh:
            continue
        outlines = _grow(quad, unclip_ratio)
        if len(outlines) != 1:
            continue
        quad, short = _least_rectangle(np.array(outlines[0], dtype=np.int32))
        if short < 5:
            continue
        x = np.clip(np.round(quad[:, 0] / width * image_hw[1]), 0, image_hw[1])
        y = np.clip(np.round(quad[:, 1] / height * image_hw[0]), 0, image_hw[0])
        points.append(np.stack([x, y], axis=1).astype(np.int32))
        scores.append(score)
    return {"points": np.array(points, dtype=np.int32).reshape(-1, 4, 2), "scores": scores}


def det_counts(detections: Any, truths: Any, ignored: Any) -> tuple[int, int, int]:
    """Return (truths, detections, matched) of one image, polygon by polygon."""
    wanted = [Polygon(p) for p in truths]
    usable = [one.is_valid for one in wanted]
    care = [one for one, u, skip in zip(wanted, usable, ignored, strict=True) if u and not skip]
    skipped = [one for one, u, skip in zip(wanted, usable, ignored, strict=True) if u and skip]
    found = []
    for points in detections:
        polygon = Polygon(points)
        if polygon.is_valid and not any(_covers(one, polygon) for one in skipped):
            found.append(points)
    free = [True] * len(found)
    matched = 0
    for truth in care:
        taken = False
        for place, points in enumerate(found):
            iou = _iou(Polygon(truth.exterior.coords), Polygon(points))
            if iou > 0.5 and free[place] and not taken:
                free[place], taken = False, True
                matched += 1
    return len(care), len(found), matched


def _least_rectangle(points: np.ndarray) -> tuple[np.ndarray, float]:
    rectangle = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(rectangle), key=lambda corner: corner[0])
    left = sorted(corners[:2], key=lambda corner: corner[1])
    right = sorted(corners[2:], key=lambda corner: corner[1])
    return np.array([left[0], right[0], right[1], left[1]]), min(rectangle[1])


def _mean(probability_HW: np.ndarray, quad: np.ndarray) -> float:
    height, width = probability_HW.shape
    left = int(np.clip(np.floor(quad[:, 0].min()), 0, width - 1))
    right = int(np.clip(np.ceil(quad[:, 0].max()), 0, width - 1))
    top = int(np.clip(np.floor(quad[:, 1].min()), 0, height - 1))
    bottom = int(np.clip(np.ceil(quad[:, 1].max()), 0, height - 1))
    mask = np.zeros((bottom - top + 1, right - left + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [(quad - np.array([left, top])).astype(np.int32)], (1,))
    return cv2.mean(probability_HW[top : bottom + 1, left : right + 1], mask)[0]


def _grow(quad: np.ndarray, ratio: float) -> list:
    polygon = Polygon(quad)
    offsetter = pyclipper.PyclipperOffset()
    offsetter.AddPath(quad, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return offsetter.Execute(polygon.area * ratio / polygon.length)


def _iou(one: Polygon, other: Polygon) -> float:
    common = one.intersection(other).area
    union = one.union(other).area
    return common / union if union else 0.0


def _covers(ignored: Polygon, detection: Polygon) -> bool:
    area = detection.area
    return bool(area) and ignored.intersection(detection).area / area > 0.5
