"""What is done with the files of a command: read, predict, draw, and say what came out.

A job takes a few files and yields one Outcome for each page. It may run in a process of its own, so
it neither logs nor writes to the result file: the one who runs it does both, in the order of the
files (``work.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ppocr.serving import draw, report
from ppocr.serving.fonts import FontChain
from ppocr.serving.images import Names, Page, read_pages
from ppocr.serving.system import Box, Clock, PageResult, Reader, TextSystem, find_boxes
from ppocr.utils.exits import DataError, MissingInput, StorageError

LINES_AT_ONCE = 64  # line images held in memory together
UNREADABLE = (DataError, MissingInput, StorageError)  # of one file, not of the whole run
ReadFile = Callable[[Path], Iterator[Page]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of one page, or why nothing did."""

    file: Path
    rows: tuple[tuple[str, ...], ...] = ()
    messages: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    undrawable: str = ""
    failed: str = ""


class Job(Protocol):
    """Something done to files, ``chunk`` of them at a time."""

    chunk: int

    def __call__(self, files: Sequence[Path]) -> Iterator[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Drawings:
    """Where drawings go: into ``folder``, their names beginning with ``prefix``."""

    folder: Path
    names: Names
    prefix: str = ""

    def path(self, page: Page) -> Path:
        return self.folder / f"{self.prefix}{self.names.drawing(page)}"


class DetectPages:
    """Finds the boxes of pages and draws them."""

    chunk = 1

    def __init__(
        self,
        detector: Reader,
        row: Callable[[Page, list[Box]], tuple[str, ...]],
        drawings: Drawings,
        read: ReadFile = read_pages,
    ) -> None:
        self._detector, self._row = detector, row
        self._drawings, self._read = drawings, read

    def __call__(self, files: Sequence[Path]) -> Iterator[Outcome]:
        for file in files:
            yield from _each_page(file, self._read, self._page)

    def _page(self, page: Page) -> Outcome:
        clock = Clock()
        with clock.stage("det"):
            boxes = find_boxes(self._detector, page.image_HWC)
        with clock.stage("draw"):
            drawing = draw.draw_boxes(page.image_HWC, [box.points for box in boxes])
            saved = report.save_image(self._drawings.path(page), drawing)
        row = self._row(page, boxes)
        messages = (
            f"{page.name}: dt_boxes num : {len(boxes)}, elapsed : {clock.seconds['det']:.3f}",
            f"The visualized image saved in {saved}",
        )
        return Outcome(page.path, (row,), messages, clock.seconds)


class RecogniseLines:
    """Gives each image of one line its text (or its direction) and score.

    Many at once, because equal widths share a batch. ``stage`` is what the time counts for.
    """

    chunk = LINES_AT_ONCE

    def __init__(
        self,
        recogniser: Reader,
        messages: Callable[[str, str, float], tuple[str, ...]],
        read: ReadFile = read_pages,
        stage: str = "rec",
    ) -> None:
        self._recogniser, self._messages, self._read = recogniser, messages, read
        self._stage = stage

    def __call__(self, files: Sequence[Path]) -> Iterator[Outcome]:
        found: list[Page | Outcome] = []
        for file in files:
            found += self._load(file)
        pages = [one for one in found if isinstance(one, Page)]
        clock = Clock()
        with clock.stage(self._stage):
            results = iter(self._read_lines(pages))
        share = {name: total / max(len(pages), 1) for name, total in clock.seconds.items()}
        for one in found:
            if isinstance(one, Outcome):
                yield one
                continue
            result = next(results)
            if isinstance(result, str):
                yield Outcome(one.path, failed=result)
                continue
            text, score = str(result[0]), float(result[1])
            messages = self._messages(one.full_name, text, score)
            yield Outcome(one.path, ((one.full_name, text, str(score)),), messages, share)

    def _read_lines(self, pages: Sequence[Page]) -> list[Any]:
        """Return text and score of each line, or the sentence that says why there is none."""
        try:
            return self._recogniser([page.image_HWC for page in pages]) if pages else []
        except DataError as error:
            if len(pages) == 1:
                return [str(error)]
            return [result for page in pages for result in self._read_lines([page])]

    def _load(self, file: Path) -> Iterator[Page | Outcome]:
        try:
            yield from self._read(file)
        except UNREADABLE as error:
            yield Outcome(file, failed=str(error))


class ReadPages:
    """Reads whole pages: boxes and texts, drawn side by side; keeps the crops if asked."""

    chunk = 1

    def __init__(
        self,
        system: TextSystem,
        drawings: Drawings,
        fonts: FontChain,
        crops: Path | None = None,
        read: ReadFile = read_pages,
    ) -> None:
        self._system, self._drawings, self._fonts = system, drawings, fonts
        self._crops, self._read = crops, read

    def __call__(self, files: Sequence[Path]) -> Iterator[Outcome]:
        for file in files:
            yield from _each_page(file, self._read, self._page)

    def _page(self, page: Page) -> Outcome:
        result = self._system(page.image_HWC)
        clock = Clock()
        with clock.stage("draw"):
            drawing = draw.draw_page(
                page.image_HWC,
                [line.points for line in result.lines],
                [line.text for line in result.lines],
                self._fonts,
            )
            saved = report.save_image(self._drawings.path(page), drawing)
        if self._crops is not None:
            for number, line in enumerate(result.lines):
                target = self._crops / self._drawings.names.crop(page, number)
                report.save_image(target, line.crop_HWC)
        return Outcome(
            page.path,
            ((page.name, report.lines_json(result.lines)),),
            (*_told(page, result), f"The visualized image saved in {saved}"),
            {**result.seconds, **clock.seconds},
            "".join(self._fonts.undrawable),
        )


def _told(page: Page, result: PageResult) -> Iterator[str]:
    seconds = result.seconds
    yield f"dt_boxes num : {result.found}, elapsed : {seconds['det']:.3f}"
    if "cls" in seconds:
        yield f"cls num  : {result.found}, elapsed : {seconds['cls']:.3f}"
    yield f"rec_res num  : {result.found}, elapsed : {seconds['rec']:.3f}"
    if result.dropped:
        yield f"{len(result.dropped)} of {result.found} lines are below the drop score"
    yield f"Predict time of {page.name}: {sum(seconds.values()):.3f}s"
    for line in result.lines:
        yield f"{line.text}, {line.score:.3f}"


def _each_page(file: Path, read: ReadFile, act: Callable[[Page], Outcome]) -> Iterator[Outcome]:
    """Yield the outcome of every page; the first trouble with the file ends it, and is told."""
    try:
        for page in read(file):
            yield act(page)
    except UNREADABLE as error:
        yield Outcome(file, failed=str(error))


def infer_det_row(page: Page, boxes: list[Box]) -> tuple[str, ...]:
    """Return the row of infer_det: the file as found, and its boxes as labels."""
    return page.full_name, report.boxes_json(boxes)


def predict_det_row(page: Page, boxes: list[Box]) -> tuple[str, ...]:
    """Return the row of predict_det: the name of the page, and its boxes."""
    return page.name, report.points_json(boxes)


def infer_messages(path: str, text: str, score: float) -> tuple[str, ...]:
    """Return the lines of infer_rec and infer_cls."""
    return f"infer_img: {path}", f"\t result: {text}\t{score}"


def predict_rec_messages(path: str, text: str, score: float) -> tuple[str, ...]:
    """Return the line of predict_rec."""
    pair: tuple[Any, ...] = (text, score)
    return (f"Predicts of {path}:{pair}",)


def predict_cls_messages(path: str, label: str, score: float) -> tuple[str, ...]:
    """Return the line of predict_cls."""
    return (f"Predicts of {path}:{[label, score]}",)
