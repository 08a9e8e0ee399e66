"""The typefaces of drawn pages, and the looks a line may have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import ImageFont

from ppocr.utils.exits import MissingInput
from ppocr.utils.fonts import with_matplotlib

FAMILIES = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold"),
)
TEXT_SIZE_PX = (15, 34)


@dataclass(frozen=True, slots=True)
class Look:
    """A family and a size."""

    family: str
    size_px: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """Return one of the looks, each as likely."""
        family = FAMILIES[int(rng.integers(len(FAMILIES)))]
        return cls(family, int(rng.integers(*TEXT_SIZE_PX)))

    def face(self) -> ImageFont.FreeTypeFont:
        """Return the font to draw with."""
        return _open(self.family, self.size_px)

    def ink(self, text: str) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of the ink of ``text`` in pixels."""
        left, top, right, bottom = self.face().getbbox(text)
        return int(left), int(top), int(right), int(bottom)

    def extent(self, text: str) -> tuple[int, int]:
        """Return width and height of the ink of ``text`` in pixels."""
        left, top, right, bottom = self.ink(text)
        return right - left, bottom - top


@lru_cache(maxsize=512)
def _open(family: str, size_px: int) -> ImageFont.FreeTypeFont:
    path = with_matplotlib(f"{family}.ttf")
    if path is None:
        raise MissingInput(f"the font {family} is not here; run: pip install matplotlib")
    return ImageFont.truetype(str(path), size_px)
