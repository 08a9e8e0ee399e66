"""The same images through the checkpoint and through the file that was written, stage by stage.

Each stage is given the checkpoint's result of the stage before, so that a fault shows where it is
made and nowhere else: pixels, tensors, raw outputs, then boxes or texts. A last stage runs both
from image to result, as prediction does. The exported side is read back from disk by the reader
that prediction uses, never taken from memory.

Pixels and tensors must be equal. Raw outputs may differ by ``RAW_TOLERANCE`` of their scale, which
is a few times what different kernels were seen to do to float32. Some networks amplify rounding
(an untrained ResNet-18 DB moves its map by 1e-4 when its input moves by one unit in the last
place): where the tolerance is exceeded, the checkpoint itself is run on such an input, and
``AMPLIFICATION`` times what that changes is allowed, up to ``LARGEST_TOLERANCE``. Results must be
identical, scores within ``SCORE_TOLERANCE``; a result may differ only if it hangs on raw values
that differ by no more than ``TIE_TOLERANCE``, or than rounding was found to move them, and such
ties are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.backends.base import Options
from ppocr.backends.onnx import Onnx
from ppocr.backends.open import open_backend
from ppocr.export.difference import amount, difference_of, gap, scale_of
from ppocr.export.images import Picture
from ppocr.export.stages import (
    DESCRIPTION,
    PIXELS,
    RAW,
    RAW_TOLERANCE,
    TENSOR,
    TIE_TOLERANCE,
    WEIGHTS,
    WHOLE,
    Report,
    Stage,
)
from ppocr.pipeline import batching, store
from ppocr.pipeline.runner import Prepared, Runner, stack
from ppocr.pipeline.spec import PipelineSpec, differences
from ppocr.utils.exits import OcrError

LAST_PLACE = 2.0**-23  # relative size of the last bit of a float32
AMPLIFICATION = 10.0
LARGEST_TOLERANCE = 1e-2
# fields of a spec -> the stage they decide; what is not named decides the results
DECIDES = {"inputs": TENSOR, "batch": TENSOR, "outputs": RAW, "task": DESCRIPTION}
DECODE = "DecodeImage"
Outputs = Mapping[str, np.ndarray]


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
    if isinstance(backend, Onnx):
        _note_metadata(report, reference.spec, graph, backend.metadata)
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


def _note_metadata(
    report: Report, ours: PipelineSpec, graph: Path, carried: Mapping[str, str]
) -> None:
    """The file is also used alone, so what it carries must be the same description."""
    try:
        found = store.in_metadata(graph, carried)
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
        self.tie_limit: dict[int, float] = {}

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
            limits = self._limits(feeds, ours, theirs)
            for name, array in ours.items():
                watch.arrays(array, theirs.get(name, np.empty(0)), limits[name])
            self._note_noise(ours, theirs, members, max(limits.values()))
        expected = self.reference.results(ours, inputs)
        with _Watch(self.result, names) as watch:
            found = self.exported.results(ours, inputs)
            for (picture, _), one, two in zip(group, expected, found, strict=True):
                watch.result(self.reference.task.name, one, two, picture.name)

    def _limits(
        self, feeds: Sequence[np.ndarray], ours: Outputs, theirs: Outputs
    ) -> dict[str, float]:
        """Return how far each output may be off: the tolerance, or what rounding does to it."""
        limits = {name: RAW_TOLERANCE * scale_of(array) for name, array in ours.items()}
        if all(gap(array, theirs.get(name)) <= limits[name] for name, array in ours.items()):
            return limits
        generator = np.random.default_rng(0)
        moved = [
            (feed * (1 + LAST_PLACE * generator.choice([-1.0, 1.0], feed.shape))).astype(feed.dtype)
            for feed in feeds
        ]
        answer = self.reference.infer(moved)
        for name, array in ours.items():
            rounding = AMPLIFICATION * gap(array, answer[name])
            most = LARGEST_TOLERANCE * scale_of(array)
            limits[name] = max(limits[name], min(rounding, most))
        raw = self.stages[RAW]
        raw.tolerance = max(raw.tolerance or 0.0, *limits.values())
        raw.found = "the network amplifies rounding"
        return limits

    def _note_noise(
        self, ours: Outputs, theirs: Outputs, members: Sequence[int], limit: float
    ) -> None:
        for name, array in ours.items():
            other = theirs.get(name)
            for place, index in enumerate(members):
                difference = gap(array[place], None if other is None else other[place])
                self.noise[index] = max(self.noise.get(index, 0.0), difference)
                usual = limit <= RAW_TOLERANCE * scale_of(array)
                self.tie_limit[index] = TIE_TOLERANCE if usual else limit

    def _is_tie(self, index: int) -> bool:
        """Return whether rounding alone separates the raw outputs of an image."""
        return self.noise.get(index, np.inf) <= self.tie_limit.get(index, 0.0)

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
                elif not self.result.faults and self._is_tie(index):
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

    def arrays(self, ours: np.ndarray, theirs: np.ndarray, limit: float = 0.0) -> None:
        """Compare two arrays that may differ by ``limit``."""
        if ours.shape != theirs.shape:
            self.fault(f"{self.subject}: shape {list(ours.shape)} and {list(theirs.shape)}")
            return
        largest = gap(ours, theirs)
        if not largest <= limit:  # a nan is never within a limit
            self.fault(f"{self.subject}: largest difference {largest:.3g}, allowed {limit:.3g}")
        else:
            self.stage.compared += 1
        self.stage.measure(largest)

    def result(self, task: str, ours: Any, theirs: Any, name: str) -> None:
        """Compare two results of the same raw output: they must be identical."""
        difference = difference_of(task, ours, theirs, score_tolerance=0.0)
        if difference is None:
            self.stage.compared += 1
        else:
            self.fault(f"{name}: {difference}")
