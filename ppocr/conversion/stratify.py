"""Which documents go to train, val and test: whole documents, and every part like the whole.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label
Data", 2011): the rarest property is dealt with first, and each document that has it goes to the
part that still lacks most of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ppocr.text.dictionaries import ENOUGH
from ppocr.utils.exits import DataError, UsageError

PARTS = ("train", "val", "test")
PAGES, LINES = "pages", "lines"
LENGTHS = (3, 6, 12, 25, 50)  # upper ends of the classes of text length, in characters

Features = Counter[str]


def ratios(text: str) -> tuple[float, float, float]:
    """Return the shares of train, val and test written as "6:2:2"; they add up to 1."""
    try:
        train, val, test = (float(one) for one in text.split(":"))
    except ValueError:
        raise UsageError(
            f"--trainValTestRatio {text}: should be three numbers like 6:2:2"
        ) from None
    total = train + val + test
    if not (train > 0 and val >= 0 and test >= 0 and total < 1e9):
        raise UsageError(f"--trainValTestRatio {text}: train must be above 0, the others not below")
    return train / total, val / total, test / total


def features(pages: int, texts: Iterable[str]) -> Features:
    """Return what is counted of one document: pages, lines, length classes, characters."""
    found: Features = Counter({PAGES: pages})
    for text in texts:
        found[LINES] += 1
        found[f"length {sum(len(text) > end for end in LENGTHS)}"] += 1
        found.update(f"character {one}" for one in text)
    return found


def assign(groups: Mapping[str, Features], shares: Sequence[float], seed: int) -> dict[str, str]:
    """Return the part of each group; the same seed and groups give the same parts.

    A DataError says that there are fewer groups than parts.
    """
    parts = [name for name, share in zip(PARTS, shares, strict=True) if share > 0]
    if len(groups) < len(parts):
        raise DataError(
            f"{len(groups)} documents cannot be split into {len(parts)} parts; label more pages, "
            "or use a narrower --group"
        )
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    total = _total(groups)
    share = dict(zip(PARTS, shares, strict=True))
    lacking = {part: {f: share[part] * n for f, n in total.items()} for part in parts}
    found: dict[str, str] = {}
    for feature in _rarest_first(groups, total):
        having = [name for name in names if name not in found and groups[name][feature]]
        for name in sorted(having, key=lambda one: -groups[one][feature]):
            part = _neediest(lacking, feature)
            found[name] = part
            for other, count in groups[name].items():
                lacking[part][other] -= count
    _fill_empty(found, parts, groups)
    return found


def _total(groups: Mapping[str, Features]) -> Features:
    total: Features = Counter()
    for one in groups.values():
        total.update(one)
    return total


def _rarest_first(groups: Mapping[str, Features], total: Features) -> list[str]:
    """Return rare characters that several groups have, then the length classes, then the size."""
    spread = Counter(feature for one in groups.values() for feature in one)
    rare = [
        feature
        for feature, count in total.items()
        if feature.startswith("character ") and count < ENOUGH and spread[feature] > 1
    ]
    lengths = [feature for feature in total if feature.startswith("length ")]
    ordered = [*sorted(rare, key=lambda f: (total[f], f)), *sorted(lengths, key=lambda f: total[f])]
    return [*ordered, LINES, PAGES]


def _neediest(lacking: Mapping[str, Mapping[str, float]], feature: str) -> str:
    """Return the part that lacks most of a feature, among those that are not full."""
    size = LINES if feature != PAGES else PAGES
    open_parts = [part for part, left in lacking.items() if left.get(size, 0.0) > 0] or [*lacking]
    return max(open_parts, key=lambda part: (lacking[part][feature], lacking[part].get(size, 0.0)))


def _fill_empty(
    found: dict[str, str], parts: Sequence[str], groups: Mapping[str, Features]
) -> None:
    """Move the smallest document of the fullest part into a part that got none."""
    for part in parts:
        if part not in found.values():
            counts = Counter(found.values())
            fullest = max(parts, key=lambda one: counts[one])
            mine = sorted(name for name, where in found.items() if where == fullest)
            found[min(mine, key=lambda name: groups[name][LINES])] = part
