"""Fonts for drawings: which file has the characters of a text, and which size fits a box.

Nothing is downloaded. Looked for, in this order: the font the user names, DejaVu Sans as it comes
with matplotlib, well-known fonts of the system (Noto CJK among them), and the one inside Pillow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from PIL import ImageFont

from ppocr.utils.exits import MissingInput
from ppocr.utils.fonts import with_matplotlib

PROBE_PX = 32  # size at which glyphs are compared and widths measured
UNASSIGNED = "\U0010fffd"  # private character that no font draws: shows its "missing" glyph
SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "PingFang.ttc",
    "msyh.ttc",
    "simsun.ttc",
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
)


class Font:
    """One font file at any size; knows which characters it can draw."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}
        self._known: dict[str, bool] = {}
        self._missing_glyph = _picture(self.at(PROBE_PX), UNASSIGNED)

    def __str__(self) -> str:
        return str(self.path) if self.path else "the font inside Pillow"

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the font at a size in pixels."""
        if size_px not in self._sizes:
            self._sizes[size_px] = _open(self.path, size_px)
        return self._sizes[size_px]

    def lacks(self, text: str) -> str:
        """Return the characters of the text that this font cannot draw, each once."""
        return "".join(char for char in dict.fromkeys(text) if not self._draws(char))

    def fit(self, text: str, width_px: float, height_px: float) -> ImageFont.FreeTypeFont:
        """Return the font at the largest size at which the text fits width and height."""
        probe = self.at(PROBE_PX)
        ascent, descent = probe.getmetrics()
        by_height = height_px / (ascent + descent)
        by_width = width_px / max(probe.getlength(text), 1.0)
        return self.at(max(1, int(PROBE_PX * min(by_height, by_width))))

    def _draws(self, char: str) -> bool:
        if char not in self._known:
            shown = char.isspace() or _picture(self.at(PROBE_PX), char) != self._missing_glyph
            self._known[char] = shown
        return self._known[char]


class FontChain:
    """The fonts of this machine, tried in order for each text."""

    def __init__(self, path: str | None = None) -> None:
        self._fonts: list[Font] = []
        self._rest = _candidates(_named(path))
        self.undrawable: dict[str, None] = {}

    def choose(self, text: str) -> Font:
        """Return the first font that has every character, else the one that lacks fewest.

        Characters that no font has are collected in ``undrawable``.
        """
        lacking = []
        for font in self._opened():
            lacks = font.lacks(text)
            if not lacks:
                return font
            lacking.append((len(lacks), len(lacking), font))
        _, _, best = min(lacking, key=lambda entry: entry[:2])
        self.undrawable.update(dict.fromkeys(best.lacks(text)))
        return best

    def _opened(self) -> Iterator[Font]:
        yield from self._fonts
        for path in self._rest:
            font = Font(path)
            self._fonts.append(font)
            yield font


def _named(path: str | None) -> Path | None:
    named = Path(path).expanduser() if path else None
    if named and not named.is_file():
        raise MissingInput(f"no font file {path} (--vis_font_path)")
    return named


def _candidates(named: Path | None) -> Iterator[Path | None]:
    """Yield font files, best first; the system is searched only when the first ones do not do."""
    if named:
        yield named
    shipped = with_matplotlib("DejaVuSans.ttf")
    if shipped:
        yield shipped
    yield from _of_the_system()
    yield None


def _of_the_system() -> list[Path]:
    by_name: dict[str, Path] = {}
    for folder in (Path(name).expanduser() for name in SYSTEM_FOLDERS):
        for file in sorted(folder.rglob("*.[to]t[fc]")) if folder.is_dir() else ():
            by_name.setdefault(file.name.lower(), file)
    return [by_name[name.lower()] for name in SYSTEM_FONTS if name.lower() in by_name]


def _open(path: Path | None, size_px: int) -> ImageFont.FreeTypeFont:
    if path is None:
        return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size_px))
    try:
        return ImageFont.truetype(str(path), size_px)
    except OSError as error:
        raise MissingInput(f"{path} is not a font that can be read ({error})") from error


def _picture(font: ImageFont.FreeTypeFont, char: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(char)
    return mask.size, bytes(mask)
