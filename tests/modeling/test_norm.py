"""Normalisation and activation in one node are Paddle's, number for number."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from ppocr.modeling.layers.norm import BatchNorm, norm_act, norm_sum
from tests.modeling.conftest import assert_same, drawn, gradients

SHAPES = [(2, 3, 4, 5), (3, 2, 1, 7), (1, 4, 9, 33), (5, 1, 1, 1)]
ACTS = [None, "relu", "hardswish"]


def layer(channels: int, kind: type = BatchNorm) -> nn.Layer:
    norm = kind(channels)
    for one, values in zip((norm.weight, norm.bias), drawn((channels,), (channels,)), strict=True):
        one.set_value(2 * values)  # wide enough that every part of hard swish is reached
    norm.train()
    return norm


def plain(norm: nn.Layer, x: paddle.Tensor, act: str | None) -> paddle.Tensor:
    x = norm(x)
    return x if act is None else getattr(F, act)(x)


def everything(norm: nn.Layer) -> list[np.ndarray]:
    """Return what a step changes or gives, apart from the result."""
    own = (norm.weight.grad, norm.bias.grad, norm._mean, norm._variance)
    return [one.numpy() for one in own]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kind", [BatchNorm, nn.BatchNorm2D])
def test_results_gradients_and_running_figures_are_paddles(shape, act, kind, handed_over):
    norm = layer(shape[1], kind)
    other = copy.deepcopy(norm)
    image = 3 * drawn(shape)[0] + 1
    found = gradients(lambda x: norm_act(norm, x, act), image)
    assert handed_over == ["measure", "normalize", "differentiate"]
    expected = gradients(lambda x: plain(other, x, act), image)
    assert_same(found + everything(norm), expected + everything(other), 2e-5)


def test_values_far_from_zero_keep_their_variance(handed_over):
    norm = layer(1)
    image = drawn((2, 1, 64, 64))[0] + 1000
    out = norm_act(norm, paddle.to_tensor(image)).numpy()
    exact = image.astype(np.float64)
    exact = (exact - exact.mean()) / np.sqrt(exact.var() + 1e-5)
    exact = exact * norm.weight.item() + norm.bias.item()
    np.testing.assert_allclose(out, exact, atol=2e-3)
    assert handed_over


def test_a_sum_of_normalised_maps_is_paddles(handed_over):
    norms = [layer(3), layer(3, nn.BatchNorm2D), layer(3)]
    others = copy.deepcopy(norms)
    maps = drawn(*[(2, 3, 5, 6)] * 3)
    found = gradients(lambda *given: norm_sum(norms, given), *maps)
    assert handed_over.count("normalize") == 3
    expected = gradients(
        lambda *given: sum(norm(one) for norm, one in zip(others, given, strict=True)), *maps
    )
    for norm, other in zip(norms, others, strict=True):
        found, expected = found + everything(norm), expected + everything(other)
    assert_same(found, expected, 2e-5)


def test_one_map_may_be_normalised_twice():
    norms = [layer(3), layer(3)]
    others = copy.deepcopy(norms)
    image = drawn((2, 3, 5, 6))[0]
    found = gradients(lambda x: norm_sum(norms, [x, x]), image)
    assert_same(found, gradients(lambda x: others[0](x) + others[1](x), image), 2e-5)


def test_threads_do_not_change_a_bit(threads):
    image = drawn((2, 7, 9, 11))[0]
    results = []
    for count in (1, 2, 3):
        threads(count)
        norm = layer(7)
        found = gradients(lambda x, norm=norm: norm_act(norm, x, "relu"), image)
        results.append(found + everything(norm))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_transposed_view_is_read_right(handed_over):
    norm = layer(4)
    other = copy.deepcopy(norm)
    view = paddle.to_tensor(drawn((2, 6, 8, 4))[0]).transpose([0, 3, 1, 2])
    assert_same([norm_act(norm, view, "relu").numpy()], [plain(other, view, "relu").numpy()], 1e-5)
    assert handed_over


def test_frozen_parameters_get_no_gradient():
    norm = layer(3)
    norm.weight.stop_gradient = norm.bias.stop_gradient = True
    x = paddle.to_tensor(drawn((2, 3, 4, 4))[0], stop_gradient=False)
    norm_act(norm, x, "relu").sum().backward()
    given = [one.grad is not None for one in (x, norm.weight, norm.bias)]
    assert given == [True, False, False]


def test_a_value_that_is_no_number_shows_in_the_running_figures():
    norm = layer(2)
    image = drawn((2, 2, 4, 4))[0]
    image[1, 0, 2, 3] = np.nan
    norm_act(norm, paddle.to_tensor(image), "relu")
    assert np.isnan(norm._mean.numpy()).tolist() == [True, False]


def evaluating(norm: nn.Layer) -> None:
    norm.eval()


def global_figures(norm: nn.Layer) -> None:
    norm._use_global_stats = True


def hooked(norm: nn.Layer) -> None:
    norm.register_forward_post_hook(lambda *_: None)


@pytest.mark.parametrize("change", [evaluating, global_figures, hooked])
def test_what_has_no_kernel_takes_paddles_way(change, handed_over):
    norm = layer(3)
    other = copy.deepcopy(norm)
    change(norm)
    change(other)
    x = paddle.to_tensor(drawn((2, 3, 4, 4))[0])
    assert np.array_equal(norm_act(norm, x, "relu").numpy(), plain(other, x, "relu").numpy())
    assert not handed_over


def test_another_layer_is_called(handed_over):
    norm = nn.GroupNorm(1, 3)
    x = paddle.to_tensor(drawn((2, 3, 4, 4))[0])
    assert np.array_equal(norm_act(norm, x, "relu").numpy(), plain(norm, x, "relu").numpy())
    assert np.array_equal(norm_sum([norm, norm], [x, x]).numpy(), (norm(x) + norm(x)).numpy())
    assert not handed_over


def test_other_types_take_paddles_way(handed_over):
    x = paddle.to_tensor(drawn((2, 3, 4, 4))[0]).astype("float64")
    paddle.set_default_dtype("float64")
    try:
        norm = nn.BatchNorm2D(3)
    finally:
        paddle.set_default_dtype("float32")
    assert norm_act(norm, x, "relu").dtype == paddle.float64
    assert not handed_over


@pytest.mark.usefixtures("switched_off")
def test_it_can_be_switched_off(handed_over):
    norm = layer(3)
    norm_act(norm, paddle.to_tensor(drawn((2, 3, 4, 4))[0]), "relu")
    assert not handed_over


class Two(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = layer(3), layer(3, nn.BatchNorm2D)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return norm_sum([self.one, self.other], [norm_act(self.one, x, "hardswish"), x])


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_a_traced_graph_holds_paddles_operators(mode, handed_over):
    net = Two()
    getattr(net, mode)()
    spec = paddle.static.InputSpec([2, 3, 4, 4], "float32")
    traced = paddle.jit.to_static(net, input_spec=[spec], full_graph=True)
    operations = [
        op.name() for op in traced.forward.concrete_program.main_program.global_block().ops
    ]
    names = [one.split(".")[1].rstrip("_") for one in operations]
    assert names.count("batch_norm") == 3
    assert {"hardswish", "add"} <= set(names)
    assert not handed_over
