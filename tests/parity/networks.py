"""The networks behind recorded models: how each is described, built and filled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import paddle
import yaml
from paddle import nn
from paddle.nn import functional

from ppocr.modeling import build_model
from tests.parity.cases import Case, fill_weights, make_input, skip_missing

TABLE = Path(__file__).with_name("architectures.yml")
# Times the usual tolerance, by config. The spline of STN_ON is the difference of large
# numbers: computing its constants in float32 or float64 moves outputs by 5e-3 of their
# standard deviation, and the recording is one of such roundings.
SLACK = {"rec_svtrnet": 6.0}


def architecture(stem: str) -> dict[str, Any]:
    """Return the Architecture section of a recorded model, widths filled in.

    Skips the running test, by name, when the model is none that this project has.
    """
    table = _table()
    if stem not in table:
        skip_missing(stem)
    section = _copy(table[stem])
    characters = section.pop("characters", None)
    if characters is not None:
        for part in (section, *section.get("Models", {}).values()):
            _set_widths(part.get("Head"), characters)
    return section


def characters_of(stem: str) -> int:
    """Return the number of CTC classes of a recorded recogniser, 0 of any other model."""
    return _table().get(stem, {}).get("characters", 0)


def build(stem: str) -> nn.Layer:
    """Return the network of a recorded model."""
    return build_model(architecture(stem))


def fill(model: nn.Layer, case: Case) -> int:
    """Give the network the recorded weights; return their checksum."""
    weights, state = case["weights"], model.state_dict()
    kept = {**{key: one.numpy() for key, one in state.items()}, **case.part("kept")}
    values, checksum = fill_weights(state, weights["gain"], weights.get("overrides", ()), kept)
    for key, value in values.items():
        state[key].set_value(value)
    return checksum


def image_of(case: Case) -> paddle.Tensor:
    """Return the recorded network input."""
    described = case["input"]
    return paddle.to_tensor(make_input(described["tag"], described["shape"], described["clip"]))


def data_of(case: Case) -> dict[str, paddle.Tensor] | None:
    """Return the batch entries that the recording gave to the network, by name."""
    entries = case.part("data")
    return {name: paddle.to_tensor(value) for name, value in entries.items()} or None


@contextmanager
def without_dropout(model: nn.Layer) -> Iterator[None]:
    """Make train mode repeatable: no dropout, no stochastic depth, in networks as built."""
    for layer in model.sublayers(include_self=True):
        if isinstance(layer, nn.LSTM | nn.GRU):
            layer.dropout = 0.0
        if hasattr(layer, "drop_prob"):
            layer.drop_prob = 0.0
    original = functional.dropout
    functional.dropout = lambda x, *_, **__: x
    try:
        yield
    finally:
        functional.dropout = original


@cache
def _table() -> dict[str, Any]:
    with TABLE.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def _copy(node: Any) -> Any:
    """Return a copy in which nothing is shared, as YAML anchors would have it."""
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(value) for value in node] if isinstance(node, list) else node


def _set_widths(head: dict[str, Any] | None, characters: int) -> None:
    if head is None:
        return
    if head["name"] == "MultiHead":
        head["out_channels_list"] = {
            "CTCLabelDecode": characters,
            "SARLabelDecode": characters + 2,
            "NRTRLabelDecode": characters + 3,
        }
    else:
        head["out_channels"] = characters
