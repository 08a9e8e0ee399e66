"""What the losses of distillation share: picking the outputs of named networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddle import Tensor

# maps of a detector's output by name; the first is misspelt in all official files
MAPS = {"thrink_maps": 0, "shrink_maps": 0, "threshold_maps": 1, "binary_maps": 2}


def pairs_of(names: Sequence[Any]) -> list[tuple[str, str]]:
    """Return pairs of networks from a list of pairs, or from one pair written flat."""
    listed = [names] if names and isinstance(names[0], str) else names
    for pair in listed:
        if len(pair) != 2:
            raise ValueError(f"model_name_pairs needs pairs of names, not {list(pair)}")
    return [(first, second) for first, second in listed]


def output_of(predicts: Mapping[str, Any], network: str, key: str | None, head: str | None) -> Any:
    """Return what a network gave: all, the entry ``key``, or a head's part of that."""
    out = predicts[network]
    if key is not None:
        out = out[key]
    return out if head is None else out[head]


def map_of(out: Tensor, name: str) -> Tensor:
    """Return one of the maps (N, H, W) of a detector's output (N, 3, H, W)."""
    return out[:, MAPS[name]]


def maps_named(names: Any) -> list[str]:
    """Return the names of maps, given as one or as a list."""
    listed: list[str] = [names] if isinstance(names, str) else list(names or ())
    for name in listed:
        if name not in MAPS:
            raise ValueError(f"maps_name takes {', '.join(MAPS)}, not {name}")
    return listed
