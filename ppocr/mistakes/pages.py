"""Mistakes of a detector: texts that were missed, boxes where there is none, and how they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ppocr.geometry.polygon import area, short_side
from ppocr.metrics.det import Pairing, pair
from ppocr.metrics.each_model import DistillationMetric
from ppocr.mistakes import pictures
from ppocr.mistakes.found import MOST_ROWS, MOST_SHOWN, Chapter, Findings, Todo, Watch, sources
from ppocr.report import charts, drawing
from ppocr.report.blocks import Chart, Shelf, Shown, Table

SIZES_PX = (0, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96)  # short side on the network's input
INSIDE = 0.5  # a box lies in another by more than this part
SURE = 0.85  # a box as sure as this where the label has nothing makes one look at the label
SEEN_ENOUGH = 10
UNTOUCHED, LOOSE, MERGED, SPLIT = "not found at all", "found inexactly", "merged", "split"
NOWHERE, TWICE = "where there is no text", "a second box on a text"
MEANING = {
    UNTOUCHED: "no box lies on the text",
    LOOSE: "a box lies on it, but less than half fits",
    MERGED: "one box covers several texts",
    SPLIT: "several boxes cover parts of it",
    NOWHERE: "the label has nothing there",
    TWICE: "the text has a box already",
}


@dataclass(frozen=True, slots=True)
class Box:
    """A true or detected box: its short side on the network's input, and what became of it."""

    side_px: float
    kind: str  # "" for a match
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """One image; polygons of what went wrong, in pixels of the image."""

    index: int
    place: str
    path: str
    truths: tuple[Box, ...]
    boxes: tuple[Box, ...]
    matched: tuple[np.ndarray, ...]
    missed: tuple[np.ndarray, ...]
    spurious: tuple[np.ndarray, ...]
    ignored: tuple[np.ndarray, ...]

    @property
    def hmean(self) -> float:
        """The harmonic mean of precision and recall on this image alone; 1.0 for nothing at all."""
        total = len(self.truths) + len(self.boxes)
        return 2 * len(self.matched) / total if total else 1.0


class Pages(Watch):
    """Watches the evaluation of a detector."""

    def __init__(self, metric: Any) -> None:
        self.metric = metric
        self.pages: list[Page] = []
        self._loader: Any = None

    def add(self, results: Sequence[Any], batch: Mapping[str, Any], loader: Any) -> None:
        """Take down how the boxes of a batch belong to its truths."""
        self._loader = loader
        shapes = batch.get("shape")
        for number, result in enumerate(results):
            if isinstance(self.metric, DistillationMetric):
                _, result = self.metric.of(result)
            index = int(batch["index"][number])
            zoom = 1.0 if shapes is None else float(min(np.asarray(shapes[number])[2:4]))
            path = str(loader.fetcher.raw(index).get("path", ""))
            truths, tags = batch["polys"][number], batch["ignore_tags"][number]
            page = look(result, truths, tags, zoom)
            self.pages.append(Page(index, str(batch["place"][number]), path, *page))

    def found(self) -> Findings:
        """Return the chapters; the worst pages are those with most mistakes."""
        truths = [box for page in self.pages for box in page.truths]
        boxes = [box for page in self.pages for box in page.boxes]
        missed = [box for box in truths if box.kind]
        spurious = [box for box in boxes if box.kind]
        findings = Findings()
        findings.cards = [
            (f"{len(self.pages):,}", "images evaluated", True),
            (
                f"{1 - len(missed) / max(len(truths), 1):.2%}",
                f"of {len(truths):,} texts found",
                True,
            ),
            (
                f"{1 - len(spurious) / max(len(boxes), 1):.2%}",
                f"of {len(boxes):,} boxes right",
                True,
            ),
            (f"{len(missed):,}", "texts missed", not missed),
            (f"{len(spurious):,}", "boxes too many", not spurious),
        ]
        findings.chapters = [
            _kinds(missed, spurious),
            _sizes(truths, boxes),
            self._sources(),
            self._worst(),
        ]
        findings.todo = [*self._relabel(), *_to_add(truths)]
        findings.advice = _advice(missed, spurious, truths, findings.todo)
        findings.mistakes = [_as_numbers(page) for page in self._by_mistakes()]
        return findings

    def _by_mistakes(self) -> list[Page]:
        wrong = [page for page in self.pages if page.missed or page.spurious]
        return sorted(wrong, key=lambda p: (-len(p.missed) - len(p.spurious), p.index))

    def _sources(self) -> Chapter:
        names = sources((one.place for one in self.pages), (one.path for one in self.pages))
        rows = []
        for name in sorted(set(names)):
            pages = [page for page, own in zip(self.pages, names, strict=True) if own == name]
            found = sum(len(page.matched) for page in pages)
            texts = sum(len(page.truths) for page in pages)
            boxes = sum(len(page.boxes) for page in pages)
            recall, precision = found / max(texts, 1), found / max(boxes, 1)
            rows.append((name, len(pages), texts, round(recall, 6), round(precision, 6)))
        rows.sort(key=lambda row: row[3])
        head = ("label file or folder", "images", "texts", "recall", "precision")
        shown = ((*row[:3], f"{row[3]:.1%}", f"{row[4]:.1%}") for row in rows[:MOST_ROWS])
        table = Table(head, tuple(shown))
        numbers = [dict(zip(("name", *head[1:]), row, strict=True)) for row in rows]
        return Chapter("Sources", blocks=[table], numbers={"sources": numbers})

    def _worst(self) -> Chapter:
        shown = []
        for page in self._by_mistakes()[:MOST_SHOWN]:
            caption = (
                f"{len(page.missed)} of {len(page.truths)} texts missed, "
                f"{len(page.spurious)} of {len(page.boxes)} boxes too many, hmean {page.hmean:.2f}"
            )
            shown.append(Shown(self._drawn(page), "", caption, page.place))
        text = "Green: found. Red: missed. Orange: a box too many. Grey: ignored."
        return Chapter("The worst pages", text, [Shelf("", tuple(shown), large=True)])

    def _drawn(self, page: Page) -> str:
        image_HWC = pictures.read(self._loader, page.index)
        if image_HWC is None:
            return ""
        small, scale = drawing.small(image_HWC, pictures.PAGE_PX)
        drawing.outline(small, page.ignored, drawing.GREY, scale)
        drawing.outline(small, page.matched, drawing.GREEN, scale)
        drawing.outline(small, page.spurious, drawing.ORANGE, scale, 2)
        drawing.outline(small, page.missed, drawing.RED, scale, 2)
        return drawing.data_uri(small)

    def _relabel(self) -> list[Todo]:
        """Pages where the model is sure of boxes that the label does not have."""
        found = []
        for page in self.pages:
            sure = [box.score for box in page.boxes if box.kind == NOWHERE and box.score >= SURE]
            if sure:
                reason = f"sure boxes where the label has nothing: {len(sure)}"
                found.append((len(sure), Todo("relabel", page.path, page.place, reason,
                                              score=max(sure))))  # fmt: skip
        found.sort(key=lambda one: (-one[0], one[1].place))
        return [todo for _, todo in found]


