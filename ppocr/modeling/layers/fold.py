"""Filters as one product per tap, added where the taps lie.

Paddle's convolution on a CPU copies the map once per tap and multiplies that; for a 3x3 filter of
96 channels nine copies of the map. Multiplied first, only the channels that are left are moved.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager

SIZE = 3
FEWER = 2  # by which factor channels have to become fewer
MOST_BYTES = 2**28  # of products; beyond, Paddle's way, one sample after the other, needs less


def is_worth_it(x_NCHW: Tensor, weight_OIKK: Tensor, padding: tuple[int, int]) -> bool:
    """Return whether :func:`conv2d` computes this filter of stride 1, and faster than Paddle."""
    after, before, tall, wide = weight_OIKK.shape
    if (tall, wide) != (SIZE, SIZE) or padding != (SIZE // 2, SIZE // 2):
        return False
    count, _, height, width = x_NCHW.shape
    size = 4 * count * tall * wide * after * height * width
    return before >= FEWER * after and min(height, width) > SIZE and size <= MOST_BYTES


def conv2d(x_NCHW: Tensor, weight_OIKK: Tensor) -> Tensor:
    """Return the filtered map (N, O, H, W): stride 1, as much padding as keeps the size."""
    after, before, size, _ = weight_OIKK.shape
    count, _, height, width = x_NCHW.shape
    taps = weight_OIKK.transpose([2, 3, 0, 1]).reshape([size * size * after, before])
    products = paddle.matmul(taps, x_NCHW.reshape([count, before, height * width]))
    return _Gather.apply(products, (count, size, size, after, height, width))


def tiled(x_NCHW: Tensor, weight_IOKK: Tensor, bias_O: Tensor) -> Tensor:
    """Return the map (N, O, K * H, K * W) of a transposed filter whose stride is its size K."""
    before, after, size, _ = weight_IOKK.shape
    count, _, height, width = x_NCHW.shape
    taps = weight_IOKK.reshape([before, after * size * size])
    x_NCP = x_NCHW.reshape([count, before, height * width])
    products = paddle.matmul(taps, x_NCP, transpose_x=True)
    return _Tile.apply(products, bias_O, (count, after, size, size, height, width))


class _Gather(PyLayer):
    """Products (N, K * K * O, H * W) added up where their taps lie."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, shape: tuple[int, ...]) -> Tensor:
        count, size, _, after, height, width = ctx.shape = shape
        out = paddle.empty([count, after, height, width], dtype="float32")
        arrays = [eager.array(products.contiguous(), shape), eager.array(out)]
        eager.run(_kernels().gather, arrays, after, products.size)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        count, size, _, after, height, width = ctx.shape
        out = paddle.empty([count, size * size * after, height * width], dtype="float32")
        arrays = [eager.array(grad.contiguous()), eager.array(out, ctx.shape)]
        eager.run(_kernels().scatter, arrays, after, out.size)
        return out


class _Tile(PyLayer):
    """Products (N, O * K * K, H * W) side by side, and a bias."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, bias: Tensor, shape: tuple[int, ...]) -> Tensor:
        count, after, size, _, height, width = ctx.shape = shape
        ctx.wanted = not products.stop_gradient, not bias.stop_gradient
        out = paddle.empty([count, after, size * height, size * width], dtype="float32")
        products = products.contiguous()
        arrays = [eager.array(products, shape), eager.array(bias), eager.array(out)]
        eager.run(_kernels().tile_kernel(size), arrays, after, out.size)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        count, after, size, _, height, width = ctx.shape
        grad = grad.contiguous()
        out = paddle.empty([count, after * size * size, height * width], dtype="float32")
        dbias = paddle.empty([after], dtype="float32")
        arrays = [eager.array(grad), eager.array(out, ctx.shape), eager.array(dbias)]
        eager.run(_kernels().untile_kernel(size), arrays, after, grad.size)
        return out if ctx.wanted[0] else None, dbias if ctx.wanted[1] else None


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import fold_kernels

    return fold_kernels
