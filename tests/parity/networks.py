"""The networks behind recorded models: how each is described, built and filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import yaml
from paddle import nn

from ppocr.modeling import build_model
from tests.parity.cases import Case, directory, fill_weights, make_input, skip_missing

TABLE = Path(__file__).with_name("architectures.yml")


def architecture(stem: str, channels: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the Architecture section of a recorded model, widths filled in.

    Skips the running test, by name, when the model is none that this project has.
    """
    table = _table()
    if stem not in table:
        skip_missing(stem)
    section = _copy(table[stem])
    for head in _heads(section):
        _set_widths(head, channels or {})
    return section


def build(stem: str, channels: Mapping[str, Any] | None = None) -> nn.Layer:
    """Return the network of a recorded model with paddle's automatic names starting at 0."""
    section = architecture(stem, channels)
    with paddle.utils.unique_name.guard():
        return build_model(section)


def recorded_channels(stem: str) -> dict[str, Any]:
    """Return the dictionary-dependent widths of a model, from its manifest."""
    path = directory() / "models" / f"{stem}.json"
    if not path.exists():
        path = Path(__file__).resolve().parents[1] / "golden" / "models" / f"{stem}.json"
    return Case(path).get("channels", {}) if path.exists() else {}


def fill(model: nn.Layer, case: Case) -> int:
    """Give the network the recorded weights; return their checksum."""
    weights = case["weights"]
    values, checksum = fill_weights(
        model.state_dict(), weights["gain"], weights.get("overrides", ()), case.part("kept")
    )
    state = model.state_dict()
    for key, value in values.items():
        state[key].set_value(value)
    return checksum


def image_of(case: Case) -> paddle.Tensor:
    """Return the recorded network input."""
    described = case["input"]
    return paddle.to_tensor(make_input(described["tag"], described["shape"], described["clip"]))


def leaves_of(tree: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield every tensor of nested results with its path."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves_of(value, f"{path}/{key}" if path else str(key))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from leaves_of(value, f"{path}/{index}" if path else str(index))
    else:
        yield path or "out", tree


@cache
def _table() -> dict[str, Any]:
    with TABLE.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def _copy(node: Any) -> Any:
    """Return a copy in which nothing is shared, as YAML anchors would have it."""
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(value) for value in node] if isinstance(node, list) else node


def _heads(section: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (section, *section.get("Models", {}).values()):
        if part.get("Head"):
            yield part["Head"]


def _set_widths(head: dict[str, Any], channels: Mapping[str, Any]) -> None:
    for key in ("out_channels", "out_channels_list"):
        if key in channels:
            head[key] = channels[key]