def look(result: Mapping[str, Any], truths: Any, tags: Any, zoom: float) -> tuple[Any, ...]:
    """Return what a `Page` holds of one image: boxes of both sides, and the polygons to draw.

    ``zoom`` is how much larger the image is on the network's input.
    """
    points = result["points"]
    scores = result.get("scores", [0.0] * len(points))
    pairs = pair(points, truths, tags)
    true_side = {truth: True for truth, _ in pairs.matched}
    used = {detection: True for _, detection in pairs.matched}
    true_boxes, boxes, missed, spurious = [], [], [], []
    for truth in pairs.truths.tolist():
        kind = "" if truth in true_side else _why_missed(truth, pairs, truths, points)
        true_boxes.append(Box(short_side(truths[truth]) * zoom, kind))
        if kind:
            missed.append(np.asarray(truths[truth]))
    for detection in pairs.detections.tolist():
        kind = "" if detection in used else _why_spurious(detection, pairs, truths, points)
        score = float(scores[detection])
        boxes.append(Box(short_side(points[detection]) * zoom, kind, score))
        if kind:
            spurious.append(np.asarray(points[detection]))
    matched = [np.asarray(points[detection]) for _, detection in pairs.matched]
    ignored = [np.asarray(truths[one]) for one in np.flatnonzero(np.asarray(tags, dtype=bool))]
    return (
        tuple(true_boxes),
        tuple(boxes),
        tuple(matched),
        tuple(missed),
        tuple(spurious),
        tuple(ignored),
    )


def _why_missed(truth: int, pairs: Pairing, truths: Any, points: Any) -> str:
    rows = pairs.overlap[pairs.overlap[:, 0] == truth]
    own = area(np.asarray(truths[truth]))
    if not len(rows) or rows[:, 3].sum() < 0.1 * own:
        return UNTOUCHED
    covering = rows[rows[:, 3] > INSIDE * own][:, 1]
    for detection in covering:
        if len(_held_by(int(detection), pairs, truths)) > 1:
            return MERGED
    parts = [row for row in rows if row[3] > INSIDE * area(np.asarray(points[int(row[1])]))]
    return SPLIT if len(parts) > 1 else LOOSE


def _why_spurious(detection: int, pairs: Pairing, truths: Any, points: Any) -> str:
    rows = pairs.overlap[pairs.overlap[:, 1] == detection]
    own = area(np.asarray(points[detection]))
    if not len(rows) or rows[:, 3].sum() < 0.1 * own:
        return NOWHERE
    if len(_held_by(detection, pairs, truths)) > 1:
        return MERGED
    taken = {truth for truth, _ in pairs.matched}
    if any(int(row[0]) in taken and row[3] > INSIDE * own for row in rows):
        return TWICE
    for row in rows:
        others = pairs.overlap[pairs.overlap[:, 0] == row[0]]
        if row[3] > INSIDE * own and len(others) > 1:
            return SPLIT
    return LOOSE


