"""Fonts that come with an installed package, so that nothing has to be downloaded."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

from ppocr.utils.exits import MissingInput

FAMILIES = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold"),
)


@lru_cache(maxsize=1)
def folder() -> Path:
    """Return the folder of matplotlib's fonts; the package itself is not imported."""
    found = find_spec("matplotlib")
    for place in (found.submodule_search_locations or ()) if found else ():
        fonts = Path(place) / "mpl-data" / "fonts" / "ttf"
        if fonts.is_dir():
            return fonts
    raise MissingInput("the fonts of matplotlib are not installed; run: pip install matplotlib")


@lru_cache(maxsize=512)
def font(family: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Return one of FAMILIES at a size in pixels."""
    return ImageFont.truetype(str(folder() / f"{family}.ttf"), size_px)
