"""Effects that move everything: turn, slant, perspective, bending. Pixels and corners go together.

All of them are one movement: first the bending (downwards by a function of x), then a 3x3
projective matrix. Points are moved forward by it and pixels fetched backward through its exact
inverse, so a box is where its text is, whatever was combined.

Coordinates are those of OpenCV: whole numbers are the centres of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin, tan

import cv2
import numpy as np

from ppocr.synthesis.writing import corners
from ppocr.transforms.base import draw
from ppocr.transforms.warp import shift

MOST_SIDE = 8192
ALONG = 24  # points along each side of a box when it is bent


@dataclass(frozen=True, slots=True)
class Bend:
    """Moves points down by ``depth`` * sin(pi * (x - start) / length + phase), in pixels."""

    depth: float
    start: float
    length: float
    phase: float

    def rise(self, x: np.ndarray) -> np.ndarray:
        """Return how far points of these x move down."""
        return self.depth * np.sin(pi * (x - self.start) / self.length + self.phase)


@dataclass(frozen=True, slots=True)
class Movement:
    """Where points go: bent (perhaps), then through the matrix."""

    matrix: np.ndarray
    bend: Bend | None = None

    def points(self, points_P2: np.ndarray) -> np.ndarray:
        """Return moved points, float32 [P, 2]."""
        moved = np.array(points_P2, np.float64).reshape(-1, 2)
        if self.bend is not None:
            moved[:, 1] += self.bend.rise(moved[:, 0])
        return cv2.perspectiveTransform(moved[None], self.matrix)[0].astype(np.float32)

    def box(self, box: Sequence[float]) -> np.ndarray:
        """Return the four corners of a moved box, clockwise from its upper left, float32 [4, 2].

        A bent box is framed by the least rectangle in which it fits.
        """
        if self.bend is None:
            return self.points(corners(box))
        outline = self.points(_outline(box))
        frame = cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float32)
        first = self.points(corners(box))[0]
        return _starting_near(frame, first)

    def then(self, matrix: np.ndarray) -> Movement:
        """Return this movement with one more matrix behind it."""
        return Movement(matrix @ self.matrix, self.bend)

    def warp(
        self, image: np.ndarray, size_wh: tuple[int, int], over: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the moved pixels; what nothing moves to is 0, or shows ``over``."""
        border = cv2.BORDER_CONSTANT if over is None else cv2.BORDER_TRANSPARENT
        under = None if over is None else over.copy()
        if self.bend is None:
            return cv2.warpPerspective(
                image, self.matrix, size_wh, dst=under, flags=cv2.INTER_LINEAR, borderMode=border
            )
        width, height = size_wh
        back = np.linalg.inv(self.matrix).astype(np.float32)
        x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        from_x = (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth
        from_y = (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth
        from_y -= self.bend.rise(from_x).astype(np.float32)
        return cv2.remap(image, from_x, from_y, cv2.INTER_LINEAR, dst=under, borderMode=border)

    def bounds(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a moved box."""
        outline = self.points(corners(box) if self.bend is None else _outline(box))
        (x0, y0), (x1, y1) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
        return x0, y0, x1, y1


STILL = Movement(np.eye(3))


class Moving:
    """An effect that moves pixels: subclasses say how in `movement`."""

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], before: Movement
    ) -> Movement:
        """Return the movement after this effect, for an image of ``size_wh``."""
        raise NotImplementedError


class Rotation(Moving):
    """Turns about the centre by ``degrees``, clockwise where positive."""

    def __init__(self, degrees: float | Sequence[float] = (-3.0, 3.0)) -> None:
        self.degrees = degrees

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], before: Movement
    ) -> Movement:
        angle = radians(draw(rng, self.degrees))
        c, s = cos(angle), sin(angle)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        return before.then(_about_centre(turn, size_wh))


class Slant(Moving):
    """Leans upright strokes by ``degrees``, to the right where positive."""

    def __init__(self, degrees: float | Sequence[float] = (-12.0, 12.0)) -> None:
        self.degrees = degrees

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], before: Movement
    ) -> Movement:
        lean = np.eye(3)
        lean[0, 1] = -tan(radians(draw(rng, self.degrees)))
        return before.then(_about_centre(lean, size_wh))


class Perspective(Moving):
    """Moves each corner by up to ``reach`` of the shorter side: a camera that is held askew."""

    def __init__(self, reach: float | Sequence[float] = (0.0, 0.12)) -> None:
        self.reach = reach

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], before: Movement
    ) -> Movement:
        reach = draw(rng, self.reach) * min(size_wh)
        flat = corners((0, 0, *size_wh))
        pulled = flat + rng.uniform(-reach, reach, (4, 2)).astype(np.float32)
        return before.then(cv2.getPerspectiveTransform(flat, pulled))


class Curve(Moving):
    """Bends lines into an arc or a wave, ``depth`` high as a share of the image height.

    ``waves`` is how many half waves there are along the width: 1 is an arc.
    """

    def __init__(
        self,
        depth: float | Sequence[float] = (0.05, 0.25),
        waves: float | Sequence[float] = (0.6, 1.4),
    ) -> None:
        self.depth, self.waves = depth, waves

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], before: Movement
    ) -> Movement:
        depth = draw(rng, self.depth) * size_wh[1] * (1 if rng.random() < 0.5 else -1)
        length = size_wh[0] / max(draw(rng, self.waves), 0.1)
        start = (size_wh[0] - length) / 2
        phase = 0.0 if abs(length - size_wh[0]) < 0.5 * size_wh[0] else draw(rng, (0, pi))
        return Movement(before.matrix, Bend(depth, start, length, phase))


def _about_centre(matrix: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    x, y = (size_wh[0] - 1) / 2, (size_wh[1] - 1) / 2
    return shift(x, y) @ matrix @ shift(-x, -y)


def _outline(box: Sequence[float]) -> np.ndarray:
    """Return points along the edge of a box, [P, 2]."""
    left, top, right, bottom = box
    x, y = np.linspace(left, right, ALONG), np.linspace(top, bottom, ALONG)
    sides = [
        np.stack([x, np.full(ALONG, top)], axis=1),
        np.stack([np.full(ALONG, right), y], axis=1),
        np.stack([x[::-1], np.full(ALONG, bottom)], axis=1),
        np.stack([np.full(ALONG, left), y[::-1]], axis=1),
    ]
    return np.concatenate(sides)


def _starting_near(quad_42: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the corners clockwise on the screen, beginning with the one nearest to ``first``."""
    (ax, ay), (bx, by), (cx, cy) = quad_42[0], quad_42[1], quad_42[2]
    if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) < 0:
        quad_42 = quad_42[::-1]
    start = int(np.argmin(np.linalg.norm(quad_42 - first, axis=1)))
    return np.roll(quad_42, -start, axis=0)
