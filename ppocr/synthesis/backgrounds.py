"""What texts are written on, made up: plain, paper, gradients, textures, ruled sheets.

A background is asked for a patch of any size (uint8 HWC BGR). What is slow to make, fields of
noise, is made once from fixed seeds; a patch is a random piece of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from ppocr.transforms.base import draw

FIELDS = 6  # of each kind of noise
FIELD_PX = 512
GRAY = 128


class Plain:
    """One colour of gray levels ``light``; of the share ``dark``, 255 minus that."""

    def __init__(
        self, light: Sequence[float] = (165, 255), dark: float = 0.15, tint: float = 18
    ) -> None:
        self.light, self.dark, self.tint = light, dark, tint

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a patch of one colour."""
        return _filled(self._colour(rng), size_wh)

    def _colour(self, rng: np.random.Generator) -> np.ndarray:
        tone = draw(rng, self.light)
        if rng.random() < self.dark:
            tone = 255 - tone
        return np.clip(tone + rng.uniform(-self.tint, self.tint, 3), 0, 255)


class Paper(Plain):
    """Paper: a colour with grain and soft stains; ``grain`` and ``stains`` are gray levels."""

    def __init__(
        self,
        light: Sequence[float] = (180, 250),
        dark: float = 0.05,
        tint: float = 14,
        grain: float | Sequence[float] = (1, 7),
        stains: float | Sequence[float] = (0, 18),
    ) -> None:
        super().__init__(light, dark, tint)
        self.grain, self.stains = grain, stains

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a patch of paper."""
        colour = self._colour(rng)
        fine = _piece(rng, "fine", size_wh, 1.0)
        coarse = _piece(rng, "coarse", size_wh, draw(rng, (1, 4)))
        field_HW = cv2.addWeighted(
            fine,
            draw(rng, self.grain) / 42,
            coarse,
            draw(rng, self.stains) / 42,
            0,
            dtype=cv2.CV_32F,
        )
        field_HW -= field_HW.mean()
        return _shifted(colour, field_HW)


class Gradient(Plain):
    """Two or four colours that run into each other; they differ by up to ``range`` gray levels."""

    def __init__(
        self,
        light: Sequence[float] = (150, 250),
        dark: float = 0.2,
        tint: float = 25,
        range: float = 45,
    ) -> None:
        super().__init__(light, dark, tint)
        self.range = range

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a patch with a colour of its own in each corner."""
        colour = self._colour(rng)
        corners_223 = colour + rng.uniform(-self.range, self.range, (2, 2, 1))
        corners_223 = corners_223 + rng.uniform(-self.tint, self.tint, (2, 2, 3)) / 2
        small = np.clip(corners_223, 0, 255).astype(np.uint8)
        return cv2.resize(small, size_wh, interpolation=cv2.INTER_LINEAR)


class Texture(Plain):
    """Stone, cloth, board: noise of several sizes, ``depth`` gray levels strong."""

    def __init__(
        self,
        light: Sequence[float] = (120, 240),
        dark: float = 0.25,
        tint: float = 30,
        depth: float | Sequence[float] = (6, 26),
    ) -> None:
        super().__init__(light, dark, tint)
        self.depth = depth

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a patch of a texture."""
        colour = self._colour(rng)
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        piece = _piece(rng, kind, size_wh, draw(rng, (0.6, 3.0)))
        weight = draw(rng, self.depth) / 42
        field_HW = (piece.astype(np.float32) - float(piece.mean())) * weight
        return _shifted(colour, field_HW)


class Ruled(Paper):
    """Lined or squared paper; ``step`` is the distance of the lines in pixels."""

    def __init__(
        self,
        light: Sequence[float] = (200, 252),
        dark: float = 0.0,
        tint: float = 10,
        grain: float | Sequence[float] = (0, 4),
        stains: float | Sequence[float] = (0, 8),
        step: Sequence[float] = (18, 60),
    ) -> None:
        super().__init__(light, dark, tint, grain, stains)
        self.step = step

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a patch of paper with lines on it."""
        image_HWC = super().patch(rng, size_wh)
        step, width = draw(rng, self.step), int(rng.integers(1, 3))
        colour = np.clip(image_HWC[0, 0].astype(float) - rng.uniform(25, 90, 3), 0, 255)
        first_y, first_x = rng.uniform(0, step, 2)
        for y in np.arange(first_y, size_wh[1], step).astype(int).tolist():
            image_HWC[y : y + width] = colour
        if rng.random() < 0.4:
            for x in np.arange(first_x, size_wh[0], step).astype(int).tolist():
                image_HWC[:, x : x + width] = colour
        return image_HWC


_KINDS = ("fine", "medium", "coarse", "fibres", "weave")


@cache
def _field(kind: str, number: int) -> np.ndarray:
    """Return a square of noise, uint8, mean 128 and deviation 42; always the same."""
    rng = np.random.default_rng((_KINDS.index(kind), number, 77))
    side = FIELD_PX
    noise = rng.standard_normal((side, side)).astype(np.float32)
    if kind == "medium":
        noise = cv2.GaussianBlur(noise, (0, 0), 3) + 0.3 * cv2.GaussianBlur(noise, (0, 0), 1)
    elif kind == "coarse":
        noise = np.zeros((side, side), np.float32)
        for weight, cells in enumerate((4, 8, 17, 33), start=1):
            octave = rng.standard_normal((cells, cells)).astype(np.float32)
            noise += cv2.resize(octave, (side, side), interpolation=cv2.INTER_CUBIC) / weight
    elif kind == "fibres":
        noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=7, sigmaY=0.7)
        noise = noise if number % 2 else noise.T.copy()
    elif kind == "weave":
        x = np.arange(side, dtype=np.float32)
        period = 4 + 2 * number
        threads = np.sin(2 * np.pi * x / period)[:, None] * np.sin(2 * np.pi * x / period)
        noise = threads + 0.4 * noise
    noise = (noise - noise.mean()) / noise.std()
    return np.clip(np.rint(GRAY + 42 * noise), 0, 255).astype(np.uint8)


def _piece(
    rng: np.random.Generator, kind: str, size_wh: tuple[int, int], scale: float
) -> np.ndarray:
    """Return a random piece of noise, enlarged by ``scale`` (more where it would not suffice)."""
    field = _field(kind, int(rng.integers(FIELDS)))
    width, height = size_wh
    scale = max(scale, width / FIELD_PX, height / FIELD_PX)
    wide = min(int(np.ceil(width / scale)), FIELD_PX)
    tall = min(int(np.ceil(height / scale)), FIELD_PX)
    x = int(rng.integers(FIELD_PX - wide + 1))
    y = int(rng.integers(FIELD_PX - tall + 1))
    piece = field[y : y + tall, x : x + wide]
    if (wide, tall) == size_wh:
        return piece
    return cv2.resize(piece, size_wh, interpolation=cv2.INTER_LINEAR)


def _shifted(colour: np.ndarray, field_HW: np.ndarray) -> np.ndarray:
    """Return the colour, lighter and darker by the field."""
    planes = [cv2.add(field_HW, float(one), dtype=cv2.CV_8U) for one in colour]
    return cv2.merge(planes)


def _filled(colour: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    image_HWC = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    image_HWC[:] = np.rint(colour).astype(np.uint8)
    return image_HWC
