"""A contact sheet: the pictures of many samples on one PNG, each with its place and its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH_PX = 1680
GAP_PX, PAD_PX = 14, 8
TITLE_PX, WORD_PX, TEXT_PX = 22, 12, 14
PAGE_PX, LINE_PX = 260, 56  # the height a page is shown at, and a line at most
WIDEST_PX = 760
PAPER, GROUND, FRAME = (255, 255, 255), (240, 242, 245), (206, 212, 220)
INK, SOFT, RED = (29, 39, 51), (98, 110, 124), (200, 50, 45)
PROBE = "Ág"


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture (uint8 HWC BGR) and the word above it."""

    image: np.ndarray
    title: str = ""


@dataclass(slots=True)
class Group:
    """All pictures of one sample and what is written below them; ``wrong`` is in red."""

    tiles: list[Tile] = field(default_factory=list)
    place: str = ""
    text: str = ""
    wrong: str = ""


class Font(Protocol):
    """A font that comes in sizes."""

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return it at a size."""
        ...


class Fonts(Protocol):
    """Something that knows which font can write a text."""

    def choose(self, text: str) -> Font:
        """Return the font."""
        ...


def png(groups: Sequence[Group], title: str, fonts: Fonts) -> bytes:
    """Return the sheet as a PNG file; the same groups give the same bytes."""
    cards = [_card(group, fonts) for group in groups]
    rows = _rows(cards)
    top = TITLE_PX + 2 * GAP_PX
    tall = top + sum(max(card.height for card in row) + GAP_PX for row in rows)
    wide = max([sum(c.width + GAP_PX for c in row) + GAP_PX for row in rows], default=600)
    sheet = Image.new("RGB", (max(wide, 600), tall + GAP_PX), GROUND)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (GAP_PX, GAP_PX), title, TITLE_PX, INK, fonts)
    y = top
    for row in rows:
        x = GAP_PX
        for card in row:
            sheet.paste(card, (x, y))
            x += card.width + GAP_PX
        y += max(card.height for card in row) + GAP_PX
    _, content = cv2.imencode(".png", np.asarray(sheet)[:, :, ::-1])
    return content.tobytes()


def _rows(cards: Sequence[Image.Image]) -> list[list[Image.Image]]:
    """Return the cards in rows that are no wider than the sheet."""
    rows: list[list[Image.Image]] = []
    used = WIDTH_PX
    for card in cards:
        if used + card.width + GAP_PX > WIDTH_PX:
            rows.append([])
            used = GAP_PX
        rows[-1].append(card)
        used += card.width + GAP_PX
    return rows


def _card(group: Group, fonts: Fonts) -> Image.Image:
    """Return the pictures of one sample in a frame, with what is to be said of it below."""
    tiles = [_sized(tile) for tile in group.tiles] or [np.full((40, 260, 3), 235, np.uint8)]
    titles = [tile.title for tile in group.tiles] or [""]
    slots = [
        max(tile.shape[1], _length(title, WORD_PX, fonts) if title else 0) + PAD_PX
        for tile, title in zip(tiles, titles, strict=True)
    ]
    lines = _folded(slots, WIDTH_PX - 4 * GAP_PX)
    head = WORD_PX + 6 if any(titles) else 0
    inner = max(sum(slots[i] for i in line) - PAD_PX for line in lines)
    said = [(group.text, TEXT_PX, INK), (group.wrong, WORD_PX, RED), (group.place, WORD_PX, SOFT)]
    said = [one for one in said if one[0]]
    longest = max([_length(text, size, fonts) for text, size, _ in said], default=0)
    wide = max(inner, min(longest, WIDEST_PX)) + 2 * PAD_PX
    below = sum(size + 7 for _, size, _ in said)
    tall = sum(max(tiles[i].shape[0] for i in line) + head + PAD_PX for line in lines)
    card = Image.new("RGB", (wide, tall + below + PAD_PX), PAPER)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, card.width - 1, card.height - 1), outline=FRAME)
    y = PAD_PX
    for line in lines:
        x = PAD_PX
        for number in line:
            if titles[number]:
                _write(draw, (x, y), titles[number], WORD_PX, SOFT, fonts)
            card.paste(Image.fromarray(tiles[number][:, :, ::-1].copy()), (x, y + head))
            x += slots[number]
        y += max(tiles[i].shape[0] for i in line) + head + PAD_PX
    for text, size, colour in said:
        _write(draw, (PAD_PX, y), _cut(text, size, wide - 2 * PAD_PX, fonts), size, colour, fonts)
        y += size + 7
    return card


def _folded(slots: Sequence[int], most: int) -> list[list[int]]:
    """Return the numbers of the tiles, broken into lines that fit."""
    lines: list[list[int]] = [[]]
    used = 0
    for number, slot in enumerate(slots):
        if lines[-1] and used + slot > most:
            lines.append([])
            used = 0
        lines[-1].append(number)
        used += slot
    return lines


def _sized(tile: Tile) -> np.ndarray:
    """Return the picture at a size fit to look at; lines of text are not blurred by enlarging."""
    height, width = tile.image.shape[:2]
    is_line = width > 2 * height or height <= LINE_PX
    scale = min((LINE_PX if is_line else PAGE_PX) / height, WIDEST_PX / width)
    if is_line and scale > 1:
        scale = max(1, int(scale))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    if size == (width, height):
        return tile.image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(tile.image, size, interpolation=method)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    fonts: Fonts,
) -> None:
    draw.text(place, text, colour, fonts.choose(text or PROBE).at(size))


def _length(text: str, size: int, fonts: Fonts) -> int:
    return int(fonts.choose(text).at(size).getlength(text)) + 1


def _cut(text: str, size: int, most: int, fonts: Fonts) -> str:
    """Return the text, shortened with an ellipsis where it is too long."""
    if _length(text, size, fonts) <= most:
        return text
    while text and _length(text + "…", size, fonts) > most:
        text = text[:-1]
    return text + "…"
