"""What an operation on a sample is, and how a list of them runs.

A sample is a dict. Its usual entries: ``image`` (encoded bytes before DecodeImage, uint8 HWC
after), ``label`` (raw text of the row), ``rng`` (numpy Generator, the only source of chance),
``index``, ``place`` ("file:line"), ``path``, ``epoch``, and what the operations add.

Every operation states literal class facts that tools read without running it:

``needs_label``  it makes labels or targets, so it is left out when predicting;
``adds``         names of the entries it writes besides ``image``;
``touches``      what it needs of the image: "nothing", "geometry" (it only moves pixels and
                 says how, see `warp.Step`), "pixels" (reads or changes them), "source"
                 (turns bytes into pixels).

`Compose` uses ``touches``: from "source" through all following "geometry" operations no pixel
is computed; the movements are multiplied together, and when pixels are wanted at last only
those that survive are decoded and warped, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from ppocr.transforms.warp import ArraySource, Step, View, move_points
from ppocr.utils.exits import DataError

Sample = dict[str, Any]

BOOKKEEPING = ("index", "place", "text", "normalize")
LOST = "unknown_characters"
# reasons that concern the label's fitness for the model, not the sample's integrity
UNWANTED = frozenset({"empty", "too_long", "only_unknown", LOST})


class Rejected(DataError):
    """This sample cannot be used: ``reason`` is a word to count by, ``detail`` a sentence.

    ``broken`` tells damage (a file that cannot be read) from samples that are only not
    wanted (a text that is too long).
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail
        self.broken = reason not in UNWANTED

    def __reduce__(self) -> tuple[type[Rejected], tuple[str, str]]:
        return Rejected, (self.reason, self.detail)


class Op(Protocol):
    """One step of preparing a sample."""

    needs_label: ClassVar[bool]
    adds: ClassVar[tuple[str, ...]]
    touches: ClassVar[str]

    def __call__(self, sample: Sample) -> Sample: ...


class GeometryOp:
    """An operation that only moves pixels: subclasses say how in `step`."""

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        """Return the movement for an image of ``size`` (height, width); None leaves it alone.

        Polygons are still where they were before the movement; they are moved afterwards by
        the caller. Polygons that will not be in the result may be dropped here.
        """
        raise NotImplementedError

    def __call__(self, sample: Sample) -> Sample:
        view = View.over(ArraySource(sample["image"]))
        view = advance(self, sample, view)
        sample["image"] = view.render()
        return sample


class Compose:
    """Runs operations in order, with their geometry fused.

    ``defer`` leaves normalisation to `ppocr.transforms.normalize.finish`, which does it for a
    whole batch at once; the sample then carries uint8 HWC pixels and ``normalize``.
    ``fuse=False`` runs every operation on its own (for comparison; same result up to
    interpolation).
    """

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, ops: Iterable[Callable[[Sample], Sample]], defer: bool = False, fuse: bool = True
    ) -> None:
        self.ops = tuple(_flat(ops))
        self.defer, self.fuse = defer, fuse
        self.modes = _modes(self.ops, defer, fuse)

    def __call__(self, sample: Sample) -> Sample:
        sample = dict(sample)
        view: View | None = None
        for op, mode in zip(self.ops, self.modes, strict=True):
            if mode == "open":
                view = op.open(sample)
            elif mode == "move":
                view = view or View.over(ArraySource(sample["image"]))
                view = advance(op, sample, view)
            elif mode == "defer":
                sample, view = op.deferred(_rendered(sample, view)), None
            elif mode == "beside":
                sample = op(sample)
            else:
                sample, view = op(_rendered(sample, view)), None
        return _rendered(sample, view)


def advance(op: GeometryOp, sample: Sample, view: View) -> View:
    """Return the view after ``op``; polygons of the sample move along."""
    step = op.step(sample, view.size)
    if step is None:
        return view
    if "polys" in sample:
        sample["polys"] = move_points(sample["polys"], step.matrix_33)
    return view.then(step)


def _rendered(sample: Sample, view: View | None) -> Sample:
    if view is not None:
        sample["image"] = view.render()
    return sample


def _flat(ops: Iterable[Any]) -> Iterable[Any]:
    for op in ops:
        if isinstance(op, Compose):
            yield from op.ops
        elif hasattr(op, "steps"):
            yield from _flat(op.steps)
        else:
            yield op


def _modes(ops: Sequence[Any], defer: bool, fuse: bool) -> list[str]:
    """Return how each operation is run: open, move, beside, defer or plainly."""
    touches = [getattr(op, "touches", "pixels") for op in ops]
    modes = [{"nothing": "beside"}.get(touch, "run") for touch in touches]
    if fuse:
        for place, touch in enumerate(touches):
            if touch == "geometry":
                modes[place] = "move"
            elif touch == "source" and _geometry_follows(touches[place + 1 :]):
                modes[place] = "open"
    if defer:
        for place in reversed(range(len(ops))):
            if hasattr(ops[place], "deferred"):
                modes[place] = "defer"
            elif touches[place] != "nothing" and not getattr(ops[place], "keeps", False):
                break
    return modes


def _geometry_follows(touches: Sequence[str]) -> bool:
    for touch in touches:
        if touch != "nothing":
            return touch == "geometry"
    return False


def draw(rng: np.random.Generator, value: float | Sequence[float]) -> float:
    """Return a number: the given one, or one drawn uniformly from a range [low, high]."""
    if isinstance(value, (int, float)):
        return float(value)
    low, high = value
    return float(rng.uniform(low, high))
