"""Precision, recall and harmonic mean of detected text regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import shapely

from ppocr.geometry.polygon import overlaps, shapes

IOU = 0.5  # a match overlaps by more than this
COVERED = 0.5  # a detection that lies in an ignored truth by more than this is not counted


@dataclass(frozen=True, slots=True)
class Counts:
    """What one image, or many, add to the figures."""

    truths: int = 0
    detections: int = 0
    matched: int = 0
    ignored: int = 0  # detections within ignored truths
    crossing: int = 0  # detections whose outline crosses itself
    best_iou: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.truths + other.truths,
            self.detections + other.detections,
            self.matched + other.matched,
            self.ignored + other.ignored,
            self.crossing + other.crossing,
            max(self.best_iou, other.best_iou),
        )

    def figures(self) -> dict[str, float]:
        """Return precision, recall and hmean; 0.0 where there is nothing to divide by."""
        precision = self.matched / self.detections if self.detections else 0.0
        recall = self.matched / self.truths if self.truths else 0.0
        total = precision + recall
        hmean = 2 * precision * recall / total if total else 0.0
        return {"precision": precision, "recall": recall, "hmean": hmean}


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the detections of one image belong to its truths; all numbers are places in the input.

    ``overlap`` has a row (truth, detection, intersection over union, area in common) for each
    pair that shares area, without what is ignored.
    """

    truths: np.ndarray
    detections: np.ndarray  # those that count
    ignored: np.ndarray  # detections within ignored truths
    crossing: np.ndarray  # detections whose outline crosses itself
    matched: tuple[tuple[int, int], ...]
    overlap: np.ndarray

    def counts(self) -> Counts:
        """Return what this image adds to the figures."""
        best = float(self.overlap[:, 2].max()) if len(self.overlap) else 0.0
        return Counts(
            len(self.truths),
            len(self.detections),
            len(self.matched),
            len(self.ignored),
            len(self.crossing),
            best,
        )


def compare(
    detections: Sequence[np.ndarray] | np.ndarray,
    truths: Sequence[np.ndarray] | np.ndarray,
    ignored: Sequence[bool] | np.ndarray,
) -> Counts:
    """Return how many of the detected polygons of one image are true ones; see `pair`."""
    return pair(detections, truths, ignored).counts()


def pair(
    detections: Sequence[np.ndarray] | np.ndarray,
    truths: Sequence[np.ndarray] | np.ndarray,
    ignored: Sequence[bool] | np.ndarray,
) -> Pairing:
    """Return which detected polygons of one image match which true ones.

    Each truth, in order, takes the first free detection that overlaps it by more than half
    (intersection over union). Polygons that cross themselves are left out. A detection more
    than half of which lies in an ignored truth counts neither way.
    """
    found, wanted = shapes(detections), shapes(truths)
    tags = np.asarray(ignored, dtype=bool).reshape(-1)
    usable, valid = _is_usable(found), _is_usable(wanted)
    care, skipped = np.flatnonzero(valid & ~tags), np.flatnonzero(valid & tags)
    places = np.flatnonzero(usable)
    swallowed = _covered(found[places], wanted[skipped])
    inside, places = places[swallowed], np.delete(places, swallowed)
    i, j, common = overlaps(wanted[care], found[places])
    i, j = care[i], places[j]
    union = shapely.area(wanted)[i] + shapely.area(found)[j] - common
    iou = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    matched = _match(i, j, iou > IOU)
    overlap = np.column_stack([i, j, iou, common])[common > 0]
    return Pairing(care, places, inside, np.flatnonzero(~usable), matched, overlap)


