"""One warp instead of many: movements of an image, multiplied together before pixels exist.

Coordinates are continuous: pixel i covers [i, i + 1), so its centre is i + 0.5. Flipping is
x' = w - x, resizing x' = s * x, cropping x' = x - x0, and points of polygons go through the
same matrices as pixels. Matrices are 3x3, act on (x, y, 1) columns and are affine.

Array suffixes: _HWC image, _P2 points, _33 matrix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided

from ppocr.utils.compiled import available

BOX_TOLERANCE_PX = 1e-3  # a quad this close to upright counts as upright
REDUCTION_SLACK = 1.005  # half a percent of enlargement for a quarter of the pixels to decode
MAX_WARP_SIDE = 32766  # cv2.warpAffine keeps coordinates in 16 bits


class Source(Protocol):
    """Where pixels come from when they are wanted."""

    size: tuple[int, int]
    reductions: tuple[int, ...]

    def read(self, reduction: int, rows: int | None = None, channels: int = 3) -> np.ndarray:
        """Return uint8 pixels, smaller by ``reduction`` (one of ``reductions``) in each axis.

        What lies below the first ``rows`` (before the reduction) may be left out. With
        ``channels`` 4 there may be a fourth byte to each pixel that means nothing.
        """
        ...

    def finish(self, image_HWC: np.ndarray) -> np.ndarray:
        """Return the warped image in the channel order that was asked for."""
        ...


@dataclass(frozen=True, slots=True)
class ArraySource:
    """Pixels that exist already."""

    pixels: np.ndarray  # uint8 HWC
    reductions: tuple[int, ...] = (1,)

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    def read(self, reduction: int, rows: int | None = None, channels: int = 3) -> np.ndarray:
        del reduction, rows, channels
        return self.pixels

    def finish(self, image_HWC: np.ndarray) -> np.ndarray:
        return image_HWC


@dataclass(frozen=True, slots=True)
class Step:
    """One movement: where points go, and how large the image is afterwards.

    ``window`` (x0, y0, x1, y1) is the part of the new image that has content; the rest is
    padding and stays 0.
    """

    matrix_33: np.ndarray
    size: tuple[int, int]
    window: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """An image that has been moved, but not yet computed.

    ``outline`` is where the source's corners have come to. ``clips`` are quads outside of which
    there is nothing: what a step cut off does not come back in a later one.
    """

    source: Source
    matrix_33: np.ndarray
    size: tuple[int, int]
    outline: np.ndarray
    clips: tuple[np.ndarray, ...] = ()

    @classmethod
    def over(cls, source: Source, step: Step | None = None) -> View:
        """Return the untouched view of a source, or the view after a first step."""
        outline = rectangle(0, 0, source.size[1], source.size[0])
        if step is None:
            return cls(source, np.eye(3), source.size, outline)
        return cls(source, step.matrix_33, step.size, move_points(outline, step.matrix_33))

    def then(self, step: Step) -> View:
        """Return the view after one more movement."""
        quads = [self.outline, *self.clips]
        if not self._holds_source():
            quads.append(rectangle(0, 0, self.size[1], self.size[0]))
        outline, *moved = [move_points(quad, step.matrix_33) for quad in quads]
        if step.window is not None:
            moved.append(rectangle(*step.window))
        clips = tuple(quad for quad in moved if not _covers(quad, step.size))
        return View(self.source, step.matrix_33 @ self.matrix_33, step.size, outline, clips)

    def render(self) -> np.ndarray:
        """Return the pixels (uint8, HWC): decoded where needed, shrunk, warped once."""
        height, width = self.size
        if max(height, width) > MAX_WARP_SIDE:
            raise ValueError(f"an image of {width} x {height} is too large to warp")
        if self._is_untouched():
            return self.source.finish(self.source.read(1))
        window = self._window()
        if window is None:
            return self.source.finish(_blank(self.source, height, width))
        return self.source.finish(self._warp(window))

    def _is_untouched(self) -> bool:
        same = np.array_equal(self.matrix_33, np.eye(3))
        return same and self.size == self.source.size and not self.clips

    def _holds_source(self) -> bool:
        """Return whether nothing of the source lies outside the image so far."""
        (x0, y0), (x1, y1) = self.outline.min(axis=0).tolist(), self.outline.max(axis=0).tolist()
        height, width = self.size
        inside = min(x0, y0) >= -BOX_TOLERANCE_PX
        return inside and x1 <= width + BOX_TOLERANCE_PX and y1 <= height + BOX_TOLERANCE_PX

    def _window(self) -> tuple[int, int, int, int] | None:
        """Return the box of the view that can hold content; None if there is none."""
        low, high = np.zeros(2), np.array([self.size[1], self.size[0]], dtype=np.float64)
        for quad in (*self.clips, self.outline):
            low = np.maximum(low, quad.min(axis=0))
            high = np.minimum(high, quad.max(axis=0))
        x0, y0 = (int(v) for v in np.rint(low))
        x1, y1 = (int(v) for v in np.rint(high))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _warp(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return the whole view, black outside ``window`` and the clips."""
        scales = np.hypot(self.matrix_33[0, :2], self.matrix_33[1, :2])  # of the source's x and y
        largest = scales.max() / REDUCTION_SLACK
        reduction = max((n for n in self.source.reductions if n * largest <= 1), default=1)
        matrix = self.matrix_33 @ scaling(reduction, reduction)
        reach = move_points(rectangle(*window), np.linalg.inv(matrix))
        height, width = self.source.size
        reduced = -(-height // reduction), -(-width // reduction)
        blocks = Blocks.around(reach, reduced, scales * reduction)
        image = self.source.read(reduction, blocks.box[3] * reduction, channels=4)
        image, matrix = blocks.averaged(image), matrix @ blocks.matrix_33
        upright = _upright_box(self.outline) is not None
        warped = interpolated(image, matrix, self.size, window, replicate=upright)
        for quad in self.clips:
            if _upright_box(quad) is None:
                warped = _blacken_outside(warped, quad)
        return warped


@dataclass(frozen=True, slots=True)
class Blocks:
    """The part of an image that is needed, in blocks of pixels that become one.

    A bilinear warp reads four neighbours, so anything that shrinks more than twofold would
    skip pixels; whole blocks are averaged first. All pairs are x, y: the first pixel, the
    number of blocks, the pixels of a block.
    """

    low: tuple[int, int]
    count: tuple[int, int]
    factors: tuple[int, int]

    @classmethod
    def around(cls, reach: np.ndarray, size: tuple[int, int], scales: np.ndarray) -> Blocks:
        """Return the blocks for a quad ``reach`` in an image of ``size`` (height, width)."""
        low, high = reach.min(axis=0).tolist(), reach.max(axis=0).tolist()
        along_x = _blocks_along(low[0], high[0], size[1], float(scales[0]))
        along_y = _blocks_along(low[1], high[1], size[0], float(scales[1]))
        return cls(*zip(along_x, along_y, strict=True))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The pixels x0, y0, x1, y1 (exclusive) of all blocks; the last ones may not exist."""
        (x0, y0), (across, down), (wide, tall) = self.low, self.count, self.factors
        return x0, y0, x0 + across * wide, y0 + down * tall

    @property
    def matrix_33(self) -> np.ndarray:
        """The movement from the blocks to the image."""
        return shift(*self.low) @ scaling(*self.factors)

    def averaged(self, image_HWC: np.ndarray) -> np.ndarray:
        """Return one pixel for each block; edge pixels fill an incomplete block."""
        x0, y0, x1, y1 = self.box
        part = image_HWC[y0:y1, x0:x1]
        missing_y, missing_x = y1 - y0 - part.shape[0], x1 - x0 - part.shape[1]
        if missing_y > 0 or missing_x > 0:
            part = cv2.copyMakeBorder(part, 0, missing_y, 0, missing_x, cv2.BORDER_REPLICATE)
        if max(self.factors) > 1:
            part = cv2.resize(part, self.count, interpolation=cv2.INTER_AREA)
        return part


def _blocks_along(low: float, high: float, length: int, scale: float) -> tuple[int, int, int]:
    """Return the first pixel, the number of blocks and the pixels of a block along one axis."""
    factor = min(max(math.floor(1 / max(scale, 1e-9) + 1e-6), 1), max(length, 1))
    margin = 2 * factor + 2
    first = min(max(math.floor(low - margin), 0), length - 1) // factor * factor
    count = max((min(math.ceil(high + margin), length) - first) // factor, 1)
    if first + count * factor + factor >= length:
        # reaches the border: keep the last, incomplete block instead of dropping it
        count = -(-(length - first) // factor)
    return first, count, factor


def move_points(points: np.ndarray, matrix_33: np.ndarray) -> np.ndarray:
    """Return points (..., 2) after an affine movement, in their own dtype."""
    points = np.asarray(points)
    moved = points @ matrix_33[:2, :2].T + matrix_33[:2, 2]
    return moved.astype(points.dtype if points.dtype.kind == "f" else np.float64, copy=False)


def shift(x: float, y: float) -> np.ndarray:
    """Return the movement by (x, y)."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def scaling(x: float, y: float) -> np.ndarray:
    """Return the enlargement by x and y about the origin."""
    return np.array([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Return the four corners of an upright box, clockwise from top left, (4, 2) float64."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def interpolated(
    image_HWC: np.ndarray,
    matrix_33: np.ndarray,
    size: tuple[int, int],
    window: tuple[int, int, int, int],
    replicate: bool,
) -> np.ndarray:
    """Return the image warped to ``size`` (height, width), without a fourth channel.

    It is black outside of ``window``, and outside the image unless ``replicate`` repeats its
    edge pixels there.
    """
    channels = image_HWC.shape[2] if image_HWC.ndim == 3 else 1
    if channels not in (3, 4) or not available():
        return _interpolated_by_opencv(image_HWC, matrix_33, size, window, replicate)
    from ppocr.transforms import warp_kernels

    pixels = image_HWC if channels == 4 else cv2.cvtColor(image_HWC, cv2.COLOR_BGR2BGRA)
    warped = np.empty((*size, 3), dtype=np.uint8)
    inverse_23 = np.linalg.inv(shift(-0.5, -0.5) @ matrix_33 @ shift(0.5, 0.5))[:2]
    warp_kernels.interpolate(*_words(pixels), inverse_23, np.array(window), replicate, warped)
    return warped


def _interpolated_by_opencv(
    image_HWC: np.ndarray,
    matrix_33: np.ndarray,
    size: tuple[int, int],
    window: tuple[int, int, int, int],
    replicate: bool,
) -> np.ndarray:
    x0, y0, x1, y1 = window
    part = cv2.warpAffine(
        image_HWC,
        (shift(-0.5 - x0, -0.5 - y0) @ matrix_33 @ shift(0.5, 0.5))[:2],
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT,
    )
    if part.ndim == 3 and part.shape[2] == 4:
        part = cv2.cvtColor(part, cv2.COLOR_BGRA2BGR)
    whole = np.zeros((*size, *part.shape[2:]), dtype=part.dtype)
    whole[y0:y1, x0:x1] = part
    return whole


def _words(pixels_HW4: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels of four bytes as numbers in one row, and (height, width, row length).

    The image may be a part of a larger one, with gaps between its rows.
    """
    if not pixels_HW4.flags.writeable:
        pixels_HW4 = pixels_HW4.copy()  # compiled loops take nothing else
    height, width = pixels_HW4.shape[:2]
    length = pixels_HW4.strides[0] // 4
    words_HW = pixels_HW4.view(np.uint32)[..., 0]
    words = as_strided(words_HW, ((height - 1) * length + width,), (4,))
    return words, np.array([height, width, length])


def _blank(source: Source, height: int, width: int) -> np.ndarray:
    channels = source.read(max(source.reductions)).shape[2:]
    return np.zeros((height, width, *channels), dtype=np.uint8)


def _upright_box(quad: np.ndarray) -> tuple[float, float, float, float] | None:
    """Return (x0, y0, x1, y1) when the quad's sides are parallel to the axes."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    flat = abs(ay - by) + abs(cy - dy) + abs(bx - cx) + abs(dx - ax) < BOX_TOLERANCE_PX
    tall = abs(ax - bx) + abs(cx - dx) + abs(by - cy) + abs(dy - ay) < BOX_TOLERANCE_PX
    if not (flat or tall):
        return None
    return min(ax, cx), min(ay, cy), max(ax, cx), max(ay, cy)


def _covers(quad: np.ndarray, size: tuple[int, int]) -> bool:
    """Return whether the whole image of ``size`` lies inside the convex quad."""
    height, width = size
    box = _upright_box(quad)
    slack = 0.5 + BOX_TOLERANCE_PX  # less than half a pixel never shows
    if box is not None:
        return (
            box[0] < slack and box[1] < slack and box[2] > width - slack and box[3] > height - slack
        )
    sides = _side_values(quad, rectangle(0, 0, width, height))
    return bool((sides >= -BOX_TOLERANCE_PX).all() or (sides <= BOX_TOLERANCE_PX).all())


def _side_values(quad: np.ndarray, points: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return for each point and each side on which side of it the point lies (signed)."""
    edges = np.roll(quad, -1, axis=0) - quad
    offsets = np.asarray(points)[:, None] - quad[None]
    return edges[:, 0] * offsets[..., 1] - edges[:, 1] * offsets[..., 0]


def _blacken_outside(image: np.ndarray, quad: np.ndarray) -> np.ndarray:
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    fixed_point = np.rint((quad - 0.5) * 256).astype(np.int32)
    cv2.fillConvexPoly(mask, fixed_point, 255, shift=8)
    return cv2.copyTo(image, mask)
