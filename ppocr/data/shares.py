"""How much is taken of which source: the numbers of a config, checked without opening anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isfinite, lcm
from pathlib import Path
from typing import Any

from ppocr.config.errors import ConfigError

MAX_WEIGHT_SUM = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that share a weight: what they are called together, and their numbers."""

    name: str
    weight: float
    members: tuple[int, ...]


def grouped(weights: Sequence[float] | Mapping[str, float], names: Sequence[str]) -> list[Group]:
    """Return the groups that weights make of sources; a ValueError says what does not fit.

    A list has one weight for each source. The keys of a mapping are sources, or folders (or other
    parts of a path) with several sources below; each source must belong to one of them.
    """
    if isinstance(weights, Mapping):
        groups = _named(weights, names)
    else:
        if len(weights) != len(names):
            listed = ", ".join(map(str, names))
            raise ValueError(
                f"weights has {len(weights)} values for {len(names)} sources ({listed})"
            )
        groups = [
            Group(str(name), float(weight), (number,))
            for number, (name, weight) in enumerate(zip(names, weights, strict=True))
        ]
    for group in groups:
        if not isfinite(group.weight) or group.weight <= 0:
            raise ValueError(
                f"the weight of {group.name} is {group.weight:g}; it must be above 0 "
                "(leave a source out of the data set that is not wanted)"
            )
    if len(groups) < 2:
        raise ValueError(f"weights make {len(groups)} group; there is something to mix from two on")
    return groups


def _named(weights: Mapping[str, float], names: Sequence[str]) -> list[Group]:
    members: dict[str, list[int]] = {str(key): [] for key in weights}
    for number, name in enumerate(names):
        found = [key for key in members if _is_part(key, str(name))]
        if len(found) != 1:
            what = f"belongs to {' and '.join(found)}" if found else "has no weight"
            raise ValueError(f"the source {name} {what}; weights names {', '.join(members)}")
        members[found[0]].append(number)
    for key, numbers in members.items():
        if not numbers:
            raise ValueError(f"weights names {key}, but no source is called so or below it")
    return [Group(key, float(weight), tuple(members[str(key)])) for key, weight in weights.items()]


def _is_part(key: str, name: str) -> bool:
    """Return whether a key is the path of a source, or consecutive parts of it."""
    wanted, parts = Path(os.path.normpath(key)).parts, Path(os.path.abspath(name)).parts
    ends = range(len(wanted), len(parts) + 1)
    return any(parts[end - len(wanted) : end] == wanted for end in ends)


def whole_weights(weights: Sequence[float]) -> list[int]:
    """Return whole numbers in the same proportions, as small as they can be."""
    exact = [Fraction(str(weight)) for weight in weights]
    scale = lcm(*(one.denominator for one in exact))
    whole = [int(one * scale) for one in exact]
    common = gcd(*whole)
    if sum(whole) // common > MAX_WEIGHT_SUM:
        raise ValueError(f"weights {list(weights)} are too far apart to be mixed in whole samples")
    return [one // common for one in whole]


def ratios_for(count: int, given: Sequence[float] | float) -> list[float]:
    """Return one ratio per label file; a single number stands for all of them."""
    ratios = [float(given)] * count if isinstance(given, int | float) else [float(r) for r in given]
    if len(ratios) == 1:
        ratios = ratios * count
    if len(ratios) != count:
        raise ConfigError(f"ratio_list has {len(ratios)} values for {count} label files")
    if any(ratio < 0 for ratio in ratios):
        raise ConfigError(f"ratio_list may not hold negative values: {ratios}")
    return ratios


def problem_with(weights: Any, names: Sequence[str] | None) -> str:
    """Return what is wrong with weights, or nothing; ``names`` are the sources, where known."""
    if not isinstance(weights, Mapping | list | tuple) or not weights:
        return ""  # the schema says what weights have to be
    values = list(weights.values() if isinstance(weights, Mapping) else weights)
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return f"weights must be numbers, not {values}"
    try:
        groups = grouped(
            weights if names is not None else values, names or ["source"] * len(values)
        )
        whole_weights([group.weight for group in groups])
    except ValueError as error:
        return str(error)
    return ""
