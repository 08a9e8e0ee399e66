"""The weights of one network, out of a checkpoint that holds several by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ppocr.config.errors import nearest
from ppocr.utils.exits import DataError


def below(params: Mapping[str, Any], name: str, path: str = "the file") -> dict[str, Any]:
    """Return what stands below a network's name, without it: ``Student.backbone...``.

    A wrapper's name may be in front of it (``module.Student.``). A DataError lists the names
    that there are instead.
    """
    front = _front(params, name)
    if front is None:
        others = Counter(key.partition(".")[0] for key in params)
        listed = ", ".join(f"{one} ({count})" for one, count in others.most_common(10))
        raise DataError(
            f"{path} holds no weights of a network '{name}': its keys begin with "
            f"{listed}{nearest(name, others)}"
        )
    return {key.removeprefix(front): one for key, one in params.items() if key.startswith(front)}


def has(params: Mapping[str, Any], name: str) -> bool:
    """Return whether anything stands below a network's name."""
    return _front(params, name) is not None


def _front(params: Mapping[str, Any], name: str) -> str | None:
    """Return how the keys of a network begin, None if none do."""
    for key in params:
        words = key.split(".")
        if name in words[:2] and len(words) > words.index(name) + 1:
            return ".".join(words[: words.index(name) + 1]) + "."
    return None
