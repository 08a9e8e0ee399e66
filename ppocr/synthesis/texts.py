"""Where the texts of drawn lines come from: a corpus, words by rule, patterns, random characters.

A source is asked for a text of about so many characters, as often as wanted; it draws only from
the generator it is handed. What it returns need not be usable: whether the dictionary knows all of
it and a font draws all of it is decided by who asks (supply.py).
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ppocr.data.labels import LabelFile, decode, parse
from ppocr.data.texts import Text, kind_of, read_texts
from ppocr.synthesis import words
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

SPACE = " "
RANDOM_SPACES = 0.1
TRIES = 20


class Corpus:
    """Pieces of the user's texts: plain text, or label files of lines or of pages.

    ``files`` are read by ``kind`` (auto tells them apart); of plain texts and labels of lines only
    the offsets of their rows are kept, so a corpus of gigabytes is fine. A row that is longer than
    wanted is cut, between words if it has spaces; a shorter one is taken as it is.
    """

    def __init__(
        self,
        files: Sequence[str] | str,
        kind: Literal["auto", "rec", "det", "text"] = "auto",
        delimiter: str = "\t",
    ) -> None:
        names = [files] if isinstance(files, str) else list(files)
        self._sets = [_Rows(name, kind, delimiter) for name in names]
        self._ends = np.cumsum([len(one) for one in self._sets])
        if not names or not self._ends[-1]:
            raise DataError(f"no texts in {', '.join(names) or 'no files'}")

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Return a row, or a piece of one; an empty text stands for a row that cannot be used."""
        for _ in range(TRIES):
            row = int(rng.integers(self._ends[-1]))
            which = int(np.searchsorted(self._ends, row, side="right"))
            first = int(self._ends[which - 1]) if which else 0
            found = cut(rng, self._sets[which].text(row - first), length)
            if found:
                return found
        return ""


class Invented:
    """Words that can be spoken but mean nothing, with numbers, prices and dates among them.

    ``numbers`` is the share of pieces that are not words. ASCII only.
    """

    def __init__(self, numbers: float = 0.25) -> None:
        self.numbers = numbers

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Return words and numbers with spaces between them."""
        pieces: list[str] = []
        used = -1
        while used < length:
            is_number = rng.random() < self.numbers
            pieces.append(words.figure(rng) if is_number else words.word(rng))
            used += len(pieces[-1]) + 1
        return cut(rng, SPACE.join(pieces), length)


class Patterns:
    """Texts by pattern, such as invoice numbers, plates or serial numbers.

    In a pattern ``#`` stands for a digit, ``@`` for a capital letter, ``~`` for a small one, ``?``
    for any letter or digit; a backslash makes the next character stand for itself.
    """

    _KINDS = {
        "#": string.digits,
        "@": string.ascii_uppercase,
        "~": string.ascii_lowercase,
        "?": string.ascii_uppercase + string.digits,
    }

    def __init__(self, patterns: Sequence[str]) -> None:
        if not patterns or not all(patterns):
            raise ValueError("Patterns needs at least one pattern, and none that is empty")
        self.patterns = list(patterns)

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Return one of the patterns, filled in; its length is what it is."""
        del length
        pattern = self.patterns[int(rng.integers(len(self.patterns)))]
        found, literal = [], False
        for sign in pattern:
            choices = "" if literal else self._KINDS.get(sign, "")
            if sign == "\\" and not literal:
                literal = True
                continue
            found.append(choices[int(rng.integers(len(choices)))] if choices else sign)
            literal = False
        return "".join(found)


class RandomCharacters:
    """Characters in any order, each as likely: of the dictionary, or those given.

    ``spaces`` is how likely a space stands between two of them. A text of this kind teaches the
    shapes and nothing about the language, so let it be a part only.
    """

    def __init__(
        self, characters: str | Sequence[str] | None = None, spaces: float = RANDOM_SPACES
    ) -> None:
        self.characters = [one for one in characters or () if not one.isspace()]
        self.spaces = spaces

    def use(self, dictionary: Sequence[str]) -> None:
        """Take the characters of the dictionary, if none were given."""
        self.characters = self.characters or [one for one in dictionary if not one.isspace()]

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Return ``length`` characters, spaces included; none is at an end."""
        if not self.characters:
            raise DataError("RandomCharacters needs 'characters', or Text.dictionary")
        chosen = rng.integers(len(self.characters), size=length).tolist()
        spaces = rng.random(length) < self.spaces
        spaces[[0, -1]] = False
        found = [
            SPACE if space else self.characters[one]
            for one, space in zip(chosen, spaces, strict=True)
        ]
        return SPACE.join("".join(found).split())


def cut(rng: np.random.Generator, text: str, length: int) -> str:
    """Return a piece of about ``length`` characters: whole words where there are spaces."""
    text = text.strip()
    if len(text) <= length:
        return text
    if SPACE not in text:
        start = int(rng.integers(len(text) - length + 1))
        return text[start : start + length].strip()
    found = text.split()
    start = int(rng.integers(len(found)))
    piece = found[start]
    for word in found[start + 1 :]:
        if len(piece) + 1 + len(word) > length:
            break
        piece += SPACE + word
    return piece if len(piece) <= length else cut(rng, piece, length)


class _Rows:
    """The texts of one file by number."""

    def __init__(self, path: str, kind: str, delimiter: str) -> None:
        self._delimiter = delimiter
        self._rows = LabelFile(path, delimiter)
        self._texts: list[str] | None = None
        self._kind = kind_of(self._rows, delimiter) if kind == "auto" else kind
        if self._kind == "det":
            found = read_texts(path, "det", delimiter)
            self._texts = [one.text for one in found if isinstance(one, Text)]

    def __len__(self) -> int:
        return len(self._rows) if self._texts is None else len(self._texts)

    def text(self, number: int) -> str:
        """Return a text; empty if its row cannot be read."""
        if self._texts is not None:
            return self._texts[number]
        try:
            place = self._rows.place(number)
            row = decode(self._rows.raw(number), place)
            return row if self._kind == "text" else parse(row, self._delimiter, place).label
        except Rejected:
            return ""
