"""Short texts by rule: words of syllables, numbers, prices, dates, codes."""

from __future__ import annotations

import string

import numpy as np

PUNCTUATION = ".,:-/%$&#+"
LENGTH = (3, 9)  # fewest and most characters in a line, spaces included; a lone thin character
# would be taller than wide and be turned on its side when it is cut out

_ONSETS = (
    *"bcdfghjjklmnpqrstvvwxyz",
    *("bl", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gl", "gr", "pl", "pr", "qu", "sh"),
    *("sl", "sp", "st", "th", "tr", "wh"),
)
_VOWELS = (*"aaeeiioouy", "ai", "ea", "ee", "ie", "oo", "ou")
_CODAS = ("", "", "", *"bdfgklmnprstxz", "ck", "ll", "nd", "ng", "nt", "rd", "rk", "ss", "st")


def text(rng: np.random.Generator) -> str:
    """Return one line of LENGTH characters: letters, digits, PUNCTUATION and spaces."""
    while True:
        kind = _KINDS[int(rng.choice(len(_KINDS), p=_WEIGHTS))]
        drawn = kind(rng)
        if LENGTH[0] <= len(drawn) <= LENGTH[1]:
            return drawn


def word(rng: np.random.Generator) -> str:
    """Return a pronounceable word of one to three syllables in one of three cases."""
    count = int(rng.choice(3, p=(0.45, 0.45, 0.1))) + 1
    syllables = (
        _pick(rng, _ONSETS) + _pick(rng, _VOWELS) + _pick(rng, _CODAS) for _ in range(count)
    )
    plain = "".join(syllables)
    case = rng.random()
    if case < 0.5:
        return plain
    return plain.capitalize() if case < 0.8 else plain.upper()


def figure(rng: np.random.Generator) -> str:
    """Return a number, price, date, time, share or code."""
    return _FIGURES[int(rng.integers(len(_FIGURES)))](rng)


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _two_words(rng: np.random.Generator) -> str:
    return f"{word(rng)} {word(rng)}"


def _labelled(rng: np.random.Generator) -> str:
    return f"{word(rng)}: {rng.integers(1, 100)}"


def _joined(rng: np.random.Generator) -> str:
    return f"{word(rng)[:4]}{_pick(rng, ('&', '+', '-', '/', ', '))}{word(rng)[:4]}"


def _integer(rng: np.random.Generator) -> str:
    return str(rng.integers(0, 10 ** int(rng.integers(3, 8))))


def _price(rng: np.random.Generator) -> str:
    sign = "$" if rng.random() < 0.5 else ""
    return f"{sign}{rng.integers(0, 10 ** int(rng.integers(1, 5))):,}.{rng.integers(100):02d}"


def _date(rng: np.random.Generator) -> str:
    year, month, day = rng.integers(1950, 2050), rng.integers(1, 13), rng.integers(1, 29)
    if rng.random() < 0.5:
        return f"{year}-{month:02d}"
    return f"{day:02d}/{month:02d}/{year % 100:02d}"


def _clock(rng: np.random.Generator) -> str:
    return f"{rng.integers(24):02d}:{rng.integers(60):02d}"


def _percent(rng: np.random.Generator) -> str:
    return f"{rng.integers(0, 100)}.{rng.integers(10)}%"


def _code(rng: np.random.Generator) -> str:
    letters = "".join(_pick(rng, tuple(string.ascii_uppercase)) for _ in range(rng.integers(2, 4)))
    return f"{letters}-{rng.integers(100, 99999)}"


def _number(rng: np.random.Generator) -> str:
    return f"#{rng.integers(10, 99999)}"


_KINDS = (
    *(word, _two_words, _labelled, _joined, _integer, _price),
    *(_date, _clock, _percent, _code, _number),
)
_WEIGHTS = (0.31, 0.2, 0.05, 0.08, 0.08, 0.08, 0.06, 0.03, 0.03, 0.06, 0.02)
_FIGURES = (_integer, _price, _date, _clock, _percent, _code, _number)
