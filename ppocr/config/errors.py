"""What is wrong with a config: a list of problems with addresses, reported together."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ppocr.utils.exits import OcrError

ALIKE = 0.6  # share of letters in common from which a word is worth suggesting


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written. Line 0 stands for 'not in a file'."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Place("config")  # of values that were made by a program


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, or (as a note) one thing to know."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ConfigError(OcrError):
    """Everything wrong with a config, in one message, one problem a line."""

    exit_code = 78

    def __init__(self, problems: Problem | str | Iterable[Problem | str]) -> None:
        if isinstance(problems, Problem | str):
            problems = [problems]
        self.problems = [
            one if isinstance(one, Problem) else Problem(NOWHERE, one) for one in problems
        ]
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: object, words: Iterable[object], taken: Collection[object] = ()) -> str:
    """Return "; did you mean 'x'?" when one of ``words`` is close to ``word``, else nothing."""
    close = closest(word, words, taken)
    return f"; did you mean '{close}'?" if close else ""


def closest(word: object, words: Iterable[object], taken: Collection[object] = ()) -> str:
    """Return the one of ``words`` that looks most like ``word``, or an empty string.

    The fewest slips of the finger come first (a letter more, less, another one, or two
    swapped); then words that are not ``taken`` yet, then the likelier letters, then the
    order of ``words``. Case and the choice between '_' and '-' are no difference.
    """
    wanted = _plain(word)
    best: tuple[Any, ...] = ()
    found = ""
    for index, one in enumerate(words):
        other = _plain(one)
        likeness = difflib.SequenceMatcher(None, wanted, other, autojunk=False).ratio()
        if likeness < ALIKE and not (
            min(len(wanted), len(other)) > 1 and slips(wanted, other) == 1
        ):
            continue
        rank = (slips(wanted, other), one in taken, -likeness, index)
        if not best or rank < best:
            best, found = rank, str(one)
    return found


def slips(left: str, right: str) -> int:
    """Return how many letters were added, left out, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            swapped = i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other
            row.append(min(cost, earlier[j - 2] + 1) if swapped else cost)
    return row[-1]


def demand(problems: Sequence[Problem]) -> None:
    """Raise a ConfigError when there is anything to complain about."""
    if problems:
        raise ConfigError(problems)


def _plain(word: object) -> str:
    return str(word).lower().replace("-", "_")
