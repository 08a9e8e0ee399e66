"""Pictures to compare on: the user's own, and drawn ones of awkward sizes.

Sizes are height and width in pixels. Colours are unequal in all channels, so that swapped
channels show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ppocr.utils import files
from ppocr.utils.exits import OcrError
from ppocr.utils.logs import get_logger

MOST_USER_IMAGES = 16
PAGES = ((20, 31), (333, 517), (260, 701), (640, 480), (901, 720))
LINES = ((8, 21), (32, 100), (48, 320), (31, 138), (33, 77), (60, 20), (40, 1203), (32, 640))
WORDS = ("Total 12.50", "Invoice No. 7", "2026-11-21", "quick brown fox", "A-1", "Sum: 3,40 EUR")
SKIPPED_ENDINGS = frozenset({".pdf", ".gif"})


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image and what to call it."""

    name: str
    data: bytes


def collect(task: str, path: str | Path | None) -> list[Picture]:
    """Return the pictures to compare on: those at ``path`` (at most 16), then generated ones."""
    found: list[Picture] = []
    if path:
        found = _from_files(path)
    return found + generate(task)


def generate(task: str) -> list[Picture]:
    """Return drawn pages (for detection) or lines of sizes that rounding rules stumble over."""
    generator = np.random.default_rng(7)
    sizes = PAGES if task == "det" else LINES
    pictures = []
    for number, (height, width) in enumerate(sizes):
        image = (
            draw_page(generator, height, width)
            if task == "det"
            else draw_line(generator, height, width)
        )
        ending = ".png" if number % 2 == 0 else ".jpg"
        _, data = cv2.imencode(ending, image)
        pictures.append(Picture(f"generated {height}x{width}{ending}", data.tobytes()))
    return pictures


def draw_page(generator: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a tinted page with words in several sizes and colours, uint8 BGR."""
    page = _paper(generator, height, width)
    y = 12
    while y < height:
        text_height = int(generator.integers(9, 34))
        x = int(generator.integers(2, max(3, width // 4)))
        while x < width - 20:
            word = str(generator.choice(WORDS))
            x += _write(page, word, (x, y + text_height), text_height, _ink(generator)) + 25
        y += int(text_height * 1.9) + 6
    return page


def draw_line(generator: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a tinted strip filled with words, uint8 BGR."""
    line = _paper(generator, height, width)
    text_height = max(4, int(height * 0.6))
    ink, x = _ink(generator), 2
    while x < width - 4:
        word = str(generator.choice(WORDS))
        x += _write(line, word, (x, int(height * 0.8)), text_height, ink) + text_height // 2
    return line


def _paper(generator: np.random.Generator, height: int, width: int) -> np.ndarray:
    tint = generator.integers(190, 256, size=3)
    noise = generator.integers(-6, 7, size=(height, width, 1))
    return np.clip(tint + noise, 0, 255).astype(np.uint8)


def _ink(generator: np.random.Generator) -> tuple[int, int, int]:
    blue, green, red = generator.permutation([10, 60, 130])
    return int(blue), int(green), int(red)


def _write(
    image: np.ndarray, text: str, origin: tuple[int, int], height: int, ink: Sequence[int]
) -> int:
    """Draw a word with its baseline at ``origin`` and return its width."""
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(1, height // 14)
    scale = height / 22.0
    cv2.putText(image, text, origin, font, scale, tuple(ink), thickness, cv2.LINE_AA)
    return cv2.getTextSize(text, font, scale, thickness)[0][0]


def _from_files(path: str | Path) -> list[Picture]:
    try:
        paths = files.find_images(path)
    except OcrError as error:
        get_logger().info("comparing on generated images only: %s", error)
        return []
    usable = [one for one in paths if one.suffix.lower() not in SKIPPED_ENDINGS]
    if len(usable) > MOST_USER_IMAGES:
        get_logger().info("comparing on %d of %d images", MOST_USER_IMAGES, len(usable))
    step = max(1, len(usable) // MOST_USER_IMAGES)
    chosen = usable[::step][:MOST_USER_IMAGES]
    return [Picture(one.name, files.read_bytes(one)) for one in chosen]
