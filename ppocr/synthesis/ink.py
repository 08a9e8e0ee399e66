"""Effects on the ink of a line, before it is on the paper: strokes, weight, gaps.

They work on the mask of a `Line` (uint8 HW, 255 where the ink is full).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import cv2
import numpy as np

from ppocr.synthesis.writing import Line
from ppocr.transforms.base import draw

CLOUDS = 24  # cells of faded ink along a line at most


class InkEffect:
    """An effect on the ink: subclasses say what becomes of the mask in `change`."""

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        """Return the line with other ink."""
        raise NotImplementedError


class Underline(InkEffect):
    """Draws a line below the text (beside it, when it runs downwards), now and then dotted.

    ``width`` and ``gap`` (between ink and line) are in sizes of the font.
    """

    def __init__(
        self,
        width: float | Sequence[float] = (0.03, 0.08),
        gap: float | Sequence[float] = (0.02, 0.2),
        dotted: float = 0.15,
    ) -> None:
        self.width, self.gap, self.dotted = width, gap, dotted

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        thick = max(round(draw(rng, self.width) * line.size_px), 1)
        away = round(draw(rng, self.gap) * line.size_px)
        left, top, right, bottom = line.box
        dots = rng.random() < self.dotted
        if line.downwards:
            return _stroke(line, (right + away, top, right + away + thick, bottom), dots)
        return _stroke(line, (left, bottom + away, right, bottom + away + thick), dots)


class StrikeThrough(InkEffect):
    """Draws a line through the middle of the text; ``width`` is in sizes of the font."""

    def __init__(self, width: float | Sequence[float] = (0.03, 0.06)) -> None:
        self.width = width

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        thick = max(round(draw(rng, self.width) * line.size_px), 1)
        left, top, right, bottom = line.box
        place = draw(rng, (0.42, 0.62))
        if line.downwards:
            x = round(left + place * (right - left))
            return _stroke(line, (x, top, x + thick, bottom))
        y = round(top + place * (bottom - top))
        return _stroke(line, (left, y, right, y + thick))


class Frame(InkEffect):
    """Draws a box around the text, or only some of its sides, as forms and tables have.

    ``width`` and ``gap`` are in sizes of the font, ``sides`` is how likely each side is there.
    """

    def __init__(
        self,
        width: float | Sequence[float] = (0.02, 0.06),
        gap: float | Sequence[float] = (0.08, 0.35),
        sides: float = 0.7,
    ) -> None:
        self.width, self.gap, self.sides = width, gap, sides

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        thick = max(round(draw(rng, self.width) * line.size_px), 1)
        away = round(draw(rng, self.gap) * line.size_px) + 1
        height, width = line.mask.shape
        left, top, right, bottom = line.box
        x0, y0 = max(left - away, 0), max(top - away, 0)
        x1, y1 = min(right + away, width - thick), min(bottom + away, height - thick)
        sides = (
            (0, y0, width, y0 + thick),
            (0, y1, width, y1 + thick),
            (x0, y0, x0 + thick, y1 + thick),
            (x1, y0, x1 + thick, y1 + thick),
        )
        there = rng.random(4) < self.sides
        for side, is_there in zip(sides, there, strict=True):
            line = _stroke(line, side) if is_there else line
        return line


class Thicken(InkEffect):
    """Lets the ink spread, as on soft paper; ``amount`` is in sizes of the font."""

    def __init__(self, amount: float | Sequence[float] = (0.02, 0.06)) -> None:
        self.amount = amount

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        return _spread(line, draw(rng, self.amount), cv2.dilate)


class Thin(InkEffect):
    """Takes ink away from the edges, as of a worn stamp; ``amount`` is in sizes of the font.

    Strokes that would vanish keep half of their ink.
    """

    def __init__(self, amount: float | Sequence[float] = (0.01, 0.04)) -> None:
        self.amount = amount

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        thinner = _spread(line, draw(rng, self.amount), cv2.erode)
        return line.with_mask(cv2.max(thinner.mask, cv2.convertScaleAbs(line.mask, alpha=0.5)))


class FadedInk(InkEffect):
    """Makes the ink uneven: paler in clouds along the line, and with fine gaps.

    ``least`` is how much ink is left where it is palest, ``holes`` the share of pixels without any.
    """

    def __init__(
        self,
        least: float | Sequence[float] = (0.5, 0.9),
        holes: float | Sequence[float] = (0.0, 0.06),
    ) -> None:
        self.least, self.holes = least, holes

    def change(self, line: Line, rng: np.random.Generator) -> Line:
        height, width = line.mask.shape
        least, holes = draw(rng, self.least), draw(rng, self.holes)
        cells = min(max(ceil(width / height), 2), CLOUDS), min(max(ceil(height / width), 2), CLOUDS)
        coarse = rng.uniform(least, 1.0, (cells[1], cells[0])) * 255
        cloud = cv2.resize(coarse.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
        if holes > 0:
            grains = rng.integers(0, 256, (height, width), np.uint8)
            cloud[grains < 256 * holes] = round(255 * least * 0.5)
        return line.with_mask(cv2.multiply(line.mask, cloud, scale=1 / 255))


def _stroke(line: Line, box: tuple[int, int, int, int], dots: bool = False) -> Line:
    """Return the line with a filled rectangle more; ``dots`` leaves every other bit out."""
    mask_HW = line.mask.copy()
    left, top, right, bottom = (max(side, 0) for side in box)
    if not dots:
        mask_HW[top:bottom, left:right] = 255
        return line.with_mask(mask_HW)
    step = max(line.size_px // 6, 2)
    if line.downwards:
        for start in range(top, bottom, 2 * step):
            mask_HW[start : min(start + step, bottom), left:right] = 255
    else:
        for start in range(left, right, 2 * step):
            mask_HW[top:bottom, start : min(start + step, right)] = 255
    return line.with_mask(mask_HW)


def _spread(line: Line, amount: float, method) -> Line:
    """Return the line with its ink grown or shrunk by a fraction of a pixel or more."""
    reach = amount * line.size_px
    whole = int(reach)
    mask_HW = line.mask
    if whole:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * whole + 1, 2 * whole + 1))
        mask_HW = method(mask_HW, kernel)
    rest = reach - whole
    if rest > 0.05:
        further = method(mask_HW, np.ones((3, 3), np.uint8))
        mask_HW = cv2.addWeighted(mask_HW, 1 - rest, further, rest, 0)
    return line.with_mask(mask_HW)
