"""Boxes from the probability map of differentiable binarisation.

Minghui Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", 2020.
Arrays: N images; maps are [N, 1 or more, H, W], the first channel being the probability of
shrunk text. Boxes are in pixels of the original image, x before y.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from ppocr.geometry.box import order_left_right
from ppocr.geometry.polygon import offset, unclip_distances
from ppocr.utils.exits import DataError

MIN_SIDE_PX = 3  # short side of a region on the map, before it is grown
MIN_GROWN_SIDE_PX = 5  # and after
POLYGON_TOLERANCE = 0.002  # of the outline's length
DILATION = np.ones((2, 2), dtype=np.uint8)


class DBPostProcess:
    """Finds regions in the map, scores them, and grows them to the size of the text."""

    reads: ClassVar[tuple[str, ...]] = ("shape",)
    encoders: ClassVar[tuple[str, ...]] = ("DetLabelEncode",)

    def __init__(
        self,
        thresh: float = 0.3,
        box_thresh: float = 0.7,
        max_candidates: int = 1000,
        unclip_ratio: float = 2.0,
        use_dilation: bool = False,
        score_mode: Literal["fast", "slow"] = "fast",
        box_type: Literal["quad", "poly"] = "quad",
    ) -> None:
        self.thresh = thresh
        self.box_thresh = box_thresh
        self.max_candidates = max_candidates
        self.unclip_ratio = unclip_ratio
        self.use_dilation = use_dilation
        self.score_mode = score_mode
        self.box_type = box_type

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray] | np.ndarray,
        batch: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Return `{"points", "scores"}` of each image.

        `batch["shape"]` is [N, 4]: height and width of the original image, and two ratios.
        Without it boxes are in pixels of the map. Points are an int32 array [M, 4, 2], or
        for `box_type="poly"` a list of int64 arrays [n, 2]. A DataError says that the map
        is not finite.
        """
        maps = np.asarray(outputs["maps"] if isinstance(outputs, Mapping) else outputs)
        probabilities = maps[:, 0] if maps.ndim == 4 else maps
        shapes = None if batch is None else batch.get("shape")
        if shapes is None:
            shapes = [probabilities.shape[1:]] * len(probabilities)
        return [
            self.one(probability, (float(shape[0]), float(shape[1])))
            for probability, shape in zip(probabilities, shapes, strict=True)
        ]

    def one(self, probability_HW: np.ndarray, image_hw: tuple[float, float]) -> dict[str, Any]:
        """Return `{"points", "scores"}` of one map for an image of this height and width."""
        probability_HW = np.ascontiguousarray(probability_HW, dtype=np.float32)
        if not np.isfinite(probability_HW.sum()):
            raise DataError("the detector's map holds numbers that are not finite")
        contours = self._contours(probability_HW)
        find = self._polygons if self.box_type == "poly" else self._quads
        return find(probability_HW, contours, image_hw)

    def _contours(self, probability_HW: np.ndarray) -> Sequence[np.ndarray]:
        region_HW = (probability_HW > self.thresh).view(np.uint8)
        if self.use_dilation:
            region_HW = cv2.dilate(region_HW, DILATION)
        contours, _ = cv2.findContours(region_HW, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        return contours[: self.max_candidates]

    def _quads(
        self,
        probability_HW: np.ndarray,
        contours: Sequence[np.ndarray],
        image_hw: tuple[float, float],
    ) -> dict[str, Any]:
        candidates, quads_N42 = _min_area_boxes(contours, MIN_SIDE_PX)
        if self.score_mode == "fast":
            scores = mean_inside_quads(probability_HW, quads_N42)
        else:
            scores = [mean_inside(probability_HW, contours[place]) for place in candidates]
        good = [place for place, score in enumerate(scores) if score >= self.box_thresh]
        grown, owners = self._grow(quads_N42[good])
        kept, quads_N42 = _min_area_boxes(grown, MIN_GROWN_SIDE_PX)
        points = _to_image(quads_N42, probability_HW.shape, image_hw).astype(np.int32)
        return {"points": points, "scores": [scores[good[owners[place]]] for place in kept]}

    def _polygons(
        self,
        probability_HW: np.ndarray,
        contours: Sequence[np.ndarray],
        image_hw: tuple[float, float],
    ) -> dict[str, Any]:
        points: list[np.ndarray] = []
        scores: list[float] = []
        for polygon in _simplified(contours):
            score = mean_inside(probability_HW, polygon)
            grown, _ = self._grow(polygon[None]) if score >= self.box_thresh else ([], [])
            if not grown or min(cv2.minAreaRect(grown[0])[1]) < MIN_GROWN_SIDE_PX:
                continue
            placed = _to_image(grown[0].astype(np.int64), probability_HW.shape, image_hw)
            points.append(placed.astype(np.int64))
            scores.append(score)
        return {"points": points, "scores": scores}

    def _grow(self, polygons_Nn2: np.ndarray) -> tuple[list[np.ndarray], list[int]]:
        """Return the outlines (int32) of the whole texts, and which polygons they grew from.

        Those that growing splits, or that leave nothing, are left out.
        """
        grown: list[np.ndarray] = []
        owners: list[int] = []
        distances = unclip_distances(polygons_Nn2, self.unclip_ratio).tolist()
        polygons = polygons_Nn2.tolist()
        for place, (polygon, distance) in enumerate(zip(polygons, distances, strict=True)):
            outlines = offset(polygon, distance)
            if len(outlines) == 1:
                grown.append(outlines[0].astype(np.int32))
                owners.append(place)
        return grown, owners


def mean_inside(probability_HW: np.ndarray, polygon: np.ndarray) -> float:
    """Return the mean probability of the pixels inside a polygon, its border included.

    The points are int32 pixels of the map, [n, 2] or as `cv2.findContours` gives them.
    """
    left, top, width, height = cv2.boundingRect(polygon)
    window_HW = probability_HW[top : top + height, left : left + width]
    return _masked_mean(window_HW, polygon.reshape(-1, 2) - np.array((left, top), dtype=np.int32))


def mean_inside_quads(probability_HW: np.ndarray, quads_N42: np.ndarray) -> list[float]:
    """Return the mean probability inside each box; its parts beyond the map do not count."""
    if not len(quads_N42):
        return []
    most = (probability_HW.shape[1] - 1, probability_HW.shape[0] - 1)
    low_N2 = np.clip(np.floor(quads_N42.min(axis=1)), 0, most).astype(np.int64)
    high_N2 = np.clip(np.ceil(quads_N42.max(axis=1)), 0, most).astype(np.int64) + 1
    placed_N42 = (quads_N42 - low_N2[:, None]).astype(np.int32)
    windows = zip(low_N2.tolist(), high_N2.tolist(), placed_N42, strict=True)
    return [
        _masked_mean(probability_HW[top:bottom, left:right], placed)
        for (left, top), (right, bottom), placed in windows
    ]


def _masked_mean(window_HW: np.ndarray, polygon: np.ndarray) -> float:
    mask_HW = np.zeros(window_HW.shape, dtype=np.uint8)
    cv2.fillPoly(mask_HW, [polygon], (1,))
    return cv2.mean(window_HW, mask_HW)[0]


def _simplified(contours: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the contours with fewer points, where at least four are left."""
    for contour in contours:
        tolerance = POLYGON_TOLERANCE * cv2.arcLength(contour, True)
        polygon = cv2.approxPolyDP(contour, tolerance, True).reshape(-1, 2)
        if len(polygon) >= 4:
            yield polygon


def _min_area_boxes(
    outlines: Sequence[np.ndarray], min_side: float
) -> tuple[list[int], np.ndarray]:
    """Return which outlines are wide enough, and their least rectangles [N, 4, 2] (float32)."""
    kept: list[int] = []
    corners: list[np.ndarray] = []
    for place, outline in enumerate(outlines):
        if len(outline) < 3:  # a dot or a line has no width
            continue
        rectangle = cv2.minAreaRect(outline)
        if min(rectangle[1]) >= min_side:
            kept.append(place)
            corners.append(cv2.boxPoints(rectangle))
    if not corners:
        return [], np.zeros((0, 4, 2), dtype=np.float32)
    return kept, order_left_right(np.stack(corners))


def _to_image(
    points: np.ndarray, map_hw: tuple[int, int], image_hw: tuple[float, float]
) -> np.ndarray:
    """Return points of the map in whole pixels of the image, edges included."""
    map_wh, image_wh = (map_hw[1], map_hw[0]), (image_hw[1], image_hw[0])
    placed = [
        np.clip(np.round(points[..., axis] / map_wh[axis] * image_wh[axis]), 0, image_wh[axis])
        for axis in (0, 1)
    ]
    return np.stack(placed, axis=-1)
