"""Augmenters that move pixels: flips, turns, resizing, cropping. Names and arguments as in imgaug.

A range [low, high] is drawn from uniformly for each sample. Each augmenter states its
movement (`warp.Step`), so a chain of them costs one warp. What a movement uncovers is black.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, radians, sin, tan
from typing import ClassVar

import numpy as np

from ppocr.transforms.base import GeometryOp, Sample, draw
from ppocr.transforms.warp import Step, move_points, rectangle, scaling, shift

Range = float | Sequence[float]


class Fliplr(GeometryOp):
    """Mirrors left and right with probability ``p``."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(self, p: float = 1.0) -> None:
        self.p = p

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        if sample["rng"].random() >= self.p:
            return None
        return Step(shift(size[1], 0) @ scaling(-1, 1), size)


class Flipud(GeometryOp):
    """Turns upside down by mirroring, with probability ``p``."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(self, p: float = 1.0) -> None:
        self.p = p

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        if sample["rng"].random() >= self.p:
            return None
        return Step(shift(0, size[0]) @ scaling(1, -1), size)


class Rot90(GeometryOp):
    """Turns clockwise by ``k`` quarter turns; [low, high] draws a whole number.

    ``keep_size`` scales the result back to the height and width of before.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(self, k: int | Sequence[int] = 1, keep_size: bool = True) -> None:
        self.k, self.keep_size = k, keep_size

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        quarters = self.k
        if not isinstance(quarters, int):
            quarters = int(sample["rng"].integers(quarters[0], quarters[1] + 1))
        height, width = size
        matrix = np.eye(3)
        for _ in range(quarters % 4):
            matrix = np.array([[0.0, -1.0, height], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
            height, width = width, height
        if self.keep_size:
            matrix = scaling(size[1] / width, size[0] / height) @ matrix
            height, width = size
        return Step(matrix, (height, width))


class Affine(GeometryOp):
    """Scales, shears, rotates and shifts about the centre of the image, in that order.

    ``rotate`` and ``shear`` are degrees, clockwise; ``scale`` is a factor, or {x: , y: } of
    factors; ``translate_percent`` and ``translate_px`` are a number or {x: , y: }. The image
    keeps its size unless ``fit_output``, which makes it large enough for everything.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self,
        scale: float | Sequence[float] | Mapping = 1.0,
        translate_percent: float | Sequence[float] | Mapping | None = None,
        translate_px: int | Sequence[int] | Mapping | None = None,
        rotate: float | Sequence[float] = 0.0,
        shear: float | Sequence[float] | Mapping = 0.0,
        fit_output: bool = False,
    ) -> None:
        self.scale, self.rotate, self.shear = scale, rotate, shear
        self.translate_percent, self.translate_px = translate_percent, translate_px
        self.fit_output = fit_output

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        rng = sample["rng"]
        height, width = size
        linear = (
            _rotation(draw(rng, self.rotate))
            @ _shearing(*_per_axis(rng, self.shear, 0.0, both=False))
            @ scaling(*_per_axis(rng, self.scale, 1.0, both=True))
        )
        move_x, move_y = self._translation(rng, size)
        matrix = shift(width / 2 + move_x, height / 2 + move_y) @ linear
        matrix = matrix @ shift(-width / 2, -height / 2)
        if self.fit_output:
            corners = move_points(rectangle(0, 0, width, height), matrix)
            low, high = corners.min(axis=0), corners.max(axis=0)
            matrix = shift(-low[0], -low[1]) @ matrix
            wide, tall = np.maximum(np.ceil(high - low - 1e-6), 1)
            size = int(tall), int(wide)
        return Step(matrix, size)

    def _translation(self, rng: np.random.Generator, size: tuple[int, int]) -> tuple[float, float]:
        if self.translate_px is not None:
            x, y = _per_axis(rng, self.translate_px, 0.0, both=True)
            return round(x), round(y)
        if self.translate_percent is not None:
            x, y = _per_axis(rng, self.translate_percent, 0.0, both=True)
            return x * size[1], y * size[0]
        return 0.0, 0.0


class Rotate(Affine):
    """Rotates about the centre by ``rotate`` degrees, clockwise."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self, rotate: float | Sequence[float] = (-30.0, 30.0), fit_output: bool = False
    ) -> None:
        super().__init__(rotate=rotate, fit_output=fit_output)


class ShearX(Affine):
    """Shears along x by ``shear`` degrees; the image grows so that nothing is lost."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self, shear: float | Sequence[float] = (-30.0, 30.0), fit_output: bool = True
    ) -> None:
        super().__init__(shear={"x": shear}, fit_output=fit_output)


class ShearY(Affine):
    """Shears along y by ``shear`` degrees; the image grows so that nothing is lost."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self, shear: float | Sequence[float] = (-30.0, 30.0), fit_output: bool = True
    ) -> None:
        super().__init__(shear={"y": shear}, fit_output=fit_output)