def _held_by(detection: int, pairs: Pairing, truths: Any) -> list[int]:
    """Return the truths more than half of which lie in a detection."""
    rows = pairs.overlap[pairs.overlap[:, 1] == detection]
    return [int(row[0]) for row in rows if row[3] > INSIDE * area(np.asarray(truths[int(row[0])]))]


def _kinds(missed: Sequence[Box], spurious: Sequence[Box]) -> Chapter:
    chapter = Chapter("Kinds of mistakes")
    for title, boxes in (("Texts that were missed", missed), ("Boxes too many", spurious)):
        kinds = Counter(box.kind for box in boxes)
        rows = tuple(
            (kind, count, f"{count / len(boxes):.1%}", MEANING[kind])
            for kind, count in kinds.most_common()
        )
        chapter.blocks.append(Table(("kind", "boxes", "share", "meaning"), rows, title))
        chapter.numbers[title] = dict(kinds)
    return chapter


def _sizes(truths: Sequence[Box], boxes: Sequence[Box]) -> Chapter:
    chapter = Chapter(
        "Size of the text",
        "Short side of a box in pixels of the network's input, which is what the network sees.",
    )
    for title, given, word in (
        ("Recall: texts that were found", truths, "recall"),
        ("Precision: boxes that are right", boxes, "precision"),
    ):
        rows = by_size(given)
        bars = [
            (f"{name} px  ({n})", round(100 * share, 1), share < 0.5) for name, n, share in rows
        ]
        chapter.blocks.append(Chart(title, charts.bars(bars, " %", 100)))
        chapter.numbers[word] = [
            {"short_side_px": name, "boxes": n, word: round(share, 6)} for name, n, share in rows
        ]
    return chapter


def by_size(boxes: Sequence[Box]) -> list[tuple[str, int, float]]:
    """Return (sizes in pixels, boxes, share that is right) for the sizes that occur."""
    places = np.searchsorted(SIZES_PX, [box.side_px for box in boxes], side="right") - 1
    right = np.array([not box.kind for box in boxes], dtype=bool)
    rows = []
    for place, low in enumerate(SIZES_PX):
        here = places == place
        if here.any():
            last = place + 1 == len(SIZES_PX)
            name = f"{low} and more" if last else f"{low} to {SIZES_PX[place + 1]}"
            rows.append((name, int(here.sum()), float(right[here].mean())))
    return rows


def _to_add(truths: Sequence[Box]) -> list[Todo]:
    everything = np.mean([not box.kind for box in truths]) if truths else 0.0
    return [
        Todo("add", "", "", f"{share:.0%} of {count} such texts are found, of all {everything:.0%}",
             f"texts {name} px high at the network's input")
        for name, count, share in by_size(truths)
        if count >= SEEN_ENOUGH and share < 0.5 * everything
    ]  # fmt: skip


def _advice(
    missed: Sequence[Box], spurious: Sequence[Box], truths: Sequence[Box], todo: Sequence[Todo]
) -> list[str]:
    kinds = Counter(box.kind for box in missed)
    found = []
    relabelled = sum(one.what == "relabel" for one in todo)
    if relabelled:
        found.append(
            f"Look first at the pages of relabel.tsv ({relabelled}): the model is sure of boxes "
            "where the label has nothing."
        )
    tiny = sum(box.side_px < 8 for box in missed)
    if tiny > 0.2 * len(missed) and tiny > 1:
        found.append(
            f"{tiny} of the {len(missed)} missed texts are less than 8 px high on the network's "
            "input: raise limit_side_len of DetResizeForTest."
        )
    advice = {
        MERGED: "lower PostProcess.unclip_ratio or raise thresh; do labels mix words and lines?",
        SPLIT: "raise PostProcess.unclip_ratio or set use_dilation; do labels mix words and lines?",
        LOOSE: "compare the outlines of labels and boxes below; unclip_ratio moves all boxes.",
        UNTOUCHED: "try a lower PostProcess.box_thresh first; otherwise add pages like these.",
    }
    most = [kind for kind, _ in kinds.most_common(2)]
    for kind in most:
        found.append(f"{kinds[kind]} of the {len(truths)} texts are {kind}: {advice[kind]}")
    nowhere = sum(box.kind == NOWHERE for box in spurious)
    if nowhere > 0.2 * max(len(spurious), 1) and not relabelled:
        raised = "" if UNTOUCHED in most else "raise PostProcess.box_thresh, or "
        found.append(
            f"{'1 box lies' if nowhere == 1 else f'{nowhere} boxes lie'} where there is no text: "
            f"{raised}add pages with such places, or without any text (an empty list is a valid "
            "label)."
        )
    return found


def _as_numbers(page: Page) -> dict[str, Any]:
    return {
        "place": page.place,
        "path": page.path,
        "hmean": round(page.hmean, 4),
        "missed": [np.asarray(points).round(1).tolist() for points in page.missed],
        "spurious": [np.asarray(points).round(1).tolist() for points in page.spurious],
        "why_missed": [box.kind for box in page.truths if box.kind],
        "why_spurious": [box.kind for box in page.boxes if box.kind],
    }
