"""Lines of text as a detector would hand them on: written, moved, cut, then photographed.

The ink is moved and cut in one step, straight into the picture that comes out: no pixel is fetched
twice, and the background needs no border.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ppocr.geometry.crop import TALL
from ppocr.synthesis import writing
from ppocr.synthesis.bending import MOST_SIDE, Movement
from ppocr.synthesis.effects import Effects
from ppocr.synthesis.settings import ordered, within
from ppocr.synthesis.surface import Surface
from ppocr.synthesis.typefaces import Typeface
from ppocr.synthesis.writing import Line, Spacing, corners
from ppocr.transforms.base import Rejected, draw
from ppocr.transforms.warp import shift

LEAST_SIDE = 4
APART = (1.0, 1.3)  # from a line to its neighbour, in heights of the line


class Lines:
    """Line images: the text of one line, cut with a little of what is around it.

    ``vertical`` is the share of lines that run downwards. ``wide`` is the share with ``letters``
    (room between characters, in sizes of the font) and ``spaces`` (width of a space, as a factor)
    drawn; the others are set as the font wants. ``beside`` and ``above`` are how far a cut reaches
    beyond the ends and beyond the line, in heights of the line; ``slip`` is how far its corners are
    off. The share ``along`` is cut along the four corners of the moved line, as prediction cuts
    boxes that a detector found, the others by upright boxes, as many annotated sets are. Cuts at
    least 1.5 times as high as wide are turned on their side, as prediction turns them. In the share
    ``neighbours`` a bit of another line can be seen above or below.
    """

    def __init__(
        self,
        vertical: float = 0.0,
        wide: float = 0.2,
        letters: Sequence[float] = (-0.03, 0.2),
        spaces: Sequence[float] = (0.7, 2.0),
        beside: Sequence[float] = (0.0, 0.3),
        above: Sequence[float] = (0.0, 0.2),
        slip: float = 0.03,
        along: float = 0.7,
        neighbours: float = 0.08,
    ) -> None:
        self.vertical, self.wide = vertical, wide
        self.letters, self.spaces = letters, spaces
        self.beside, self.above, self.slip = beside, above, slip
        self.along, self.neighbours = along, neighbours
        for name in ("vertical", "wide", "along", "neighbours"):
            within(name, getattr(self, name), 0, 1)
        within("slip", slip, 0, 0.5)
        ordered("letters", letters, -0.3, 2)
        ordered("spaces", spaces, 0.2, 10)
        ordered("beside", beside, -0.3, 3)
        ordered("above", above, -0.3, 3)

    def picture(
        self,
        rng: np.random.Generator,
        text: str,
        face: Typeface,
        size_px: int,
        surface: Surface,
        effects: Effects,
    ) -> np.ndarray:
        """Return the picture of a line, uint8 HWC BGR."""
        line = effects.ink(self._written(rng, text, face, size_px), rng)
        if rng.random() < self.neighbours and not line.downwards:
            line = self._with_neighbour(rng, line, text, face)
        height, width = line.mask.shape
        movement = effects.movement(rng, (width, height), straight=line.downwards)
        cut, size_wh = self._cut(rng, line, movement)
        mask_HW = movement.then(cut).warp(line.mask, size_wh)
        paper_HWC = surface.patch(rng, size_wh)
        image_HWC = effects.pixels(surface.write(rng, paper_HWC, mask_HW), rng)
        if size_wh[1] / size_wh[0] >= TALL:
            return np.ascontiguousarray(np.rot90(image_HWC))
        return image_HWC

    def _written(self, rng: np.random.Generator, text: str, face: Typeface, size_px: int) -> Line:
        spacing = writing.PLAIN
        if rng.random() < self.wide:
            spacing = Spacing(draw(rng, self.letters), draw(rng, self.spaces))
        if rng.random() < self.vertical:
            return writing.downwards(face, text, size_px, spacing)
        return writing.across(face, text, size_px, spacing)

    def _with_neighbour(
        self, rng: np.random.Generator, line: Line, text: str, face: Typeface
    ) -> Line:
        """Return the line with what reaches into its picture of another one above or below."""
        shuffled = "".join(text[place] for place in rng.permutation(len(text)))
        other = writing.across(face, shuffled, line.size_px).mask
        height, width = line.mask.shape
        side = -1 if rng.random() < 0.5 else 1
        pitch = round(draw(rng, APART) * (line.box[3] - line.box[1]))
        move = np.float32([[1, 0, rng.uniform(-0.2, 0.2) * width], [0, 1, side * pitch]])
        moved = cv2.warpAffine(other, move, (width, height), flags=cv2.INTER_NEAREST)
        return line.with_mask(cv2.max(line.mask, moved))

    def _cut(
        self, rng: np.random.Generator, line: Line, movement: Movement
    ) -> tuple[np.ndarray, tuple[int, int]]:
        """Return the matrix from the moved line to its cut-out picture, and the picture's size."""
        left, top, right, bottom = line.box
        across = (right - left) if line.downwards else (bottom - top)
        low, high = self.above if line.downwards else self.beside
        left, right = (
            left - across * rng.uniform(low, high),
            right + across * rng.uniform(low, high),
        )
        low, high = self.beside if line.downwards else self.above
        top, bottom = (
            top - across * rng.uniform(low, high),
            bottom + across * rng.uniform(low, high),
        )
        if rng.random() >= self.along:
            x0, y0, x1, y1 = movement.bounds((left, top, right, bottom))
            return shift(-x0, -y0), _size(x1 - x0, y1 - y0)
        quad_42 = movement.box((left, top, right, bottom))
        quad_42 += rng.uniform(-self.slip, self.slip, (4, 2)).astype(np.float32) * across
        sides = np.linalg.norm(quad_42 - np.roll(quad_42, -1, axis=0), axis=1)
        size_wh = _size(max(sides[0], sides[2]), max(sides[1], sides[3]))
        target = corners((0, 0, *size_wh))
        return cv2.getPerspectiveTransform(quad_42.astype(np.float32), target), size_wh


def _size(width: float, height: float) -> tuple[int, int]:
    if not (width < MOST_SIDE and height < MOST_SIDE):
        raise Rejected("too large", f"a line of {width:.0f} x {height:.0f} pixels")
    return max(int(width), LEAST_SIDE), max(int(height), LEAST_SIDE)