class Resize(GeometryOp):
    """Resizes by a factor (a number with a decimal point) or to a side in pixels (whole number).

    ``size`` is one value or a range, for both axes alike, or {height: , width: } of such;
    a word there, "keep" or "keep-aspect-ratio", leaves the axis or lets it follow the other.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(self, size: float | int | Sequence[float] | Mapping) -> None:
        self.size = size

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        rng = sample["rng"]
        height, width = size
        if isinstance(self.size, Mapping):
            new_height = self._side(rng, self.size.get("height", "keep"), height)
            new_width = self._side(rng, self.size.get("width", "keep"), width)
            if new_height is None:
                new_height = max(round(height * (new_width or width) / width), 1)
            if new_width is None:
                new_width = max(round(width * new_height / height), 1)
        else:
            drawn = self._drawn(rng, self.size)
            new_height, new_width = self._pixels(drawn, height), self._pixels(drawn, width)
        return Step(scaling(new_width / width, new_height / height), (new_height, new_width))

    def _side(self, rng: np.random.Generator, size: float | str | Sequence, side: int):
        if size == "keep":
            return side
        if size == "keep-aspect-ratio":
            return None
        return self._pixels(self._drawn(rng, size), side)

    @staticmethod
    def _drawn(rng: np.random.Generator, size: float | Sequence[float]) -> float | int:
        if isinstance(size, (int, float)):
            return size
        low, high = size
        if isinstance(low, int) and isinstance(high, int):
            return int(rng.integers(low, high + 1))
        return float(rng.uniform(low, high))

    @staticmethod
    def _pixels(drawn: float | int, side: int) -> int:
        return max(drawn if isinstance(drawn, int) else round(side * drawn), 1)


class Crop(GeometryOp):
    """Takes pixels off each side: ``px`` of them, or ``percent`` (a share) of the length.

    A range draws each side anew, unless ``sample_independently`` is false. ``keep_size``
    scales what is left back to the size of before.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "geometry"

    def __init__(
        self,
        px: int | Sequence[int] | None = None,
        percent: float | Sequence[float] | None = None,
        keep_size: bool = True,
        sample_independently: bool = True,
    ) -> None:
        if (px is None) == (percent is None):
            raise ValueError("Crop takes either px or percent")
        self.px, self.percent = px, percent
        self.keep_size, self.sample_independently = keep_size, sample_independently

    def step(self, sample: Sample, size: tuple[int, int]) -> Step | None:
        rng = sample["rng"]
        height, width = size
        amount = self.percent if self.px is None else self.px
        count = 4 if self.sample_independently else 1
        drawn = [max(draw(rng, amount), 0.0) for _ in range(count)] * (4 // count)
        unit = (height, width, height, width) if self.px is None else (1, 1, 1, 1)
        top, right, bottom, left = (round(d * u) for d, u in zip(drawn, unit, strict=True))
        top, left = min(top, height - 1), min(left, width - 1)
        new_height, new_width = max(height - top - bottom, 1), max(width - left - right, 1)
        matrix = shift(-left, -top)
        if not self.keep_size:
            return Step(matrix, (new_height, new_width))
        return Step(scaling(width / new_width, height / new_height) @ matrix, size)


def _rotation(degrees: float) -> np.ndarray:
    angle = radians(degrees)
    c, s = cos(angle), sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _shearing(x_degrees: float, y_degrees: float) -> np.ndarray:
    return np.array(
        [[1.0, tan(radians(x_degrees)), 0.0], [tan(radians(y_degrees)), 1.0, 0.0], [0.0, 0.0, 1.0]]
    )


def _per_axis(
    rng: np.random.Generator, value: Range | Mapping, neutral: float, both: bool
) -> tuple[float, float]:
    """Return values for x and y: from {x: , y: }, or one value for both axes or for x only."""
    if isinstance(value, Mapping):
        return draw(rng, value.get("x", neutral)), draw(rng, value.get("y", neutral))
    one = draw(rng, value)
    return one, one if both else neutral
