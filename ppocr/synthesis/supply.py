"""Texts that can be drawn: sources by weight, checked against the dictionary and the fonts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ppocr.synthesis import TEXTS
from ppocr.synthesis.settings import Settings
from ppocr.synthesis.texts import RandomCharacters
from ppocr.synthesis.typefaces import FontSet
from ppocr.text.charset import Charset
from ppocr.text.dictionaries import shown
from ppocr.utils.exits import DataError

MOST_TRIES = 200  # texts refused in a row: something is wrong with the sources
EXAMPLES = 5
SPACE = " "


@dataclass(frozen=True, slots=True)
class Written:
    """A text to draw, where it came from, and the number of the font that draws it."""

    text: str
    source: str
    font: int


@dataclass(slots=True)
class Refusals:
    """How many texts were not used, by reason, with the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    characters: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, reason: str, text: str, characters: Sequence[str] = ()) -> None:
        """Count a text and the characters that it was refused for."""
        self.counts[reason] += 1
        listed = self.examples.setdefault(reason, [])
        if len(listed) < EXAMPLES and text and text not in listed:
            listed.append(text)
        if characters:
            self.characters.setdefault(reason, Counter()).update(characters)

    def lines(self) -> list[str]:
        """Return a line per reason."""
        found = []
        for reason, count in self.counts.most_common():
            named = self.characters.get(reason, Counter()).most_common(20)
            what = " ".join(f"{shown(one)}({number})" for one, number in named)
            found.append(f"{count} texts not used: {reason}{': ' if what else ''}{what}")
        return found


UNKNOWN, NO_FONT, TOGETHER = (
    "characters that the dictionary lacks",
    "characters that no font draws",
    "no single font draws all of it",
)
EMPTY, TOO_LONG = "nothing to read", "longer than any of Text.lengths"


class TextSource(Protocol):
    """Something that texts can be drawn from."""

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Return a text of about ``length`` characters."""
        ...


class Supply:
    """Draws texts that are fit to be drawn, each with a font that has all its characters."""

    def __init__(self, settings: Settings, fonts: FontSet) -> None:
        self.fonts, self.refused = fonts, Refusals()
        given = settings.text
        self.charset = charset_of(settings)
        self._known = set(self.charset.characters) | {SPACE} if self.charset else None
        self._capitals = given.capitals
        self._low = np.array([int(band[0]) for band in given.lengths])
        self._high = np.array([int(band[1]) for band in given.lengths])
        self._bands = np.cumsum([float(band[2]) for band in given.lengths])
        self.longest = int(self._high.max())
        entries = [one for one in settings.sources if one.share > 0]
        self._names = [one.section["name"] for one in entries]
        self._shares = np.cumsum([one.share for one in entries])
        self._sources: list[TextSource] = [TEXTS.build(one.section) for one in entries]
        for one in self._sources:
            if isinstance(one, RandomCharacters) and self.charset is not None:
                one.use(self.drawable())

    def drawable(self) -> list[str]:
        """Return the characters of the dictionary that can be drawn."""
        lines = self.charset.characters if self.charset else ()
        return [one for one in lines if self.fonts.able(one)]

    def length(self, rng: np.random.Generator) -> int:
        """Return a number of characters, by the shares of Text.lengths."""
        band = _by_share(rng, self._bands)
        return int(rng.integers(self._low[band], self._high[band] + 1))

    def draw(
        self, rng: np.random.Generator, length: int | None = None, able: int | None = None
    ) -> Written:
        """Return a text of about ``length`` characters (or of Text.lengths) and a font for it.

        ``able`` are the fonts to choose from. A DataError says why nothing could be used.
        """
        for _ in range(MOST_TRIES):
            wanted = self.length(rng) if length is None else length
            which = _by_share(rng, self._shares)
            text = self._sources[which].draw(rng, wanted)
            if self._capitals and rng.random() < self._capitals:
                text = text.upper()
            fonts = self.judge(text, self.longest if length is None else max(length, self.longest))
            if able is not None:
                fonts &= able
            if fonts:
                return Written(text, self._names[which], self.fonts.pick(rng, fonts))
        reasons = "; ".join(self.refused.lines()) or "the fonts asked for draw none of them"
        raise DataError(f"{MOST_TRIES} texts in a row could not be used: {reasons}")

    def judge(self, text: str, longest: int) -> int:
        """Return the fonts that draw a text, as bits; 0 after counting why it is refused."""
        if not text.strip() or not text.isprintable():
            self.refused.add(EMPTY, text)
            return 0
        if len(text) > longest:
            self.refused.add(TOO_LONG, text)
            return 0
        if self._known is not None:
            unknown = self._unknown(text)
            if unknown:
                self.refused.add(UNKNOWN, text, unknown)
                return 0
        able = self.fonts.able(text)
        if not able:
            lacking = self.fonts.undrawable(text)
            self.refused.add(NO_FONT if lacking else TOGETHER, text, lacking)
        return able

    def _unknown(self, text: str) -> list[str]:
        if self.charset is not None and self.charset.longest > 1:
            _, unknown = self.charset.split(text)
            return [one for one in unknown if one != SPACE]
        if self.charset is not None and self.charset.lower:
            text = text.lower()
        known = self._known or set()
        return [one for one in text if one not in known]


def charset_of(settings: Settings) -> Charset | None:
    """Return the characters of Text.dictionary, None if there is none."""
    given = settings.text
    return Charset.read(given.dictionary, given.use_space_char) if given.dictionary else None


def _by_share(rng: np.random.Generator, ends: np.ndarray) -> int:
    """Return the number of one of several shares, whose sums are ``ends``."""
    place = np.searchsorted(ends, rng.random() * ends[-1], side="right")
    return int(min(place, len(ends) - 1))
