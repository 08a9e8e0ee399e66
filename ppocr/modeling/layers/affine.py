"""Hard swish between two learnt scales and shifts, as PP-LCNetV3 has it after every filter."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager

PASSES = 8  # operations per value, about


def affine_hardswish(
    x: Tensor, scale: Tensor, shift: Tensor, after: Tensor, level: Tensor
) -> Tensor:
    """Return after * hardswish(scale * x + shift) + level; all but x are single numbers.

    Eager float32 tensors on a CPU go through one compiled node, which differs by rounding only.
    """
    numbers = (scale, shift, after, level)
    if x.ndim == 4 and eager.is_eager_cpu(x, *numbers):
        return _AffineHardswish.apply(x, *numbers)
    return after * F.hardswish(scale * x + shift) + level


class _AffineHardswish(PyLayer):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *numbers: Tensor) -> Tensor:
        x = x.contiguous()
        out = paddle.empty_like(x)
        ctx.numbers = np.concatenate([eager.array(one) for one in numbers])
        ctx.wanted = [not one.stop_gradient for one in (x, *numbers)]
        planes = x.shape[0] * x.shape[1]
        arrays = [eager.planes(x), ctx.numbers, eager.planes(out)]
        eager.run(_kernels().activate, arrays, planes, PASSES * x.size)
        ctx.save_for_backward(x)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensor()
        grad, dx = grad.contiguous(), paddle.empty_like(x)
        planes = x.shape[0] * x.shape[1]
        parts = np.empty((planes, len(ctx.numbers)), np.float32)
        arrays = [eager.planes(x), ctx.numbers, eager.planes(grad), eager.planes(dx), parts]
        eager.run(_kernels().differentiate, arrays, planes, 2 * PASSES * x.size)
        sums = parts.sum(axis=0, dtype=np.float64).astype(np.float32)
        found = [dx, *(paddle.to_tensor(sums[i : i + 1]) for i in range(len(sums)))]
        return tuple(one if wanted else None for one, wanted in zip(found, ctx.wanted, strict=True))


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import affine_kernels

    return affine_kernels
