"""Pages for detection: columns of blocks of lines, and the four corners of every line.

A page is written flat, then turned, put in perspective or bent as a whole; the corners go through
the same movement. Around the moved page another background can be seen. Nothing is cut off, so no
line lies outside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ppocr.synthesis import writing
from ppocr.synthesis.bending import MOST_SIDE, STILL
from ppocr.synthesis.effects import Effects
from ppocr.synthesis.settings import ordered, within
from ppocr.synthesis.supply import Supply
from ppocr.synthesis.surface import Surface, inked
from ppocr.synthesis.typefaces import Typeface
from ppocr.synthesis.writing import Line
from ppocr.transforms.base import Rejected, draw
from ppocr.transforms.warp import shift
from ppocr.utils.exits import DataError

RIM = 0.06  # free rim of a box around its ink, in heights of the line
CHARACTER = 0.5  # width of a character in sizes of the font, to guess how many fit
FULL_LINE = 0.5  # share of lines that use the whole width
PICTURE, RULE, INDENTED = 0.12, 0.2, 0.3  # how likely a block is a picture, ends in a rule, ...
ALIGNMENTS = (("left", 0.7), ("middle", 0.85), ("right", 1.0))


@dataclass(frozen=True, slots=True)
class Region:
    """A line of a page: its text, four corners clockwise from the upper left, and its font."""

    text: str
    corners: tuple[tuple[float, float], ...]
    font: str


@dataclass(slots=True)
class _Sheet:
    """A flat page under way."""

    image: np.ndarray
    colour: np.ndarray
    strength: float
    lines: list[tuple[str, str, tuple[float, float, float, float]]] = field(default_factory=list)

    def put(self, line: Line, x: int, y: int) -> tuple[int, int, int, int]:
        """Lay the ink with its mask's corner at (x, y); return its box on the page."""
        height, width = self.image.shape[:2]
        tall, wide = line.mask.shape
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + wide, width), min(y + tall, height)
        if x1 > x0 and y1 > y0:
            mask = line.mask[y0 - y : y1 - y, x0 - x : x1 - x]
            part = self.image[y0:y1, x0:x1]
            self.image[y0:y1, x0:x1] = inked(part, mask, self.colour, self.strength)
        left, top, right, bottom = line.box
        return x + left, y + top, x + right, y + bottom


