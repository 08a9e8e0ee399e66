"""Sums of every pair of two lists of vectors, whose gradient Paddle computes slowly on a CPU."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager


def pair_sums(first_N1PC: Tensor, second_NL1C: Tensor) -> Tensor:
    """Return (N, L, P, C): every vector of the first plus every vector of the second.

    Eager float32 tensors on a CPU go through a compiled loop; the numbers are the same, those of
    the gradients but for rounding.
    """
    if eager.is_eager_cpu(first_N1PC, second_NL1C):
        return _PairSums.apply(first_N1PC, second_NL1C)
    return first_N1PC + second_NL1C


def row_sums(x_NPC: Tensor, row_N1C: Tensor) -> Tensor:
    """Return x_NPC with a vector of its sample's own added to every row, like :func:`pair_sums`."""
    if eager.is_eager_cpu(x_NPC, row_N1C):
        return _PairSums.apply(x_NPC, row_N1C)
    return x_NPC + row_N1C


class _PairSums(PyLayer):
    """The sums of (N, 1, P, C) and (N, L, 1, C), or of (N, P, C) and (N, 1, C), as one node."""

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        ctx.given = list(first.shape), list(second.shape)
        ctx.wanted = not first.stop_gradient, not second.stop_gradient
        count, rows, width = first.shape[0], first.shape[-2], first.shape[-1]
        others = second.shape[1]
        ctx.shapes = (count, rows, width), (count, others, width), (count, others, rows, width)
        whole = [count, others, rows, width] if first.ndim == 4 else [count, rows, width]
        out = paddle.empty(whole, dtype="float32")
        given = (first.contiguous(), second.contiguous(), out)
        arrays = [eager.array(one, shape) for one, shape in zip(given, ctx.shapes, strict=True)]
        eager.run(_kernels().add, arrays, width, out.size)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        found = [paddle.empty(shape, dtype="float32") for shape in ctx.given]
        of_first, of_second, of_sums = ctx.shapes
        arrays = [eager.array(grad.contiguous(), of_sums)]
        arrays += [eager.array(found[0], of_first), eager.array(found[1], of_second)]
        eager.run(_kernels().reduce, arrays, grad.shape[-1], 2 * grad.size)
        return tuple(one if wanted else None for one, wanted in zip(found, ctx.wanted, strict=True))


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import pairs_kernels

    return pairs_kernels
