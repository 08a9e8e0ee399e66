"""From a text to its ink: a mask of one line, across or downwards, with room around it.

Masks are uint8 HW, 255 where the ink is full. The ink of a `Line` lies in ``box``; the room around
it is for strokes, frames and neighbours that effects add.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ppocr.synthesis.typefaces import Typeface
from ppocr.transforms.base import Rejected
from ppocr.utils.fonts import needs_shaping

ROOM = 0.7  # around the ink, in sizes of the font
LEAST_HEIGHT, LEAST_WIDTH = 0.55, 0.2  # of a box, in sizes: a detector does not frame a dot tighter
# what stands for a sign when a line runs downwards, where the font has it (Unicode, CJK
# Compatibility Forms and Vertical Forms)
ACROSS_SIGNS = "，、。：；！？（）「」『』《》〈〉【】—…"
DOWNWARD_SIGNS = "︐︑︒︓︔︕︖︵︶﹁﹂﹃﹄︽︾︿﹀︻︼︱︙"
WORDS_AND_SPACES = re.compile(" +|[^ ]+")
DOWNWARDS = dict(zip(ACROSS_SIGNS, DOWNWARD_SIGNS, strict=True))


@dataclass(frozen=True, slots=True)
class Line:
    """The ink of one line, and where it lies: left, top, right, bottom.

    ``baseline`` is the row that letters stand on; of a line downwards, the column of its middle.
    """

    mask: np.ndarray
    box: tuple[int, int, int, int]
    size_px: int
    baseline: int
    downwards: bool = False

    def with_mask(self, mask_HW: np.ndarray) -> Line:
        """Return the same line with other ink."""
        return replace(self, mask=mask_HW)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Room between characters, in sizes of the font, and the width of a space as a factor."""

    letters: float = 0.0
    spaces: float = 1.0


PLAIN = Spacing()


def across(face: Typeface, text: str, size_px: int, spacing: Spacing = PLAIN) -> Line:
    """Return a line from left to right (or as its script runs)."""
    font = face.font(text).at(size_px)
    if needs_shaping(text) or spacing == PLAIN:
        pieces, starts = [text], [0.0]
        length = font.getlength(text)
    else:
        pieces, starts, length = _placed(font, text, size_px, spacing)
    ascent, descent = font.getmetrics()
    canvas = Image.new("L", (ceil(length) + 2 * size_px, ascent + descent + size_px))
    brush = ImageDraw.Draw(canvas)
    for piece, start in zip(pieces, starts, strict=True):
        place = (size_px + round(start), size_px // 2 + ascent)
        brush.text(place, piece, fill=255, font=font, anchor="ls")
    return _with_room(np.asarray(canvas), size_px, size_px // 2 + ascent)


def downwards(face: Typeface, text: str, size_px: int, spacing: Spacing = PLAIN) -> Line:
    """Return a line of upright characters below each other."""
    step = size_px * (1.08 + max(spacing.letters, 0.0))
    font = face.plain.at(size_px)
    ascent, descent = font.getmetrics()
    height = ceil(step * len(text)) + 2 * (ascent + descent)
    canvas = Image.new("L", (3 * size_px, height))
    brush = ImageDraw.Draw(canvas)
    y = float(ascent + size_px // 2)
    for char in text:
        if char.isspace():
            y += 0.5 * step * spacing.spaces
            continue
        other = DOWNWARDS.get(char, char)
        shown = other if face.draws(other) else char
        brush.text((1.5 * size_px, round(y)), shown, fill=255, font=font, anchor="ms")
        y += step
    return _with_room(np.asarray(canvas), size_px, round(1.5 * size_px), downwards=True)


def _placed(
    font: ImageFont.FreeTypeFont, text: str, size_px: int, spacing: Spacing
) -> tuple[list[str], list[float], float]:
    """Return pieces of the text, where each begins, and how long all of it is."""
    pieces = list(text) if spacing.letters else WORDS_AND_SPACES.findall(text)
    starts, x = [], 0.0
    for piece in pieces:
        starts.append(x)
        wide = font.getlength(piece)
        x += wide * spacing.spaces if piece.isspace() else wide
        x += spacing.letters * size_px
    return pieces, starts, max(x, 1.0)


def _with_room(mask_HW: np.ndarray, size_px: int, baseline: int, downwards: bool = False) -> Line:
    """Return the ink alone, with room around it."""
    x, y, width, height = cv2.boundingRect(mask_HW)
    if not width or not height:
        raise Rejected("no ink", "the text leaves no mark")
    room = ceil(ROOM * size_px)
    ink = mask_HW[y : y + height, x : x + width]
    padded = cv2.copyMakeBorder(ink, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    more_x = max(ceil((LEAST_WIDTH * size_px - width) / 2), 0)
    more_y = max(ceil((LEAST_HEIGHT * size_px - height) / 2), 0)
    box = (room - more_x, room - more_y, room + width + more_x, room + height + more_y)
    baseline += room - (x if downwards else y)
    return Line(padded, box, size_px, baseline, downwards)


def corners(box: Sequence[float]) -> np.ndarray:
    """Return the corners of a box clockwise from the upper left, float32 [4, 2]."""
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
