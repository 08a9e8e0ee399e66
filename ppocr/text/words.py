"""Words within a recognised line, and the steps of the network at which they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHINESE, LATIN, BETWEEN = "cn", "en&num", "splitter"


@dataclass(slots=True)
class Word:
    """A run of characters of one kind: Chinese (`cn`) or Latin letters and digits (`en&num`)."""

    kind: str
    characters: list[str]
    columns: list[int]


def words_of(text: str, columns: Sequence[int]) -> list[Word]:
    """Return the words of a line; `columns` gives the step of each of its characters.

    Everything that is neither Chinese nor a Latin letter or digit separates words, except a
    hyphen after a letter or digit, and a point between a letter or digit and a digit.
    """
    words: list[Word] = []
    previous = BETWEEN
    for place, character in enumerate(text):
        following = text[place + 1 : place + 2]
        kind = _kind(character, following, previous)
        if kind != BETWEEN:
            if kind != previous:
                words.append(Word(kind, [], []))
            words[-1].characters.append(character)
            words[-1].columns.append(int(columns[place]))
        previous = kind
    return words


def _kind(character: str, following: str, previous: str) -> str:
    if "\u4e00" <= character <= "\u9fff":
        return CHINESE
    if character.isascii() and character.isalnum():
        return LATIN
    if previous == LATIN:
        if character == "-":
            return LATIN
        if character == "." and following.isascii() and following.isdigit():
            return LATIN
    return BETWEEN
