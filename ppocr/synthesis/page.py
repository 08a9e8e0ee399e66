"""Draws pages of short lines and knows where each line ended up.

A page is drawn flat, then everything that a camera does is done to it once: a slight turn and
perspective (pixels and outlines through the same matrix), uneven light, blur, noise.
Arrays: image_HWC uint8 BGR; quads_N42 float64, clockwise from the top left of the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ppocr.synthesis import words
from ppocr.synthesis.fonts import Look

Colour = tuple[int, int, int]

SIZES_WH = ((640, 480), (480, 640), (576, 576))
MARGIN_PX = 24
OUTLINE = 0.08  # free rim around the ink, as a part of the ink's height


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text and its four corners."""

    text: str
    quad_42: np.ndarray


@dataclass(slots=True)
class Sheet:
    """A flat picture under way, and the outlines of what has been written on it."""

    picture: Image.Image
    paper: Colour
    texts: list[str] = field(default_factory=list)
    quads: list[np.ndarray] = field(default_factory=list)

    def write(self, text: str, corner: tuple[int, int], look: Look, ink: Colour) -> None:
        """Put ``text`` with the top left of its ink at ``corner`` and remember its outline."""
        left, top, right, bottom = look.ink(text)
        brush = ImageDraw.Draw(self.picture)
        brush.text((corner[0] - left, corner[1] - top), text, font=look.face(), fill=ink)
        x, y = corner
        rim = OUTLINE * (bottom - top) + 1
        x0, y0 = x - rim, y - rim
        x1, y1 = x + right - left + rim, y + bottom - top + rim
        self.texts.append(text)
        self.quads.append(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64))


def page(rng: np.random.Generator) -> tuple[np.ndarray, list[Line]]:
    """Return a page as image_HWC and its lines in the order they were written."""
    size = SIZES_WH[int(rng.integers(len(SIZES_WH)))]
    sheet = _blank(rng, size)
    _ornaments(rng, sheet)
    y = MARGIN_PX + int(rng.integers(20))
    while True:
        look = Look.draw(rng)
        if y + 1.4 * look.size_px > size[1] - MARGIN_PX:
            break
        y = _row(rng, sheet, look, y)
    return photograph(rng, sheet, turn_degrees=3.0)


def line(rng: np.random.Generator) -> tuple[np.ndarray, Line]:
    """Return a small image_HWC with one line of text in its middle, and the line."""
    text, look = words.text(rng), Look.draw(rng)
    width, height = look.extent(text)
    room = look.size_px // 2 + 4
    sheet = _blank(rng, (width + 2 * room, height + 2 * room))
    sheet.write(text, (room, room), look, _ink(rng, sheet.paper))
    image_HWC, lines = photograph(rng, sheet, turn_degrees=2.0)
    return image_HWC, lines[0]


def photograph(
    rng: np.random.Generator, sheet: Sheet, turn_degrees: float
) -> tuple[np.ndarray, list[Line]]:
    """Return the sheet as a camera would see it: image_HWC, and its lines moved along."""
    flat_HWC = np.asarray(sheet.picture)[:, :, ::-1].copy()
    matrix = _camera(rng, flat_HWC.shape[1], flat_HWC.shape[0], turn_degrees)
    size = (flat_HWC.shape[1], flat_HWC.shape[0])
    image_HWC = cv2.warpPerspective(
        flat_HWC, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    quads = cv2.perspectiveTransform(np.asarray(sheet.quads).reshape(1, -1, 2), matrix)
    lines = [
        Line(text, quad) for text, quad in zip(sheet.texts, quads.reshape(-1, 4, 2), strict=True)
    ]
    return _spoil(rng, image_HWC), lines


def _blank(rng: np.random.Generator, size_wh: tuple[int, int]) -> Sheet:
    tone = rng.integers(190, 256) if rng.random() < 0.8 else rng.integers(10, 70)
    paper = _shade(rng, int(tone), 18)
    return Sheet(Image.new("RGB", size_wh, paper), paper)


def _shade(rng: np.random.Generator, tone: int, spread: int) -> Colour:
    red, green, blue = (int(v) for v in np.clip(tone + rng.integers(-spread, spread, 3), 0, 255))
    return red, green, blue


def _ink(rng: np.random.Generator, paper: Colour) -> Colour:
    """Return a colour that can be read on ``paper``."""
    light = sum(paper) > 3 * 128
    return _shade(rng, int(rng.integers(0, 90) if light else rng.integers(180, 256)), 40)


def _ornaments(rng: np.random.Generator, sheet: Sheet) -> None:
    """Draw what pages have beside text: rules, frames, pale patches."""
    brush, (width, height) = ImageDraw.Draw(sheet.picture), sheet.picture.size
    for _ in range(rng.integers(0, 4)):
        tint = _shade(rng, int(np.clip(np.mean(sheet.paper) + rng.integers(-24, 24), 0, 255)), 10)
        x, y = int(rng.integers(width - 60)), int(rng.integers(height - 60))
        x1, y1 = x + int(rng.integers(40, width)), y + int(rng.integers(30, height // 2))
        brush.rectangle((x, y, x1, y1), fill=tint)
    for _ in range(rng.integers(0, 3)):
        y, ink = int(rng.integers(height)), _ink(rng, sheet.paper)
        x = int(rng.integers(width // 2))
        brush.line((x, y, x + int(rng.integers(60, width)), y), fill=ink, width=1)


def _row(rng: np.random.Generator, sheet: Sheet, look: Look, y: int) -> int:
    """Write one to three texts beside each other; return where the next row may begin."""
    x, bottom = MARGIN_PX + int(rng.integers(60)), y + look.size_px
    for _ in range(rng.integers(1, 4)):
        text = words.text(rng)
        width, height = look.extent(text)
        if x + width > sheet.picture.width - MARGIN_PX:
            break
        sheet.write(text, (x, y), look, _ink(rng, sheet.paper))
        bottom = max(bottom, y + height)
        x += width + int(look.size_px * rng.uniform(1.3, 4.0))
    return bottom + int(look.size_px * rng.uniform(0.5, 1.1)) + 4


def _camera(rng: np.random.Generator, width: int, height: int, turn_degrees: float) -> np.ndarray:
    """Return the 3x3 matrix of a slight turn about the middle and a slight perspective."""
    turn = np.eye(3)
    angle = float(rng.uniform(-turn_degrees, turn_degrees))
    turn[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), angle, float(rng.uniform(0.93, 1)))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    pulled = flat + rng.uniform(-0.012, 0.012, (4, 2)).astype(np.float32) * (width, height)
    return cv2.getPerspectiveTransform(flat, pulled.astype(np.float32)) @ turn


def _spoil(rng: np.random.Generator, image_HWC: np.ndarray) -> np.ndarray:
    """Return the image with uneven light, some blur and some noise; uint8."""
    height, width = image_HWC.shape[:2]
    corners_22 = rng.uniform(0.82, 1.06, (2, 2)).astype(np.float32)
    light_HW1 = cv2.resize(corners_22, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
    lit_HWC = image_HWC * light_HW1
    if rng.random() < 0.5:
        lit_HWC = cv2.GaussianBlur(lit_HWC, (0, 0), float(rng.uniform(0.3, 0.9)))
    if rng.random() < 0.7:
        grain_HW1 = rng.standard_normal((height, width, 1), dtype=np.float32)
        lit_HWC = lit_HWC + grain_HW1 * float(rng.uniform(1, 7))
    return np.clip(np.rint(lit_HWC), 0, 255).astype(np.uint8)
