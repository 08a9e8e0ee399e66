"""Weights of one dictionary for a network of another: what both share is kept.

Every class of a recogniser has rows of its own in the head. A head states which of its
parameters hold them by ``class_rows()``: {name: Rows}. Rows are then matched by
character, wherever it stands in either dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from paddle import nn

from ppocr.utils.exits import DataError


class Rows(NamedTuple):
    """Where the rows of characters are in a parameter.

    ``first`` counts the special classes before them along ``axis``; special classes after
    them are what is left. ``is_score`` tells what is compared to choose a class from what
    is only fed in.
    """

    axis: int
    first: int
    is_score: bool = True


@dataclass(frozen=True)
class Change:
    """How two dictionaries differ; ``str()`` is a line for the log."""

    kept: int
    new: tuple[str, ...]
    dropped: tuple[str, ...]

    def __str__(self) -> str:
        def shown(characters: tuple[str, ...]) -> str:
            some = " ".join(characters[:10])
            return f"{len(characters)}" + (
                f" ({some}{' ...' if characters[10:] else ''})" if some else ""
            )

        return f"classes: {self.kept} kept, {shown(self.new)} new, {shown(self.dropped)} dropped"


def adapt(
    model: nn.Layer, params: Mapping[str, np.ndarray], old: Sequence[str], new: Sequence[str]
) -> tuple[dict[str, np.ndarray], Change]:
    """Return the weights of a file made for dictionary ``old``, fit for ``model`` with ``new``.

    Both are the characters alone, in the order of their classes. What chooses a class
    starts, for a new character, as the average of all old ones: an average is never the
    largest, so nothing that was read before is read differently. What a new character
    feeds in keeps its initial value. A DataError says that a file does not have as many
    classes as ``old`` asks for.
    """
    places = {character: index for index, character in enumerate(old)}
    source = np.array([places.get(character, -1) for character in new], dtype=np.int64)
    state, adapted = model.state_dict(), dict(params)
    for key, rows in class_rows(model).items():
        if key in params:
            initial = state[key].numpy()
            adapted[key] = _moved(key, params[key], initial, rows, source, len(old))
    known = set(new)
    change = Change(
        kept=int((source >= 0).sum()),
        new=tuple(one for one in new if one not in places),
        dropped=tuple(one for one in old if one not in known),
    )
    return adapted, change


def class_rows(model: nn.Layer) -> dict[str, Rows]:
    """Return, by key of the state dict, the parameters that hold rows of classes."""
    found: dict[str, Rows] = {}
    for prefix, layer in model.named_sublayers(include_self=True):
        if hasattr(layer, "class_rows"):
            front = f"{prefix}." if prefix else ""
            found.update({front + name: rows for name, rows in layer.class_rows().items()})
    return found


def _moved(
    key: str, given: np.ndarray, initial: np.ndarray, rows: Rows, source: np.ndarray, count: int
) -> np.ndarray:
    old = np.moveaxis(given, rows.axis, 0)
    result = np.moveaxis(initial.astype(given.dtype), rows.axis, 0).copy()
    behind = len(result) - rows.first - len(source)
    if len(old) != rows.first + count + behind:
        raise DataError(
            f"{key} has {len(old)} classes, but a dictionary of {count} characters "
            f"makes {rows.first + count + behind}"
        )
    characters = old[rows.first : rows.first + count]
    result[: rows.first] = old[: rows.first]
    result[rows.first + len(source) :] = old[rows.first + count :]
    target = result[rows.first : rows.first + len(source)]
    target[source >= 0] = characters[source[source >= 0]]
    if rows.is_score and count:
        target[source < 0] = characters.mean(axis=0)
    return np.ascontiguousarray(np.moveaxis(result, 0, rows.axis))
