"""Our convolutions are Paddle's, number for number, only faster."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.layers import fold
from ppocr.modeling.layers.conv import Conv2D, Conv2DTranspose
from tests.modeling.conftest import assert_same, drawn, gradients

CASES = [
    # size, stride, padding, (N, C, H, W)
    (3, 1, 1, (2, 4, 7, 9)),
    (5, 1, 2, (2, 4, 8, 25)),
    (3, 2, 1, (2, 4, 8, 9)),
    (5, 2, 2, (1, 4, 9, 8)),
    (5, (2, 1), 2, (2, 4, 8, 13)),
    (3, (1, 2), (0, 1), (2, 4, 5, 10)),
    (3, 1, 0, (1, 2, 3, 3)),
]


def pair(size, stride, padding, channels):
    theirs = nn.Conv2D(channels, channels, size, stride, padding, groups=channels, bias_attr=False)
    ours = Conv2D(channels, channels, size, stride, padding, groups=channels, bias_attr=False)
    ours.set_state_dict(theirs.state_dict())
    return theirs, ours


def run(layer, image):
    found = gradients(layer, image)
    return [*found, *(one.grad.numpy() for one in layer.parameters())]


@pytest.mark.parametrize(("size", "stride", "padding", "shape"), CASES)
def test_numbers_and_gradients_are_paddles(size, stride, padding, shape, handed_over):
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    theirs, ours = pair(size, stride, padding, shape[1])
    expected, found = run(theirs, image), run(ours, image)
    assert len(handed_over) == 2, "the compiled kernels were not used"
    assert_same(found, expected)


def test_threads_do_not_change_a_bit(threads):
    image = np.random.default_rng(1).normal(size=(2, 7, 9, 11)).astype(np.float32)
    _, ours = pair(5, 1, 2, 7)
    results = []
    for count in (1, 2, 3):
        threads(count)
        ours.weight.clear_gradient()
        results.append(run(ours, image))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_transposed_view_is_read_right(handed_over):
    base = paddle.randn([2, 6, 8, 4])
    theirs, ours = pair(3, 1, 1, 4)
    view = base.transpose([0, 3, 1, 2])
    np.testing.assert_allclose(ours(view).numpy(), theirs(view).numpy(), atol=1e-6)
    assert len(handed_over) == 1


def test_a_frozen_input_or_weight_is_fine():
    theirs, ours = pair(3, 1, 1, 4)
    x = paddle.randn([1, 4, 6, 6])
    for layer in (theirs, ours):
        layer(x).sum().backward()
    assert_same([ours.weight.grad.numpy()], [theirs.weight.grad.numpy()])
    ours.weight.stop_gradient = True
    x.stop_gradient = False
    ours(x).sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(4, 8, 3, groups=4, bias_attr=False),
        Conv2D(4, 4, 3, groups=2, bias_attr=False),
        Conv2D(4, 4, 3, groups=4),
        Conv2D(4, 4, 7, padding=3, groups=4, bias_attr=False),
        Conv2D(4, 4, 3, dilation=2, groups=4, bias_attr=False),
        Conv2D(4, 4, 3, padding="SAME", groups=4, bias_attr=False),
        Conv2D(4, 4, 3, padding=[1, 1, 0, 0], groups=4, bias_attr=False),
    ],
)
def test_what_has_no_kernel_takes_paddles_way(layer, handed_over):
    plain = nn.Conv2D.forward(layer, x := paddle.randn([1, 4, 9, 9]))
    assert np.array_equal(layer(x).numpy(), plain.numpy())
    assert not handed_over


def test_a_traced_graph_holds_paddles_operator(tmp_path, handed_over):
    _, ours = pair(3, 1, 1, 4)
    ours.eval()
    spec = [paddle.static.InputSpec([None, 4, None, None], "float32")]
    paddle.jit.save(
        paddle.jit.to_static(ours, input_spec=spec, full_graph=True), str(tmp_path / "model")
    )
    assert not handed_over
    x = paddle.randn([2, 4, 5, 6])
    loaded = paddle.jit.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded(x).numpy(), ours(x).numpy(), atol=1e-6)


@pytest.mark.usefixtures("switched_off")
def test_it_can_be_switched_off(handed_over):
    _, ours = pair(3, 1, 1, 4)
    ours(paddle.randn([1, 4, 6, 6]))
    assert not handed_over


NARROWING = [(8, 4, (2, 8, 6, 9)), (9, 1, (1, 9, 4, 4)), (64, 24, (3, 64, 5, 17))]
TILING = [(2, 3, 4, (2, 3, 5, 6)), (2, 4, 1, (1, 4, 1, 7)), (3, 2, 5, (2, 2, 4, 3))]


@pytest.mark.parametrize(("before", "after", "shape"), NARROWING)
def test_a_filter_to_fewer_channels_is_paddles(before, after, shape, handed_over):
    ours = Conv2D(before, after, 3, padding=1, bias_attr=False)
    theirs = nn.Conv2D(before, after, 3, padding=1, bias_attr=False)
    theirs.set_state_dict(ours.state_dict())
    image = drawn(shape)[0]
    found = run(ours, image)
    assert handed_over == ["gather", "scatter"]
    assert_same(found, run(theirs, image), 5e-6)


@pytest.mark.parametrize(("size", "before", "after", "shape"), TILING)
def test_a_filter_that_tiles_is_paddles(size, before, after, shape, handed_over):
    ours = Conv2DTranspose(before, after, size, stride=size)
    theirs = nn.Conv2DTranspose(before, after, size, stride=size)
    theirs.set_state_dict(ours.state_dict())
    image = drawn(shape)[0]
    found = run(ours, image)
    assert handed_over == ["tile", "untile"]
    assert_same(found, run(theirs, image), 5e-6)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(8, 5, 3, padding=1, bias_attr=False),
        Conv2D(8, 4, 3, padding=1),
        Conv2D(8, 4, 3, bias_attr=False),
        Conv2D(8, 4, 3, stride=2, padding=1, bias_attr=False),
        Conv2D(8, 4, 5, padding=2, bias_attr=False),
        Conv2D(8, 4, 3, padding=1, groups=2, bias_attr=False),
        Conv2DTranspose(8, 4, 2, stride=2, bias_attr=False),
        Conv2DTranspose(8, 4, 3, stride=2),
        Conv2DTranspose(8, 4, 2, stride=2, padding=1),
        Conv2DTranspose(8, 4, 2, stride=2, output_padding=1),
        Conv2DTranspose(8, 4, 2, stride=2, groups=2),
    ],
)
def test_other_filters_take_paddles_way(layer, handed_over):
    kind = nn.Conv2DTranspose if isinstance(layer, nn.Conv2DTranspose) else nn.Conv2D
    expected = kind.forward(layer, x := paddle.randn([1, 8, 9, 9]))
    assert np.array_equal(layer(x).numpy(), expected.numpy())
    assert not handed_over


def test_products_that_need_much_memory_are_not_made(monkeypatch, handed_over):
    monkeypatch.setattr(fold, "MOST_BYTES", 4 * 9 * 4 * 36)
    layer = Conv2D(8, 4, 3, padding=1, bias_attr=False)
    layer(paddle.randn([1, 8, 6, 6]))
    assert handed_over == ["gather"]
    layer(paddle.randn([2, 8, 6, 6]))
    assert handed_over == ["gather"]


def test_a_frozen_filter_that_tiles_gets_no_gradient():
    layer = Conv2DTranspose(3, 4, 2, stride=2)
    layer.weight.stop_gradient = layer.bias.stop_gradient = True
    x = paddle.to_tensor(drawn((1, 3, 4, 4))[0], stop_gradient=False)
    layer(x).sum().backward()
    given = [one.grad is not None for one in (x, layer.weight, layer.bias)]
    assert given == [True, False, False]
