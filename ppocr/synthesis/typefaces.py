"""The fonts that lines are drawn with, and which of them can draw a text.

A text is only ever drawn with a font that has a picture for every character of it: the empty boxes
that stand for missing characters would teach a recogniser that they mean something.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import features
from tqdm import tqdm

from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.fonts import Font, needs_shaping, with_matplotlib

ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
BAR_AFTER_S = 2
SIZES_PX = (6, 400)
FACE = "#"  # in "collection.ttc#2"
WITH_MATPLOTLIB = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
)
TO_READ = "Ag0文字あ한Жسह"  # a font that draws none of these is one of symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class FontSettings:
    """Which fonts to use. Neither folders nor files: those that come with matplotlib.

    ``folders`` are searched with everything below them; ``files`` may name a font of a collection
    as ``NotoSansCJK-Regular.ttc#2``. ``weights`` says how often a font is taken, by pattern of its
    file name ("*Bold*": 0.3); 0 leaves it out. ``sizes`` are in pixels, least and most.
    """

    folders: list[str] | str | None = None
    files: list[str] | str | None = None
    with_usual: bool = False  # those that come with matplotlib beside one's own
    weights: Mapping[str, float] | None = None
    sizes: Sequence[int] = (20, 44)

    def __post_init__(self) -> None:
        least, most = SIZES_PX
        if len(self.sizes) != 2 or not least <= self.sizes[0] <= self.sizes[1] <= most:
            text = f"sizes should be [low, high] between {least} and {most}"
            raise ValueError(f"{text}, not {list(self.sizes)}")


class Typeface:
    """A font file in two ways of laying out glyphs, and its share of the lines."""

    def __init__(self, path: Path, face: int, weight: float) -> None:
        self.path, self.face, self.weight = path, face, weight
        self.plain = Font(path, face, basic=True)
        self._drawn: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """The file name without its ending; of a collection with the number of the face."""
        return self.path.stem + (f"{FACE}{self.face}" if self.face else "")

    @cached_property
    def shaped(self) -> Font:
        """The font with ligatures, marks and directions as scripts want them (libraqm)."""
        return Font(self.path, self.face)

    def draws(self, char: str) -> bool:
        """Return whether the font has ink for a character, or it is a space."""
        if char not in self._drawn:
            has = self.plain.draws(char) and (char == " " or not self.plain.leaves_blank(char))
            self._drawn[char] = has
        return self._drawn[char]

    def font(self, text: str) -> Font:
        """Return the font in the way that a text needs."""
        return self.shaped if needs_shaping(text) else self.plain


class FontSet:
    """All fonts of a config; chooses one for a text by weight among those that can draw it."""

    def __init__(self, faces: Sequence[Typeface], left_out: Mapping[str, str]) -> None:
        self.faces, self.left_out = tuple(faces), dict(left_out)
        self._masks: dict[str, int] = {}
        self._choices: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.can_shape = features.check("raqm")

    @classmethod
    def of(cls, settings: FontSettings) -> FontSet:
        """Return the fonts that are named; a MissingInput or DataError if there are none."""
        left_out: dict[str, str] = {}
        faces = []
        for path, face in dict.fromkeys(_named(settings)):
            weight = _weight(path.name, settings.weights or {})
            why = "weight 0" if weight <= 0 else _fault(path, face)
            if why:
                left_out[path.name] = why
            else:
                faces.append(Typeface(path, face, weight))
        if not faces:
            reasons = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:5])
            raise DataError(f"no font is left to draw with ({reasons or 'none was found'})")
        return cls(faces, left_out)

    def able(self, text: str) -> int:
        """Return the fonts that draw every character of a text, as bits; 0 if none does."""
        found = (1 << len(self.faces)) - 1
        for char in text:
            mask = self._masks.get(char)
            if mask is None:
                mask = self._masks[char] = self._mask(char)
            found &= mask
        return found

    def pick(self, rng: np.random.Generator, able: int) -> int:
        """Return the number of one of the able fonts, by weight."""
        if able not in self._choices:
            numbers = np.array([one for one in range(len(self.faces)) if able >> one & 1])
            ends = np.cumsum([self.faces[one].weight for one in numbers])
            self._choices[able] = numbers, ends / ends[-1]
        numbers, ends = self._choices[able]
        return int(numbers[min(np.searchsorted(ends, rng.random(), "right"), len(ends) - 1)])

    def learn(self, characters: Sequence[str], quiet: bool = True) -> None:
        """Find out which fonts draw each of the characters, with a bar where it takes a while."""
        hidden = True if quiet else None  # None: hidden where there is no terminal
        for one in tqdm(characters, "fonts", delay=BAR_AFTER_S, disable=hidden, leave=False):
            self.able(one)

    def undrawable(self, characters: Iterable[str]) -> list[str]:
        """Return the characters that no font can draw."""
        return [one for one in dict.fromkeys(characters) if not self.able(one)]

    def choose(self, text: str) -> Font:
        """Return a font that draws the text, or the first one: for labels beside pictures."""
        able = self.able(text)
        first = (able & -able).bit_length() - 1 if able else 0
        return self.faces[first].font(text)

    def _mask(self, char: str) -> int:
        if not self.can_shape and needs_shaping(char):
            return 0
        return sum(1 << place for place, one in enumerate(self.faces) if one.draws(char))


def _named(settings: FontSettings) -> list[tuple[Path, int]]:
    """Return path and face of all fonts, in a fixed order."""
    folders, files = _list(settings.folders), _list(settings.files)
    found: list[tuple[Path, int]] = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise MissingInput(f"Fonts.folders: no such folder: {folder}")
        inside = sorted(one for one in folder.rglob("*") if one.suffix.lower() in ENDINGS)
        if not inside:
            raise MissingInput(f"Fonts.folders: no font ({' '.join(ENDINGS)}) below {folder}")
        found += [(one, 0) for one in inside]
    for file in files:
        name, _, face = file.partition(FACE)
        if not Path(name).is_file():
            raise MissingInput(f"Fonts.files: no such file: {name}")
        found.append((Path(name), int(face) if face.isdecimal() else 0))
    if settings.with_usual or not found:
        found += [(path, 0) for path in map(_usual, WITH_MATPLOTLIB) if path is not None]
    if not found:
        raise MissingInput("no fonts: pip install matplotlib brings some, or set Fonts.folders")
    return found


def _usual(name: str) -> Path | None:
    return with_matplotlib(f"{name}.ttf")


def _list(value: list[str] | str | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _weight(name: str, weights: Mapping[str, float]) -> float:
    """Return the product of the weights whose patterns fit."""
    weight = 1.0
    for pattern, share in weights.items():
        if fnmatch.fnmatch(name.lower(), pattern.lower()):
            weight *= share
    return weight


def _fault(path: Path, face: int) -> str:
    """Return why a font cannot be used, or nothing."""
    try:
        font = Font(path, face, basic=True)
    except MissingInput as error:
        return str(error)
    if font.only_stands_in():
        return "it has a picture for everything: a stand-in for missing fonts"
    if not any(font.draws(char) for char in TO_READ):
        return "it draws symbols only"
    return ""
