"""Weights of one dictionary for a network of another: what both share is kept.

Every class of a recogniser has rows of its own in the head. A head states which of its
parameters hold them by ``class_rows()``: {name: Rows}. Rows are then matched by
character, wherever it stands in either dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from paddle import nn

from ppocr.text.dictionaries import Change, difference, numbered
from ppocr.utils.exits import DataError

SPACE = " "


class Rows(NamedTuple):
    """Where the rows of characters are in a parameter.

    ``first`` counts the special classes before them along ``axis``; special classes after
    them are what is left. ``is_score`` tells what is compared to choose a class from what
    is only fed in.
    """

    axis: int
    first: int
    is_score: bool = True


def adapt(
    model: nn.Layer, params: Mapping[str, np.ndarray], old: Sequence[str], new: Sequence[str]
) -> tuple[dict[str, np.ndarray], Change | None]:
    """Return the weights of a file made for dictionary ``old``, fit for ``model`` with ``new``.

    Both are the characters alone, in the order of their classes, with the space that a setting
    may add. What chooses a class starts, for a new character, as the average of all old ones: an
    average is never the largest, so nothing that was read before is read differently. What a new
    character feeds in keeps its initial value. The change is None where nothing had to move. A
    DataError says that a file does not have as many classes as ``old`` asks for.
    """
    old = _as_in_file(model, params, old, new)
    if list(old) == list(new):
        return dict(params), None
    places = {one: index for index, one in enumerate(numbered(old))}
    source = np.array([places.get(one, -1) for one in numbered(new)], dtype=np.int64)
    state, adapted = model.state_dict(), dict(params)
    for key, rows in class_rows(model).items():
        if key in params:
            initial = state[key].numpy()
            adapted[key] = _moved(key, params[key], initial, rows, source, len(old))
    return adapted, difference(old, new)


def class_counts(model: nn.Layer, params: Mapping[str, np.ndarray]) -> tuple[int, int] | None:
    """Return the classes of a file and of the network where they differ, from the first head."""
    state = model.state_dict()
    for key, rows in class_rows(model).items():
        if key not in params:
            continue
        counts = params[key].shape[rows.axis], int(state[key].shape[rows.axis])
        return None if counts[0] == counts[1] else counts
    return None


def _as_in_file(
    model: nn.Layer, params: Mapping[str, np.ndarray], old: Sequence[str], new: Sequence[str]
) -> Sequence[str]:
    """Return ``old`` as the file's number of classes has it: perhaps with another space.

    Whether a space was added to a dictionary is not written in the dictionary.
    """
    counts = class_counts(model, params)
    wanted = len(new) + (counts[0] - counts[1] if counts else 0)
    without = old[:-1] if old and old[-1] == SPACE else old
    for candidate in (old, [*old, SPACE], without):
        if len(candidate) == wanted:
            return candidate
    return old


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
            f"makes {rows.first + count + behind}: that is not the one it was trained with"
        )
    characters = old[rows.first : rows.first + count]
    result[: rows.first] = old[: rows.first]
    result[rows.first + len(source) :] = old[rows.first + count :]
    target = result[rows.first : rows.first + len(source)]
    target[source >= 0] = characters[source[source >= 0]]
    if rows.is_score and count:
        target[source < 0] = characters.mean(axis=0)
    return np.ascontiguousarray(np.moveaxis(result, 0, rows.axis))
