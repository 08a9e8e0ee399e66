"""What is wrong with a config: a list of problems with addresses, reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ppocr.utils.exits import OcrError


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


def nearest(word: object, words: Iterable[object]) -> str:
    """Return "; did you mean 'x'?" when one of ``words`` is close to ``word``, else nothing."""
    close = closest(word, words)
    return f"; did you mean '{close}'?" if close else ""


def closest(word: object, words: Iterable[object], cutoff: float = 0.6) -> str:
    """Return the one of ``words`` that looks most like ``word``, or an empty string.

    Case and the choice between '_' and '-' are no difference. Among equally similar
    words the one of the nearest length comes first, then the alphabet.
    """
    wanted = _plain(word)
    ranked = sorted(
        (-_likeness(wanted, _plain(one)), abs(len(str(one)) - len(wanted)), str(one))
        for one in words
    )
    return ranked[0][2] if ranked and -ranked[0][0] >= cutoff else ""


def demand(problems: Sequence[Problem]) -> None:
    """Raise a ConfigError when there is anything to complain about."""
    if problems:
        raise ConfigError(problems)


def _plain(word: object) -> str:
    return str(word).lower().replace("-", "_")


def _likeness(left: str, right: str) -> float:
    """Return how alike two words are, 0 to 1."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio()
