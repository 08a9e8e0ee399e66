"""Our depthwise convolution is Paddle's, number for number, only faster."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.layers import conv
from ppocr.modeling.layers.conv import Conv2D

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


@pytest.fixture
def handed_over(monkeypatch):
    """The calls of compiled kernels, counted."""
    calls = []
    original = conv._over_channels

    def counted(*arguments):
        calls.append(arguments)
        original(*arguments)

    monkeypatch.setattr(conv, "_over_channels", counted)
    return calls


def pair(size, stride, padding, channels):
    theirs = nn.Conv2D(channels, channels, size, stride, padding, groups=channels, bias_attr=False)
    ours = Conv2D(channels, channels, size, stride, padding, groups=channels, bias_attr=False)
    ours.set_state_dict(theirs.state_dict())
    return theirs, ours


def assert_same(found, expected, name=""):
    """Equal but for the rounding of sums, which depends on the largest terms."""
    atol = 2e-6 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol, err_msg=name)


def run(layer, image):
    x = paddle.to_tensor(image, stop_gradient=False)
    y = layer(x)
    weights = paddle.to_tensor(np.cos(np.arange(y.size, dtype=np.float32)).reshape(y.shape))
    (y * weights).sum().backward()
    return y.numpy(), x.grad.numpy(), layer.weight.grad.numpy()


@pytest.mark.parametrize(("size", "stride", "padding", "shape"), CASES)
def test_numbers_and_gradients_are_paddles(size, stride, padding, shape, handed_over):
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    theirs, ours = pair(size, stride, padding, shape[1])
    expected, found = run(theirs, image), run(ours, image)
    assert len(handed_over) == 2, "the compiled kernels were not used"
    for name, one, other in zip(("y", "dx", "dweight"), expected, found, strict=True):
        assert_same(other, one, name)


def test_threads_do_not_change_a_bit(monkeypatch):
    image = np.random.default_rng(1).normal(size=(2, 7, 9, 11)).astype(np.float32)
    _, ours = pair(5, 1, 2, 7)
    monkeypatch.setattr(conv, "WORTH_A_THREAD", 1)
    results = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(conv, "_threads", lambda threads=threads: threads)
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
    assert_same(ours.weight.grad.numpy(), theirs.weight.grad.numpy())
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


def test_it_can_be_switched_off(monkeypatch, handed_over):
    _, ours = pair(3, 1, 1, 4)
    monkeypatch.setenv("ONESPEC_RUNTIME", "off")
    conv._enabled.cache_clear()
    try:
        ours(paddle.randn([1, 4, 6, 6]))
    finally:
        conv._enabled.cache_clear()
    assert not handed_over
