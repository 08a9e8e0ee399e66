"""Channels times a weight of their own: the end of every squeeze-and-excitation."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager


def gated(x_NCHW: Tensor, weight_NC11: Tensor, shortcut: bool = False) -> Tensor:
    """Return the product of both; with ``shortcut`` plus x_NCHW itself.

    Eager float32 tensors on a CPU go through one compiled node, which differs by rounding only.
    """
    if eager.is_eager_cpu(x_NCHW, weight_NC11):
        return _Gated.apply(x_NCHW, weight_NC11, 1.0 if shortcut else 0.0)
    out = x_NCHW * weight_NC11
    return x_NCHW + out if shortcut else out


class _Gated(PyLayer):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, level: float) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        ctx.level, ctx.wanted = np.float32(level), (not x.stop_gradient, not weight.stop_gradient)
        out = paddle.empty_like(x)
        arrays = [
            eager.planes(x),
            eager.array(weight, (weight.size,)),
            ctx.level,
            eager.planes(out),
        ]
        eager.run(_kernels().weigh, arrays, weight.size, x.size)
        ctx.save_for_backward(x, weight)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensor()
        found = paddle.empty_like(x), paddle.empty_like(weight)
        before = [eager.planes(x), eager.array(weight, (weight.size,)), ctx.level]
        after = [eager.planes(found[0]), eager.array(found[1], (weight.size,))]
        arrays = [*before, eager.planes(grad.contiguous()), *after]
        eager.run(_kernels().differentiate, arrays, weight.size, 3 * x.size)
        return tuple(one if wanted else None for one, wanted in zip(found, ctx.wanted, strict=True))


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import gate_kernels

    return gate_kernels