class DetMetric:
    """Precision, recall and hmean over all images, at intersection over union above 0.5."""

    reads: ClassVar[tuple[str, ...]] = ("polys", "ignore_tags")

    def __init__(self, main_indicator: Literal["precision", "recall", "hmean"] = "hmean") -> None:
        self.main_indicator = main_indicator
        self.reset()

    def __call__(
        self, results: Sequence[Mapping[str, Any]], batch: Mapping[str, Any]
    ) -> dict[str, float]:
        """Count a batch of `{"points"}` against `polys` and `ignore_tags`; return its figures."""
        return self.add(self.count(results, batch), len(results))

    def count(self, results: Sequence[Mapping[str, Any]], batch: Mapping[str, Any]) -> Counts:
        """Return the counts of a batch for `add`. Nothing is kept, so any thread may ask."""
        samples = zip(results, batch["polys"], batch["ignore_tags"], strict=True)
        counts = (compare(result["points"], polys, tags) for result, polys, tags in samples)
        return sum(counts, Counts())

    def add(self, counts: Counts, images: int = 1) -> dict[str, float]:
        """Add what `count` or `compare` found, perhaps elsewhere; return its own figures."""
        self.images += images
        self.counts += counts
        return counts.figures()

    def miss(self, batch: Mapping[str, Any]) -> None:
        """Count images that could not be read: nothing is found in them."""
        nothing = [{"points": ()}] * len(batch["polys"])
        self.add(self.count(nothing, batch), len(nothing))

    def state(self) -> tuple[Counts, int]:
        """Return everything counted, for the `merge` of another process."""
        return self.counts, self.images

    def merge(self, state: tuple[Counts, int]) -> None:
        """Add what another process counted on other images."""
        self.add(*state)

    def get_metric(self) -> dict[str, float]:
        """Return the figures of everything counted, and begin again."""
        figures = self.counts.figures()
        self._said = self.explain()
        self.counts, self.images = Counts(), 0
        return figures

    def reset(self) -> None:
        """Forget everything counted."""
        self.counts, self.images = Counts(), 0
        self._said = "no image was compared: the evaluation set gave no sample"

    def explain(self) -> str:
        """Return in words what was counted last, and what may be wrong where nothing matches."""
        if not self.images:
            return self._said
        counts = self.counts
        said = [
            f"{self.images} images: {counts.matched} of {counts.truths} true regions found by "
            f"{counts.detections} detections"
        ]
        if counts.ignored:
            said.append(f"{counts.ignored} detections lie in ignored regions")
        if counts.crossing:
            said.append(f"{counts.crossing} detections cross themselves and are left out")
        if not counts.matched:
            said.append(_why_none(counts))
        return "; ".join(said)


def _why_none(counts: Counts) -> str:
    if not counts.truths:
        return "every true region is marked to be ignored, or there is none"
    if not counts.detections:
        return (
            "nothing was detected: the model has not begun to find text, its weights were not "
            "loaded, or thresh and box_thresh are too high for it"
        )
    if counts.best_iou == 0:
        return (
            "no detection even touches a true region: the boxes are likely in another scale "
            "than the truth (original image against resized image)"
        )
    return (
        f"the best overlap is {counts.best_iou:.2f}, more than {IOU} is asked: the boxes are "
        "too small, too large, or hold several lines (unclip_ratio, shrink_ratio)"
    )


def _is_usable(polygons: np.ndarray) -> np.ndarray:
    return shapely.is_valid(polygons) & ~shapely.is_empty(polygons)


def _covered(found: np.ndarray, skipped: np.ndarray) -> np.ndarray:
    """Return which detections lie in ignored truths."""
    if not len(found) or not len(skipped):
        return np.empty(0, dtype=np.int64)
    i, _, common = overlaps(found, skipped)
    return np.unique(i[common > COVERED * shapely.area(found)[i]])


def _match(i: np.ndarray, j: np.ndarray, good: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Return the pairs that can be made, each truth taking the first free detection."""
    truths: dict[int, int] = {}
    taken: set[int] = set()
    for truth, detection in zip(i[good].tolist(), j[good].tolist(), strict=True):
        if truth not in truths and detection not in taken:
            truths[truth] = detection
            taken.add(detection)
    return tuple(truths.items())
