"""Nearest-neighbour enlargement in the form that suits where it runs."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager


def upsample_nearest(x_NCHW: Tensor, factor: int = 2) -> Tensor:
    """Return every pixel repeated ``factor`` times along both axes.

    Training on a CPU copies by a compiled loop; elsewhere it broadcasts a view, which is faster
    in both directions than ``interpolate``. An exported graph joins copies instead: of all forms
    of nearest enlargement only concat and reshape run in Paddle Inference with and without oneDNN,
    in Paddle Lite, through paddle2onnx and in OpenVINO. The numbers are the same.
    """
    if eager.is_eager_cpu(x_NCHW):
        return _Repeat.apply(x_NCHW, factor)
    if paddle.in_dynamic_mode():
        count, channels, height, width = x_NCHW.shape
        spread = x_NCHW.reshape([count, channels, height, 1, width, 1])
        spread = spread.expand([count, channels, height, factor, width, factor])
        return spread.reshape([count, channels, height * factor, width * factor])
    channels = x_NCHW.shape[1]
    sizes = paddle.shape(x_NCHW)
    count, height, width = sizes[0], sizes[2], sizes[3]
    columns = paddle.concat([x_NCHW.reshape([count, channels, height, width, 1])] * factor, axis=4)
    rows = columns.reshape([count, channels, height, 1, width * factor])
    rows = paddle.concat([rows] * factor, axis=3)
    return rows.reshape([count, channels, height * factor, width * factor])


class _Repeat(PyLayer):
    """Copies of every pixel, and the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: int) -> Tensor:
        x = x.contiguous()
        count, channels, height, width = ctx.shape = tuple(x.shape)
        ctx.factor = factor
        shape = [count, channels, height * factor, width * factor]
        out = paddle.empty(shape, dtype="float32")
        arrays = [_planes(x), _planes(out)]
        eager.run(_kernels().repeat, [*arrays, factor], count * channels, out.size)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        grad = grad.contiguous()
        out = paddle.empty(list(ctx.shape), dtype="float32")
        arrays = [_planes(grad), _planes(out)]
        planes = ctx.shape[0] * ctx.shape[1]
        eager.run(_kernels().collect, [*arrays, ctx.factor], planes, grad.size)
        return out


def _planes(x: Tensor) -> Any:
    """Return x_NCHW as an array (N * C, H, W)."""
    count, channels, height, width = x.shape
    return eager.array(x, (count * channels, height, width))


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import upsample_kernels

    return upsample_kernels
