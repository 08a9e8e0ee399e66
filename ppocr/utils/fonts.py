"""Font files: those that come with an installed package, and what a font can draw."""

from __future__ import annotations

import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from PIL import Image, ImageFont

from ppocr.utils.exits import MissingInput

PROBE_PX = 32  # size at which glyphs are compared and widths measured
UNASSIGNED = "\U0010fffd"  # private character that no font draws: shows its "missing" glyph
NEVER_ASSIGNED = ("\u0378", "\U0001fffe", "\uffff", UNASSIGNED)


class Font:
    """One font file at any size; knows which characters it can draw.

    ``face`` is the number of the font within a collection (.ttc); ``basic`` lays glyphs out one
    after the other, which is faster than shaping and the same on every machine, and wrong for
    Arabic or Indic scripts.
    """

    def __init__(self, path: Path | None, face: int = 0, basic: bool = False) -> None:
        self.path, self.face, self.basic = path, face, basic
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}
        self._known: dict[str, bool] = {}
        missing = self._mask(UNASSIGNED)
        self._missing_glyph = missing.size, bytes(missing)

    def __str__(self) -> str:
        return str(self.path) if self.path else "the font inside Pillow"

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the font at a size in pixels."""
        if size_px not in self._sizes:
            self._sizes[size_px] = self._open(size_px)
        return self._sizes[size_px]

    def lacks(self, text: str) -> str:
        """Return the characters of the text that this font cannot draw, each once."""
        return "".join(char for char in dict.fromkeys(text) if not self.draws(char))

    def draws(self, char: str) -> bool:
        """Return whether a character has a picture of its own in this font, or is a space."""
        if char not in self._known:
            self._known[char] = char.isspace() or self._differs(char)
        return self._known[char]

    def leaves_blank(self, char: str) -> bool:
        """Return whether the picture of a character, though there is one, has no ink."""
        return self._mask(char).getbbox() is None

    def only_stands_in(self) -> bool:
        """Return whether the font has a picture even for what no font can have.

        Such fonts (Last Resort, for one) show which script a missing character is of.
        """
        return any(self._differs(char) for char in NEVER_ASSIGNED)

    def fit(self, text: str, width_px: float, height_px: float) -> ImageFont.FreeTypeFont:
        """Return the font at the largest size at which the text fits width and height."""
        probe = self.at(PROBE_PX)
        ascent, descent = probe.getmetrics()
        by_height = height_px / (ascent + descent)
        by_width = width_px / max(probe.getlength(text), 1.0)
        return self.at(max(1, int(PROBE_PX * min(by_height, by_width))))

    def _differs(self, char: str) -> bool:
        """Return whether a character has another picture than a missing one."""
        mask, (size, pixels) = self._mask(char), self._missing_glyph
        return mask.size != size or bytes(mask) != pixels  # most differ in size already

    def _mask(self, char: str) -> Image.core.ImagingCore:
        return self.at(PROBE_PX).getmask(char)

    def _open(self, size_px: int) -> ImageFont.FreeTypeFont:
        if self.path is None:
            return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size_px))
        engine = ImageFont.Layout.BASIC if self.basic else None
        try:
            return ImageFont.truetype(
                str(self.path), size_px, index=self.face, layout_engine=engine
            )
        except OSError as error:
            raise MissingInput(f"{self.path} is not a font that can be read ({error})") from error


def needs_shaping(text: str) -> bool:
    """Return whether glyphs depend on their neighbours or run right to left.

    Arabic, Hebrew, and the scripts of India and South-East Asia; letters with combining marks.
    """
    if text.isascii():
        return False
    return any(
        unicodedata.bidirectional(char) in ("R", "AL", "AN")
        or unicodedata.category(char) in ("Mn", "Mc")
        for char in text
    )


def with_matplotlib(file: str) -> Path | None:
    """Return the path of a font file that matplotlib brings, or None; nothing is imported."""
    package = find_spec("matplotlib")
    for place in (package.submodule_search_locations or ()) if package else ():
        path = Path(place) / "mpl-data" / "fonts" / "ttf" / file
        if path.is_file():
            return path
    return None
