"""Reads whole pages: detect, put in reading order, crop, turn upright, recognise, filter.

image_HWC: uint8, BGR. points_P2: corners in pixels of the page. Times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np

from ppocr.geometry.crop import cut_line
from ppocr.geometry.sort import reading_order


class Reader(Protocol):
    """What a stage needs of :class:`ppocr.pipeline.runner.Runner`: images in, results out."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Box:
    """Where text was found, and how sure the detector is."""

    points: np.ndarray
    score: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: where, what, and how sure the recogniser is (0 to 1)."""

    box: Box
    text: str
    score: float
    crop_HWC: np.ndarray = field(repr=False)  # noqa: N815

    @property
    def points(self) -> np.ndarray:
        return self.box.points


@dataclass(frozen=True, slots=True)
class PageResult:
    """Everything that was read from one page, in reading order."""

    lines: tuple[Line, ...]  # at or above the drop score
    dropped: tuple[Line, ...]  # below it
    seconds: dict[str, float]

    @property
    def found(self) -> int:
        """How many boxes the detector found."""
        return len(self.lines) + len(self.dropped)


class TextSystem:
    """Detector, optional direction classifier and recogniser, working as one.

    May be called from several threads at once: runners keep nothing between calls, and their
    backends are safe to share. Tall pages are not cut into slices; how a page is resized is
    decided by the detector's own pipeline spec and by nothing else.
    """

    def __init__(
        self,
        detector: Reader,
        recogniser: Reader,
        classifier: Reader | None = None,
        *,
        drop_score: float = 0.5,
        cls_thresh: float = 0.9,
        box_type: str = "quad",
    ) -> None:
        self._detect = detector
        self._recognise = recogniser
        self._classify = classifier
        self._drop_score = drop_score
        self._cls_thresh = cls_thresh
        self._box_type = box_type

    def __call__(self, image_HWC: np.ndarray) -> PageResult:
        """Return the lines of one page."""
        clock = Clock()
        with clock.stage("det"):
            boxes = find_boxes(self._detect, image_HWC)
        with clock.stage("crop"):
            crops = [cut_line(image_HWC, box.points, self._box_type) for box in boxes]
        if self._classify is not None:
            with clock.stage("cls"):
                crops = upright(self._classify, crops, self._cls_thresh)
        with clock.stage("rec"):
            texts = self._recognise(crops) if crops else []
        lines = [
            Line(box, str(text), float(score), crop)
            for box, (text, score), crop in zip(boxes, texts, crops, strict=True)
        ]
        kept = tuple(line for line in lines if line.score >= self._drop_score)
        dropped = tuple(line for line in lines if line.score < self._drop_score)
        return PageResult(kept, dropped, clock.seconds)


class Clock:
    """Adds up how long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def find_boxes(detect: Reader, image_HWC: np.ndarray) -> list[Box]:
    """Return the boxes of one page in reading order: rows from the top, each from the left."""
    found = detect([image_HWC])[0]
    points = [np.asarray(one) for one in found["points"]]
    scores = [float(score) for score in found["scores"]]
    return [Box(points[index], scores[index]) for index in reading_order(points)]


def upright(classify: Reader, crops: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Return the crops with those turned round that the classifier says stand on their heads."""
    if not crops:
        return crops
    return [
        cv2.rotate(crop, cv2.ROTATE_180) if "180" in str(label) and score > threshold else crop
        for crop, (label, score) in zip(crops, classify(crops), strict=True)
    ]
