"""Fonts for drawings: which file has the characters of a text, and which size fits a box.

Nothing is downloaded. Looked for, in this order: the font the user names, DejaVu Sans as it comes
with matplotlib, well-known fonts of the system (Noto CJK among them), and the one inside Pillow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ppocr.utils.exits import MissingInput
from ppocr.utils.fonts import Font, with_matplotlib

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


__all__ = ["Font", "FontChain"]
