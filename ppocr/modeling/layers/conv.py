"""Convolutions that are fast on a CPU while training.

Parameters, their names and the exported graph are those of ``paddle.nn``.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import paddle
from paddle import Tensor, nn
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager, fold

SIZES = (3, 5)  # larger ones would have to keep too much in registers


class Conv2D(nn.Conv2D):
    """``paddle.nn.Conv2D`` with two faster ways for eager float32 tensors on a CPU.

    Depthwise filters of 3x3 or 5x5 have compiled kernels. Filters of 3x3 that leave fewer
    channels are multiplied tap by tap (see :mod:`fold`). All else is Paddle's own operator; the
    results differ by rounding only. The name is Paddle's because those of parameters follow it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered features, NCHW."""
        if not (self._is_plain() and eager.is_eager_cpu(x, self.weight)):
            return nn.Conv2D.forward(self, x)  # super() does not survive tracing
        stride, padding = pair(self._stride), pair(self._padding)
        if self._is_depthwise():
            return _Depthwise.apply(x, self.weight, stride, padding)
        if stride == (1, 1) and self._groups == 1 and fold.is_worth_it(x, self.weight, padding):
            return fold.conv2d(x, self.weight)
        return nn.Conv2D.forward(self, x)

    def _is_plain(self) -> bool:
        """Return whether this is a filter without bias, holes and special borders."""
        plain = self.bias is None and self._data_format == "NCHW" and self._padding_mode == "zeros"
        return plain and pair(self._dilation) == (1, 1) and _is_pair(pair(self._padding))

    def _is_depthwise(self) -> bool:
        """Return whether this filters each channel by itself, in a size that has a kernel."""
        size_y, size_x = self.weight.shape[2:]
        depthwise = self._groups == self._in_channels == self._out_channels > 1
        return depthwise and size_y == size_x and size_x in SIZES


class Conv2DTranspose(nn.Conv2DTranspose):
    """``paddle.nn.Conv2DTranspose`` with a faster way for filters that tile the larger map.

    That is where the stride is the size of the filter, for eager float32 tensors on a CPU.
    """

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        """Return the enlarged features, NCHW."""
        if output_size is None and self._tiles() and eager.is_eager_cpu(x, self.weight, self.bias):
            return fold.tiled(x, self.weight, self.bias)
        return nn.Conv2DTranspose.forward(self, x, output_size)

    def _tiles(self) -> bool:
        """Return whether no two positions of the input reach the same one of the output."""
        size = tuple(self.weight.shape[2:])
        plain = self.bias is not None and self._groups == 1 and self._data_format == "NCHW"
        whole = pair(self._padding) == pair(self.output_padding) == (0, 0)
        square = size[0] == size[1] and pair(self._stride) == size
        return plain and whole and square and pair(self._dilation) == (1, 1)


class _Depthwise(PyLayer):
    """The filter and its gradients as one node of the graph."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: tuple, padding: tuple) -> Tensor:
        x = x.contiguous()
        size = weight.shape[2]
        batch, channels, height, width = x.shape
        rows = (height + 2 * padding[0] - size) // stride[0] + 1
        columns = (width + 2 * padding[1] - size) // stride[1] + 1
        out = paddle.empty([batch, channels, rows, columns], dtype="float32")
        arrays = [eager.array(one) for one in (x, weight, out)]
        work = out.size * size * size
        kernel = _kernels().forward_kernel(size, stride[1])
        eager.run(kernel, [*arrays, stride[0], *padding], channels, work)
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        ctx.wanted = not x.stop_gradient, not weight.stop_gradient
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensor()
        grad = grad.contiguous()
        size = weight.shape[2]
        dx, dweight = paddle.empty_like(x), paddle.empty_like(weight)
        arrays = [eager.array(one) for one in (x, weight, grad, dx, dweight)]
        kernel = _kernels().backward_kernel(size, ctx.stride[1])
        numbers = (ctx.stride[0], *ctx.padding)
        work = 2 * grad.size * size * size
        eager.run(kernel, [*arrays, *numbers], x.shape[1], work)
        return dx if ctx.wanted[0] else None, dweight if ctx.wanted[1] else None


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import depthwise_kernels

    return depthwise_kernels


def _is_pair(value: Any) -> bool:
    return len(value) == 2 and all(isinstance(one, int) for one in value)


def pair(value: Any) -> tuple[Any, ...]:
    """Return what stands for both axes as one value per axis."""
    return (value, value) if isinstance(value, int | str) else tuple(value)