@dataclass(frozen=True, slots=True)
class _Column:
    """Where lines may stand: left, top, right, bottom in pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class _Style:
    """How the lines of a block look."""

    face: Typeface
    able: int
    size_px: int
    pitch_px: int
    alignment: str


class Pages:
    """Page images with a box for every line.

    ``width`` and ``height`` are in pixels; ``columns`` how many there are side by side; ``margin``
    a share of the page; ``spacing`` from line to line, in heights of the font; ``full`` which part
    of a column is written on. ``headings`` is the share of blocks with a larger line above,
    ``fields`` that of lines with a second text at the other end of the column, as on receipts and
    forms. ``vertical`` is the share of pages whose lines run downwards, from right to left.
    ``crops`` also writes every line as a picture of its own, cut as prediction cuts.
    """

    def __init__(
        self,
        width: Sequence[int] = (640, 1100),
        height: Sequence[int] = (800, 1400),
        columns: Sequence[int] = (1, 3),
        margin: Sequence[float] = (0.03, 0.1),
        spacing: Sequence[float] = (1.02, 1.6),
        full: Sequence[float] = (0.4, 1.0),
        headings: float = 0.3,
        fields: float = 0.15,
        vertical: float = 0.0,
        crops: bool = False,
    ) -> None:
        self.width, self.height, self.columns, self.margin = width, height, columns, margin
        self.spacing, self.full, self.headings, self.fields = spacing, full, headings, fields
        self.vertical, self.crops = vertical, crops
        for name in ("headings", "fields", "vertical"):
            within(name, getattr(self, name), 0, 1)
        ordered("width", width, 16, MOST_SIDE)
        ordered("height", height, 16, MOST_SIDE)
        ordered("columns", columns, 1, 20)
        ordered("margin", margin, 0, 0.4)
        ordered("spacing", spacing, 0.8, 10)
        ordered("full", full, 0.05, 1)

    def picture(
        self,
        rng: np.random.Generator,
        supply: Supply,
        sizes: Sequence[int],
        surface: Surface,
        effects: Effects,
    ) -> tuple[np.ndarray, tuple[Region, ...]]:
        """Return a page, uint8 HWC BGR, and its lines."""
        size_wh = _whole(rng, self.width), _whole(rng, self.height)
        image_HWC = np.ascontiguousarray(surface.patch(rng, size_wh))
        sheet = _Sheet(image_HWC, *surface.ink(rng, image_HWC))
        writer = _Writer(self, rng, supply, sizes, surface, effects, sheet)
        if rng.random() < self.vertical:
            writer.downwards(self._columns(rng, size_wh, 1)[0])
        else:
            for column in self._columns(rng, size_wh, _whole(rng, self.columns)):
                writer.column(column)
        if not sheet.lines:
            raise Rejected("empty page", "no text fits into a column; make the page wider")
        return self._photographed(rng, sheet, surface, effects)

    def _columns(
        self, rng: np.random.Generator, size_wh: tuple[int, int], count: int
    ) -> list[_Column]:
        width, height = size_wh
        left, right = (round(draw(rng, self.margin) * width) for _ in range(2))
        top, bottom = (round(draw(rng, self.margin) * height) for _ in range(2))
        gap = round(draw(rng, (0.03, 0.06)) * width)
        wide = (width - left - right - gap * (count - 1)) // count
        return [
            _Column(
                left + place * (wide + gap),
                top,
                left + place * (wide + gap) + wide,
                height - bottom,
            )
            for place in range(count)
        ]

    def _photographed(
        self, rng: np.random.Generator, sheet: _Sheet, surface: Surface, effects: Effects
    ) -> tuple[np.ndarray, tuple[Region, ...]]:
        height, width = sheet.image.shape[:2]
        movement, image_HWC = effects.movement(rng, (width, height)), sheet.image
        if movement is not STILL:
            x0, y0, x1, y1 = movement.bounds((0, 0, width - 1, height - 1))
            if not max(x1 - x0, y1 - y0) < MOST_SIDE:
                raise Rejected("too large", f"a page of {x1 - x0:.0f} x {y1 - y0:.0f} pixels")
            movement = movement.then(shift(-x0, -y0))
            out_wh = int(x1 - x0) + 1, int(y1 - y0) + 1
            image_HWC = movement.warp(image_HWC, out_wh, over=surface.patch(rng, out_wh))
        limit = np.array([image_HWC.shape[1] - 1, image_HWC.shape[0] - 1])
        regions = []
        for text, font, box in sheet.lines:
            quad_42 = np.clip(np.rint(movement.box(box)), 0, limit).astype(int)
            regions.append(Region(text, tuple(map(tuple, quad_42.tolist())), font))
        return effects.pixels(image_HWC, rng), tuple(regions)


class _Writer:
    """Fills columns of one page."""

    def __init__(
        self,
        layout: Pages,
        rng: np.random.Generator,
        supply: Supply,
        sizes: Sequence[int],
        surface: Surface,
        effects: Effects,
        sheet: _Sheet,
    ) -> None:
        self.layout, self.rng, self.supply = layout, rng, supply
        self.surface, self.effects, self.sheet = surface, effects, sheet
        self.size_px, self.most_px = _whole(rng, sizes), int(sizes[1])

    def column(self, column: _Column) -> None:
        """Write blocks below each other, as far down as the column shall be filled."""
        rng = self.rng
        end = column.top + draw(rng, self.layout.full) * (column.bottom - column.top)
        y = column.top
        while y < end:
            if rng.random() < PICTURE:
                y = self._picture(column, y)
            elif rng.random() < self.layout.headings:
                style = self._style(draw(rng, (1.2, 2.0)))
                y = self._block(column, y, style, int(rng.integers(1, 3)))
            y = self._block(column, y, self._style(1.0), int(rng.integers(1, 9)))
            if rng.random() < RULE:
                self._rule(column, y)
            y += round(draw(rng, (0.3, 1.6)) * self.size_px)

    def downwards(self, column: _Column) -> None:
        """Write lines that run downwards, beginning at the right."""
        rng = self.rng
        style = self._style(1.0)
        x = column.right - style.size_px
        end = column.right - draw(rng, self.layout.full) * (column.right - column.left)
        while x > max(end, column.left + style.size_px):
            room = column.bottom - column.top
            count = max(int(room / (1.08 * style.size_px)), 1)
            found = self._text(style, int(rng.integers(max(count // 3, 1), count + 1)))
            if found is None:
                break
            text = found[:count].strip()
            line = self.effects.ink(writing.downwards(style.face, text, style.size_px), rng)
            if line.box[3] - line.box[1] <= room:
                box = self.sheet.put(line, x - line.baseline, column.top - line.box[1])
                self._note(text, style, box, downwards=True)
            x -= style.pitch_px
            if rng.random() < 0.1:
                style = self._style(1.0)
                x -= style.size_px

    def _block(self, column: _Column, y: int, style: _Style, lines: int) -> int:
        """Write some lines of one look; return where the next block may begin."""
        indent = round(draw(self.rng, (1, 2.5)) * self.size_px) * (self.rng.random() < INDENTED)
        for number in range(lines):
            if y + style.pitch_px > column.bottom:
                break
            left = column.left + (indent if number == 0 else 0)
            self._row(left, column.right, y, style)
            y += style.pitch_px
        return y

    def _row(self, left: int, right: int, y: int, style: _Style) -> None:
        room = right - left
        with_field = self.rng.random() < self.layout.fields
        first = self._line(style, room * (0.6 if with_field else 1.0))
        if first is None:
            return
        used = self._place(*first, left, right, y, "left" if with_field else style.alignment, style)
        if with_field:
            second = self._line(style, room - used - 2 * style.size_px)
            if second is not None:
                self._place(*second, left, right, y, "right", style)

    def _line(self, style: _Style, room: float) -> tuple[str, Line] | None:
        """Return a text that fits into the room with its ink; None if none does."""
        length = int(room / (CHARACTER * style.size_px))
        if length < 1:
            return None
        is_full = self.rng.random() < FULL_LINE
        least = length if is_full else max(length // 4, 1)
        text = self._text(style, int(self.rng.integers(least, length + 1)))
        text = fitting(text or "", style, room)
        if not text:
            return None
        return text, self.effects.ink(writing.across(style.face, text, style.size_px), self.rng)

    def _place(
        self, text: str, line: Line, left: int, right: int, y: int, alignment: str, style: _Style
    ) -> int:
        """Lay a line at its side of the column; return how wide it is."""
        wide = line.box[2] - line.box[0]
        free = max(right - left - wide, 0)
        x = left + {"left": 0, "middle": free // 2, "right": free}[alignment]
        ascent = style.face.plain.at(style.size_px).getmetrics()[0]
        box = self.sheet.put(line, x - line.box[0], y + ascent - line.baseline)
        self._note(text, style, box)
        return wide

    def _note(self, text: str, style: _Style, box: Sequence[int], downwards: bool = False) -> None:
        left, top, right, bottom = box
        rim = RIM * (right - left if downwards else bottom - top) + 0.5
        framed = (left - rim, top - rim, right + rim, bottom + rim)
        self.sheet.lines.append((text, style.face.name, framed))

    def _style(self, larger: float) -> _Style:
        """Return a look that some text of the sources can have."""
        rng = self.rng
        written = self.supply.draw(rng, 12)
        face = self.supply.fonts.faces[written.font]
        size_px = max(min(round(self.size_px * larger), 2 * self.most_px), 6)
        ascent, descent = face.plain.at(size_px).getmetrics()
        pitch = round(draw(rng, self.layout.spacing) * (ascent + descent))
        drawn = rng.random()
        alignment = next(name for name, end in ALIGNMENTS if drawn < end)
        return _Style(face, 1 << written.font, size_px, pitch, alignment)

    def _text(self, style: _Style, length: int) -> str | None:
        try:
            return self.supply.draw(self.rng, length, style.able).text
        except DataError:  # rare characters of this font's texts: the block ends here
            return None

    def _rule(self, column: _Column, y: int) -> None:
        if y + 2 < column.bottom:
            thick = int(self.rng.integers(1, 3))
            colour = tuple(float(one) for one in self.sheet.colour)
            place = (column.left, y), (column.right, y + thick - 1)
            cv2.rectangle(self.sheet.image, *place, colour, cv2.FILLED)

    def _picture(self, column: _Column, y: int) -> int:
        """Put a piece of another background into the column; return where it ends."""
        wide = column.right - column.left
        tall = round(draw(self.rng, (0.2, 0.7)) * wide)
        if y + tall > column.bottom or wide < 16:
            return y
        patch = self.surface.patch(self.rng, (wide, tall))
        self.sheet.image[y : y + tall, column.left : column.right] = patch
        return y + tall + self.size_px // 2


def fitting(text: str, style: _Style, room: float) -> str:
    """Return as much of the text, from its beginning, as fits into the room."""
    font = style.face.font(text).at(style.size_px)
    text = text.strip()
    while text:
        length = font.getlength(text)
        if length <= room:
            return text
        kept = min(int(len(text) * room / length), len(text) - 1)
        shorter = text[:kept]
        if " " in shorter and text[kept] != " ":
            shorter = shorter[: shorter.rindex(" ")]
        text = shorter.rstrip()
    return ""


def _whole(rng: np.random.Generator, limits: Sequence[int]) -> int:
    return int(rng.integers(int(limits[0]), int(limits[1]) + 1))
