"""A filter on one row gives what it always gave, and so do its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.layers import flat_conv

SETTINGS = [
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": [3, 5], "padding": [1, 2], "stride": [2, 1], "bias_attr": False},
    {"kernel_size": 3, "padding": 2, "dilation": 2},
    {"kernel_size": 3, "padding": 1, "groups": 2},
]
OTHERS = [
    {"kernel_size": 1},
    {"kernel_size": [1, 3], "padding": [0, 1]},
    {"kernel_size": 3, "padding": [2, 1]},
    {"kernel_size": [2, 3], "padding": [1, 1]},
    {"kernel_size": 3, "padding": "SAME"},
    {"kernel_size": 3, "padding": 1, "padding_mode": "replicate"},
]


def _ran(kind: type[nn.Conv2D], settings: dict[str, Any], height: int) -> list[np.ndarray]:
    paddle.seed(1)
    layer = kind(4, 6, **settings)
    image = paddle.randn([2, 4, height, 11])
    image.stop_gradient = False
    out = layer(image)
    (out * paddle.arange(out.size, dtype="float32").reshape(out.shape)).mean().backward()
    return [one.numpy() for one in (out, image.grad, *(p.grad for p in layer.parameters()))]


@pytest.mark.parametrize("settings", [*SETTINGS, *OTHERS], ids=str)
@pytest.mark.parametrize("height", [1, 3])
def test_results_and_gradients_are_those_of_the_whole_filter(settings, height):
    for ours, theirs in zip(
        _ran(flat_conv.Conv2D, settings, height), _ran(nn.Conv2D, settings, height), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("settings", "rows"), [(SETTINGS[0], 1), (OTHERS[2], 3)], ids=str)
def test_only_the_middle_row_is_multiplied(settings, rows, monkeypatch):
    seen = []
    whole = nn.functional.conv2d

    def conv2d(x: Any, weight: Any, *others: Any, **named: Any) -> Any:
        seen.append(weight.shape[2])
        return whole(x, weight, *others, **named)

    monkeypatch.setattr(flat_conv.F, "conv2d", conv2d)
    layer = flat_conv.Conv2D(4, 6, **settings)
    layer(paddle.zeros([1, 4, 1, 9]))
    assert (seen == [1]) == (rows == 1)


def test_a_traced_filter_stays_whole():
    layer = flat_conv.Conv2D(4, 6, 3, padding=1)
    layer.eval()
    spec = paddle.static.InputSpec([1, 4, 1, 9], "float32")
    traced = paddle.jit.to_static(layer, input_spec=[spec], full_graph=True)
    operations = [
        op.name() for op in traced.forward.concrete_program.main_program.global_block().ops
    ]
    assert "pd_op.conv2d" in operations
    assert not any("slice" in name for name in operations)
