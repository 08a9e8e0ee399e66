"""One slip of the finger in a config, and what a checker should say about it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ppocr import config
from ppocr.config.section import Items, Section
from ppocr.pipeline import checks

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FREE = ("Models",)  # its keys are names that the file makes up
SHORTEST = 3  # a slip in a shorter word leaves nothing to recognise


@dataclass(frozen=True)
class Slip:
    """A key that was misspelt: where, what it was and what it became."""

    path: tuple[Any, ...]
    right: str
    wrong: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.right} -> {self.wrong}"


def keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield every key of a config with the path of the mapping that it stands in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str) and not (path and path[-1] in FREE):
                yield path, key
            yield from keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from keys(inner, (*path, index))


def misspelt(word: str, draw: random.Random) -> str:
    """Return the word with a letter left out, doubled, changed or swapped with the next."""
    index = draw.randrange(len(word))
    kind = draw.choice(("drop", "double", "change", "swap"))
    if kind == "drop":
        return word[:index] + word[index + 1 :]
    if kind == "double":
        return word[: index + 1] + word[index:]
    if kind == "change":
        return word[:index] + draw.choice(LETTERS) + word[index + 1 :]
    index = min(index, len(word) - 2)
    return word[:index] + word[index + 1] + word[index] + word[index + 2 :]


def with_slip(root: Section, slip: Slip) -> Section:
    """Return a copy of a config in which one key is misspelt."""
    changed = copy.deepcopy(root)
    holder: Any = changed
    for step in slip.path:
        holder = holder[step]
    renamed = {slip.wrong if key == slip.right else key: one for key, one in holder.items()}
    if isinstance(holder, Section):
        holder.places[slip.wrong] = holder.where(slip.right)
    holder.clear()
    holder.update(renamed)
    return changed


def slips(root: Section, seed: int) -> Iterator[Slip]:
    """Yield one slip for each key that is long enough to have one."""
    draw = random.Random(seed)
    for path, key in keys(root):
        if len(key) < SHORTEST:
            continue
        wrong = misspelt(key, draw)
        holder: Any = root
        for step in path:
            holder = holder[step]
        if wrong.lower() != key.lower() and wrong not in holder:
            yield Slip(path, key, wrong)


def found(root: Section, slip: Slip) -> str:
    """Return "" when the slip is reported with the right word, else what was said instead."""
    place = _holder(root, slip).where(slip.right)
    before = {str(one) for one in checks.check(root).all()}
    said = [one for one in checks.check(with_slip(root, slip)).all() if str(one) not in before]
    hits = [one for one in said if one.place == place and f"'{slip.wrong}'" in one.text]
    if any(one.text.endswith(f"did you mean '{slip.right}'?") for one in hits):
        return ""
    return "; ".join(map(str, said)) or "nothing"


def _holder(root: Section, slip: Slip) -> Section:
    holder: Any = root
    for step in slip.path:
        holder = holder[step]
    return holder


__all__ = ["Items", "Slip", "config", "found", "keys", "misspelt", "slips", "with_slip"]
