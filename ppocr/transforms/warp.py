"""One warp instead of many: movements of an image, multiplied together before pixels exist.

Coordinates are continuous: pixel i covers [i, i + 1), so its centre is i + 0.5. Flipping is
x' = w - x, resizing x' = s * x, cropping x' = x - x0, and points of polygons go through the
same matrices as pixels. Matrices are 3x3, act on (x, y, 1) columns and are affine.

Array suffixes: _HWC image, _P2 points, _33 matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

BOX_TOLERANCE_PX = 1e-3  # a quad this close to upright counts as upright
REDUCTION_SLACK = 1.005  # half a percent of enlargement for a quarter of the pixels to decode
MAX_WARP_SIDE = 32766  # cv2.warpAffine keeps coordinates in 16 bits


class Source(Protocol):
    """Where pixels come from when they are wanted."""

    size: tuple[int, int]
    reductions: tuple[int, ...]

    def read(self, reduction: int) -> np.ndarray:
        """Return uint8 pixels, smaller by ``reduction`` (one of ``reductions``) in each axis."""
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

    def read(self, reduction: int) -> np.ndarray:
        del reduction
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

    ``clips`` are quads in view coordinates outside of which there is nothing: what a step cut
    off does not come back in a later one.
    """

    source: Source
    matrix_33: np.ndarray
    size: tuple[int, int]
    clips: tuple[np.ndarray, ...] = ()

    @classmethod
    def over(cls, source: Source, step: Step | None = None) -> View:
        """Return the untouched view of a source, or the view after a first step."""
        if step is None:
            return cls(source, np.eye(3), source.size)
        return cls(source, step.matrix_33, step.size)

    def then(self, step: Step) -> View:
        """Return the view after one more movement."""
        quads = list(self.clips)
        if not self._holds_source():
            quads.append(rectangle(0, 0, self.size[1], self.size[0]))
        moved = [move_points(quad, step.matrix_33) for quad in quads]
        if step.window is not None:
            moved.append(rectangle(*step.window))
        clips = tuple(quad for quad in moved if not _covers(quad, step.size))
        return View(self.source, step.matrix_33 @ self.matrix_33, step.size, clips)

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
        warped = self._warp(window)
        for quad in self.clips:
            if _upright_box(quad) is None:
                warped = _blacken_outside(warped, quad - (window[0], window[1]))
        if window != (0, 0, width, height):
            whole = np.zeros((height, width, *warped.shape[2:]), dtype=warped.dtype)
            whole[window[1] : window[3], window[0] : window[2]] = warped
            warped = whole
        return self.source.finish(warped)

    def _is_untouched(self) -> bool:
        same = np.array_equal(self.matrix_33, np.eye(3))
        return same and self.size == self.source.size and not self.clips

    def _holds_source(self) -> bool:
        """Return whether nothing of the source lies outside the image so far."""
        quad = self._source_quad()
        low, high = quad.min(axis=0), quad.max(axis=0)
        height, width = self.size
        tolerance = BOX_TOLERANCE_PX
        inside = low[0] >= -tolerance and low[1] >= -tolerance
        return bool(inside and high[0] <= width + tolerance and high[1] <= height + tolerance)

    def _source_quad(self) -> np.ndarray:
        height, width = self.source.size
        return move_points(rectangle(0, 0, width, height), self.matrix_33)

    def _window(self) -> tuple[int, int, int, int] | None:
        """Return the box of the view that can hold content; None if there is none."""
        low, high = np.zeros(2), np.array([self.size[1], self.size[0]], dtype=np.float64)
        for quad in (*self.clips, self._source_quad()):
            low = np.maximum(low, quad.min(axis=0))
            high = np.minimum(high, quad.max(axis=0))
        x0, y0 = (int(v) for v in np.rint(low))
        x1, y1 = (int(v) for v in np.rint(high))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _warp(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return the pixels of ``window``."""
        x0, y0, x1, y1 = window
        matrix = shift(-x0, -y0) @ self.matrix_33
        scales = np.hypot(matrix[0, :2], matrix[1, :2])  # of the source's x and y axes
        largest = scales.max() / REDUCTION_SLACK
        reduction = max((n for n in self.source.reductions if n * largest <= 1), default=1)
        image = self.source.read(reduction)
        matrix = matrix @ scaling(reduction, reduction)
        corners = rectangle(0, 0, x1 - x0, y1 - y0)
        reach = move_points(corners, np.linalg.inv(matrix))
        image, matrix = _shrink(image, matrix, reach, scales * reduction)
        upright = _upright_box(self._source_quad()) is not None
        return cv2.warpAffine(
            image,
            (shift(-0.5, -0.5) @ matrix @ shift(0.5, 0.5))[:2],
            (x1 - x0, y1 - y0),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE if upright else cv2.BORDER_CONSTANT,
        )


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


def _shrink(
    image: np.ndarray, matrix: np.ndarray, reach: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of the image that is needed, averaged where it will be shrunk.

    A bilinear warp reads four neighbours, so anything that shrinks more than twofold would
    skip pixels; whole blocks are averaged first.
    """
    factors = np.maximum(np.floor(1 / np.maximum(scales, 1e-9) + 1e-6), 1).astype(int)
    height, width = image.shape[:2]
    factors = np.minimum(factors, (max(width, 1), max(height, 1)))
    margin = 2 * factors + 2
    low = np.floor(reach.min(axis=0) - margin).astype(int)
    high = np.ceil(reach.max(axis=0) + margin).astype(int)
    low = np.clip(low // factors * factors, 0, (width - 1, height - 1)) // factors * factors
    count = np.maximum((np.minimum(high, (width, height)) - low) // factors, 1)
    if (low + count * factors + factors >= (width, height)).any():
        # reaches the border: keep the last, incomplete block instead of dropping it
        whole = -(-(np.array([width, height]) - low) // factors)
        count = np.where(low + count * factors + factors >= (width, height), whole, count)
    part = _blocks(image, low, count, factors)
    if (factors > 1).any():
        part = cv2.resize(part, tuple(int(n) for n in count), interpolation=cv2.INTER_AREA)
    return part, matrix @ shift(*low) @ scaling(*factors)


def _blocks(
    image: np.ndarray, low: np.ndarray, count: np.ndarray, factors: np.ndarray
) -> np.ndarray:
    """Return ``count`` whole blocks from ``low`` on; edge pixels fill an incomplete block."""
    high = low + count * factors
    part = image[low[1] : high[1], low[0] : high[0]]
    missing = (high - low) - (part.shape[1], part.shape[0])
    if (missing > 0).any():
        part = cv2.copyMakeBorder(
            part, 0, int(missing[1]), 0, int(missing[0]), cv2.BORDER_REPLICATE
        )
    return part


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
