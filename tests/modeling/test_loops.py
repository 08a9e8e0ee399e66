"""Loops compiled for the CPU give Paddle's numbers: enlargement, pairs, learnt hard swish."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from ppocr.modeling.layers import eager
from ppocr.modeling.layers.affine import affine_hardswish
from ppocr.modeling.layers.gate import gated
from ppocr.modeling.layers.linear import Linear
from ppocr.modeling.layers.pairs import pair_sums, row_sums
from ppocr.modeling.layers.upsample import upsample_nearest
from tests.faults import tiny
from tests.modeling.conftest import assert_same, drawn, gradients


class Case(NamedTuple):
    ours: Callable[..., paddle.Tensor]
    theirs: Callable[..., paddle.Tensor]
    shapes: tuple[tuple[int, ...], ...]


def enlarged(factor: int, *shape: int) -> Case:
    return Case(
        lambda x: upsample_nearest(x, factor),
        lambda x: F.interpolate(x, scale_factor=factor, mode="nearest"),
        (shape,),
    )


def paired(*shapes: tuple[int, ...]) -> Case:
    return Case(pair_sums if len(shapes[0]) == 4 else row_sums, paddle.add, shapes)


def learnt(*shape: int) -> Case:
    return Case(
        affine_hardswish,
        lambda x, *numbers: numbers[2] * F.hardswish(numbers[0] * x + numbers[1]) + numbers[3],
        (shape, (1,), (1,), (1,), (1,)),
    )


def weighed(shortcut: bool, *shape: int) -> Case:
    return Case(
        lambda x, weight: gated(x, weight, shortcut),
        lambda x, weight: x + x * weight if shortcut else x * weight,
        (shape, (*shape[:2], 1, 1)),
    )


CASES = {
    "twice": enlarged(2, 2, 3, 4, 5),
    "eight times": enlarged(8, 1, 2, 3, 1),
    "thrice": enlarged(3, 2, 1, 1, 7),
    "pairs": paired((2, 1, 4, 5), (2, 3, 1, 5)),
    "pairs of one": paired((2, 1, 1, 5), (2, 1, 1, 5)),
    "rows": paired((3, 4, 33), (3, 1, 33)),
    "gate": weighed(False, 2, 3, 4, 5),
    "gate, shortcut": weighed(True, 3, 2, 1, 37),
    "learnt": learnt(2, 3, 4, 5),
    "learnt, one row": learnt(3, 2, 1, 37),
}


@pytest.fixture(params=CASES, ids=str)
def case(request) -> Case:
    return CASES[request.param]


def test_results_and_gradients_are_paddles(case, handed_over):
    inputs = [2 * one for one in drawn(*case.shapes)]
    found = gradients(case.ours, *inputs)
    assert len(handed_over) == 2, "the compiled loops were not used"
    assert_same(found, gradients(case.theirs, *inputs), 5e-6)


def test_threads_do_not_change_a_bit(case, threads):
    results = []
    for count in (1, 2, 3):
        threads(count)
        results.append(gradients(case.ours, *drawn(*case.shapes)))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_views_are_read_right(case):
    inputs = [
        paddle.to_tensor(np.ascontiguousarray(one.T)).transpose(range(one.ndim)[::-1])
        for one in drawn(*case.shapes)
    ]
    assert_same([case.ours(*inputs).numpy()], [case.theirs(*inputs).numpy()])


def test_what_needs_no_gradient_gets_none(case):
    for wanted in range(len(case.shapes)):
        inputs = [paddle.to_tensor(one) for one in drawn(*case.shapes)]
        inputs[wanted].stop_gradient = False
        case.ours(*inputs).sum().backward()
        assert [one.grad is None for one in inputs].count(False) == 1


def test_other_types_take_paddles_way(case, handed_over):
    inputs = [one.astype(np.float64) for one in drawn(*case.shapes)]
    assert_same(gradients(case.ours, *inputs), gradients(case.theirs, *inputs))
    assert not handed_over


@pytest.mark.usefixtures("switched_off")
def test_they_can_be_switched_off(case, handed_over):
    inputs = drawn(*case.shapes)
    assert_same(gradients(case.ours, *inputs), gradients(case.theirs, *inputs))
    assert not handed_over


def test_an_array_keeps_the_copy_alive_that_it_shows():
    tensor = paddle.arange(6, dtype="float32").reshape([2, 3])
    shown = eager.array(tensor.transpose([1, 0]).contiguous())
    paddle.randn([2, 3])  # would take the memory
    assert shown.tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("shape", [(3, 4, 8), (5, 8)])
def test_a_bias_as_a_row_of_the_product_is_paddles(shape):
    ours, theirs = Linear(8, 33), paddle.nn.Linear(8, 33)
    theirs.set_state_dict(ours.state_dict())
    image = drawn(shape)[0]
    results = []
    for layer in (ours, theirs):
        found = gradients(layer, image)
        results.append([*found, *(one.grad.numpy() for one in layer.parameters())])
    assert_same(*results)


@pytest.mark.parametrize("reason", ["float64", "off", "no bias"])
def test_linear_takes_paddles_way(reason, monkeypatch):
    layer = Linear(8, 33, bias_attr=False if reason == "no bias" else None)
    x = paddle.randn([3, 8])
    if reason == "float64":
        layer, x = layer.to(dtype="float64"), x.astype("float64")
    if reason == "off":
        monkeypatch.setattr(eager, "enabled", lambda: False)
    expected = paddle.nn.Linear.forward(layer, x)
    monkeypatch.delattr(paddle, "concat")
    assert np.array_equal(layer(x).numpy(), expected.numpy())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own(threads):
    def filled(out: np.ndarray, first: int, last: int) -> None:
        out[first:last] = 1

    def work() -> int:
        out = np.zeros(4)
        eager.run(filled, [out], len(out), 100)
        return int(out.sum())

    threads(2)
    assert work() == 4
    assert tiny.finished(tiny.begun(work), timeout_s=60) == 4
