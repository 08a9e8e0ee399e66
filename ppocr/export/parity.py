"""The same images through the checkpoint and through the file that was written, stage by stage.

Each stage is given the checkpoint's result of the stage before, so that a fault shows where it is
made and nowhere else: pixels, tensors, raw outputs, then boxes or texts. A last stage runs both
from image to result, as prediction does. The exported side is read back from disk by the reader
that prediction uses, never taken from memory.

Pixels and tensors must be equal. Raw outputs may differ by ``RAW_TOLERANCE`` of their scale, which
is a few times what different kernels were seen to do to float32. Results must be identical, scores
within ``SCORE_TOLERANCE``; a result may differ only if it hangs on raw values that differ by no
more than ``TIE_TOLERANCE``, and such ties are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.backends.base import Options
from ppocr.backends.open import open_backend
from ppocr.export.images import Picture
from ppocr.pipeline import batching, store
from ppocr.pipeline.runner import Prepared, Runner, stack
from ppocr.pipeline.spec import PipelineSpec, differences
from ppocr.utils.exits import OcrError

RAW_TOLERANCE = 1e-4
SCORE_TOLERANCE = 1e-3
TIE_TOLERANCE = 1e-5
MOST_DETAILS = 5

DESCRIPTION, WEIGHTS = "description", "weights"
PIXELS, TENSOR, RAW, WHOLE = "decoded image", "input tensor", "raw output", "end to end"
# fields of a spec -> the stage they decide; what is not named decides the results
DECIDES = {"inputs": TENSOR, "batch": TENSOR, "outputs": RAW, "task": DESCRIPTION}
DECODE = "DecodeImage"


@dataclass(slots=True)
class Stage:
    """What was compared at one stage, and how it went."""

    name: str
    compared: int = 0
    largest: float | None = None
    tolerance: float | None = None
    ties: int = 0
    found: str = ""  # what the results hold: nothing found proves little
    faults: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.faults:
            return "differs"
        return "same" if self.compared else "not reached"

    def measure(self, difference: float) -> None:
        self.largest = max(self.largest or 0.0, difference)

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.name,
            "verdict": self.verdict,
            "compared": self.compared,
            "largest_difference": self.largest,
            "tolerance": self.tolerance,
            "ties": self.ties,
            "found": self.found,
            "faults": self.faults,
        }


@dataclass(slots=True)
class Report:
    """The comparison of one exported file with the checkpoint."""

    graph: Path
    stages: dict[str, Stage]
    images: list[str]
    unusable: list[str] = field(default_factory=list)  # by the checkpoint itself

    @property
    def first_difference(self) -> str | None:
        """The name of the first stage that differs."""
        return next((one.name for one in self.stages.values() if one.faults), None)

    @property
    def ok(self) -> bool:
        return self.first_difference is None

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.graph.name,
            "ok": self.ok,
            "first_difference": self.first_difference,
            "stages": [stage.as_json() for stage in self.stages.values()],
            "images": self.images,
            "unusable_images": self.unusable,
        }

    def table(self) -> list[str]:
        """Return the lines of a short table."""
        lines = [f"{self.graph.name} against the checkpoint, {len(self.images)} images"]
        if self.unusable:
            lines.append(f"  the checkpoint cannot use {', '.join(self.unusable)}")
        for stage in self.stages.values():
            if stage.verdict == "not reached" and stage.name == DESCRIPTION:
                continue
            largest = "" if stage.largest is None else f"{stage.largest:.1e}"
            limit = "" if stage.tolerance is None else f"<= {stage.tolerance:.0e}"
            notes = [stage.found, f"{stage.ties} on a threshold" if stage.ties else ""]
            note = ", ".join(filter(None, notes))
            row = f"  {stage.name:<14} {stage.verdict:<12} {stage.compared:>4}"
            lines.append(f"{row} {largest:>9} {limit:<9} {note}".rstrip())
            lines += [f"      {text}" for text in stage.faults[:MOST_DETAILS]]
            if len(stage.faults) > MOST_DETAILS:
                lines.append(f"      ... and {len(stage.faults) - MOST_DETAILS} more")
        verdict = (
            "gives the same results" if self.ok else f"differs first at: {self.first_difference}"
        )
        return [*lines, f"  {self.graph.name} {verdict}"]


def check(
    reference: Runner,
    graph: Path,
    pictures: Sequence[Picture],
    options: Options | None = None,
    engine: str = "auto",
) -> Report:
    """Return how the exported ``graph`` compares with the checkpoint behind ``reference``."""
    names = (DESCRIPTION, WEIGHTS, PIXELS, TENSOR, RAW, reference.task.stage, WHOLE)
    report = Report(graph, {name: Stage(name) for name in names}, [one.name for one in pictures])
    report.stages[RAW].tolerance = RAW_TOLERANCE
    exported = _open(report, reference, graph, options or Options(), engine)
    if exported is not None:
        _Comparison(reference, exported, report).run(pictures)
    return report


def _open(
    report: Report, reference: Runner, graph: Path, options: Options, engine: str
) -> Runner | None:
    """Return the exported model as prediction would open it; what stands against it is a fault."""
    stored, backend = None, None
    try:
        stored = store.inspect(graph)
        report.stages[DESCRIPTION].compared = 1
    except OcrError as error:
        report.stages[DESCRIPTION].faults.append(str(error))
    try:
        backend = open_backend(graph, options, engine)
        report.stages[WEIGHTS].compared = 1
    except OcrError as error:
        report.stages[WEIGHTS].faults.append(str(error))
    if stored is None:
        return None
    note_differences(report, reference.spec, stored.spec, stored.contradictions)
    if backend is None:
        return None
    if graph.suffix == ".onnx":
        _note_metadata(report, reference.spec, graph)
    try:
        return Runner(stored.spec, backend, batch_size=reference.batch_size)
    except OcrError as error:
        report.stages[DESCRIPTION].faults.append(str(error))
        return None


def note_differences(
    report: Report, ours: PipelineSpec, theirs: PipelineSpec, contradictions: Sequence[str] = ()
) -> None:
    """Put every difference between two descriptions down to the stage it decides."""
    result = list(report.stages)[-2]
    for name, sentence in differences(ours, theirs):
        text = f"{sentence} (checkpoint and file)"
        report.stages[_stage_of(name, sentence, result)].faults.append(text)
    for sentence in contradictions:
        report.stages[_stage_of("pre", sentence, result)].faults.append(sentence)


def _stage_of(name: str, sentence: str, result: str) -> str:
    if name == "pre":
        return PIXELS if sentence.startswith(DECODE) else TENSOR
    return DECIDES.get(name, result)


def _note_metadata(report: Report, ours: PipelineSpec, graph: Path) -> None:
    """The file is also used alone, so what it carries must be the same description."""
    try:
        found = store.in_metadata(graph)
        if found is None:
            report.stages[DESCRIPTION].faults.append(f"{graph.name} has no {store.METADATA_KEY}")
            return
        inside = store.from_content(*found)
    except OcrError as error:
        report.stages[DESCRIPTION].faults.append(str(error))
        return
    note_differences(report, ours, inside.spec, inside.contradictions)


class _Comparison:
    """One reference, one exported model, and the stages between them."""

    def __init__(self, reference: Runner, exported: Runner, report: Report) -> None:
        self.reference, self.exported = reference, exported
        self.report, self.stages = report, report.stages
        self.result = self.stages[reference.task.stage]
        self.noise: dict[int, float] = {}  # largest raw difference of each image

    def run(self, pictures: Sequence[Picture]) -> None:
        usable: list[tuple[Picture, Prepared]] = []
        for picture in pictures:
            prepared = self._inputs(picture)
            if prepared is not None:
                usable.append((picture, prepared))
        if not usable:
            self.stages[PIXELS].faults.append("the checkpoint could use none of the images")
            return
        shapes = [prepared.shapes for _, prepared in usable]
        policy, size = self.reference.spec.batch, self.reference.batch_size
        for members in batching.groups(shapes, policy, size):
            self._outputs([usable[index] for index in members], members)
        self._whole([picture for picture, _ in usable])

    def _inputs(self, picture: Picture) -> Prepared | None:
        """Compare pixels and tensors of one picture; None if the checkpoint cannot use it."""
        try:
            ours = self.reference.decoded(picture.data)
            prepared = self.reference.prepared(ours)
        except OcrError as error:
            self.report.unusable.append(f"{picture.name} ({error})")
            return None
        with _Watch(self.stages[PIXELS], picture.name) as watch:
            theirs = self.exported.decoded(picture.data)
            watch.arrays(ours["image"], theirs["image"])
        with _Watch(self.stages[TENSOR], picture.name) as watch:
            other = self.exported.prepared(ours)
            for one, two in zip(prepared.feeds, other.feeds, strict=True):
                watch.arrays(one, two)
        return prepared

    def _outputs(self, group: Sequence[tuple[Picture, Prepared]], members: Sequence[int]) -> None:
        """Compare raw outputs of one batch, and what either decoder makes of the same outputs."""
        names = ", ".join(picture.name for picture, _ in group[:3])
        inputs = [prepared for _, prepared in group]
        feeds = stack(inputs)
        ours = self.reference.infer(feeds)
        with _Watch(self.stages[RAW], names) as watch:
            theirs = self.exported.infer(feeds)
            for name, array in ours.items():
                watch.arrays(array, theirs.get(name, np.empty(0)), RAW_TOLERANCE)
            self._note_noise(ours, theirs, members)
        expected = self.reference.results(ours, inputs)
        with _Watch(self.result, names) as watch:
            found = self.exported.results(ours, inputs)
            for (picture, _), one, two in zip(group, expected, found, strict=True):
                watch.result(self.reference.task.name, one, two, picture.name, exactly=True)

    def _note_noise(
        self,
        ours: Mapping[str, np.ndarray],
        theirs: Mapping[str, np.ndarray],
        members: Sequence[int],
    ) -> None:
        for name, array in ours.items():
            other = theirs.get(name)
            if other is None or other.shape != array.shape:
                continue
            for place, index in enumerate(members):
                difference = float(np.abs(array[place] - other[place]).max(initial=0.0))
                self.noise[index] = max(self.noise.get(index, 0.0), difference)

    def _whole(self, pictures: Sequence[Picture]) -> None:
        """Compare what prediction gives from the files alone."""
        images = [picture.data for picture in pictures]
        expected = self.reference(images)
        self.result.found = amount(self.reference.task.name, expected)
        if self.result.found.startswith("0 "):
            self.result.found += ": give images with text, Global.infer_img"
        with _Watch(self.stages[WHOLE], "all images") as watch:
            found = self.exported(images)
            for index, (one, two) in enumerate(zip(expected, found, strict=True)):
                difference = difference_of(self.reference.task.name, one, two)
                if difference is None:
                    self.stages[WHOLE].compared += 1
                elif not self.result.faults and self.noise.get(index, 1.0) <= TIE_TOLERANCE:
                    self.stages[WHOLE].compared += 1
                    self.stages[WHOLE].ties += 1
                else:
                    watch.fault(f"{pictures[index].name}: {difference}")


class _Watch:
    """Notes what differs at a stage, an error of the exported side included."""

    def __init__(self, stage: Stage, subject: str) -> None:
        self.stage, self.subject = stage, subject

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, OcrError | IndexError):
            self.fault(f"{self.subject}: {error}")
            return True
        return False

    def fault(self, text: str) -> None:
        self.stage.compared += 1
        self.stage.faults.append(text)

    def arrays(self, ours: np.ndarray, theirs: np.ndarray, relative: float = 0.0) -> None:
        """Compare two arrays; ``relative`` is to the largest value, at least 1."""
        if ours.shape != theirs.shape:
            self.fault(f"{self.subject}: shape {list(ours.shape)} and {list(theirs.shape)}")
            return
        gap = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
        largest = float(gap.max(initial=0.0))
        limit = relative * max(1.0, float(np.abs(ours).max(initial=0.0)))
        if not largest <= limit:  # a nan is never within a limit
            self.fault(f"{self.subject}: largest difference {largest:.3g}, allowed {limit:.3g}")
        else:
            self.stage.compared += 1
        self.stage.measure(largest)

    def result(self, task: str, ours: Any, theirs: Any, name: str, exactly: bool) -> None:
        """Compare two results."""
        difference = difference_of(task, ours, theirs, 0.0 if exactly else SCORE_TOLERANCE)
        if difference is None:
            self.stage.compared += 1
        else:
            self.fault(f"{name}: {difference}")


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
