"""Convolutions whose depthwise case is fast on a CPU while training.

Parameters, their names and the exported graph are those of ``paddle.nn.Conv2D``.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.autograd import PyLayer

from ppocr.utils import compiled, runtime

SIZES = (3, 5)  # larger ones would have to keep too much in registers
WORTH_A_THREAD = 2_000_000  # multiplications; below, handing work over costs more than it saves


class Conv2D(nn.Conv2D):
    """``paddle.nn.Conv2D``; depthwise ones of 3x3 or 5x5 have compiled kernels on a CPU.

    These are used for eager float32 tensors. Tracing, other devices, other types and
    ``ONESPEC_RUNTIME=off`` take Paddle's own operator; the results differ by rounding only. The
    name is Paddle's because those of parameters follow it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered features, NCHW."""
        if not (self._has_kernel() and _is_eager_cpu(x)):
            return nn.Conv2D.forward(self, x)  # super() does not survive tracing
        stride, padding = pair(self._stride), pair(self._padding)
        return _Depthwise.apply(x, self.weight, stride, padding)

    def _has_kernel(self) -> bool:
        """Return whether this is a depthwise filter without bias of a size that has a kernel."""
        depthwise = self._groups == self._in_channels == self._out_channels > 1
        size_y, size_x = self.weight.shape[2:]
        square = size_y == size_x and size_x in SIZES
        plain = self.bias is None and self._data_format == "NCHW" and self._padding_mode == "zeros"
        simple = pair(self._dilation) == (1, 1) and _is_pair(pair(self._padding))
        return depthwise and square and plain and simple


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
        arrays = [_view(one) for one in (x, weight, out)]
        work = out.size * size * size
        _over_channels(
            _kernels().forward_kernel(size, stride[1]), arrays, (stride[0], *padding), work
        )
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
        arrays = [_view(one) for one in (x, weight, grad, dx, dweight)]
        numbers = (ctx.stride[0], *ctx.padding)
        work = 2 * grad.size * size * size
        _over_channels(_kernels().backward_kernel(size, ctx.stride[1]), arrays, numbers, work)
        return dx if ctx.wanted[0] else None, dweight if ctx.wanted[1] else None


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import depthwise_kernels

    return depthwise_kernels


def _over_channels(
    kernel: Callable[..., None], arrays: list[np.ndarray], numbers: tuple[int, ...], work: int
) -> None:
    """Run the kernel on all channels, shared among threads where that is worth it."""
    channels = arrays[0].shape[1]
    parts = min(_threads(), channels, max(1, work // WORTH_A_THREAD))
    if parts == 1:
        kernel(*arrays, *numbers, 0, channels)
        return
    edges = np.linspace(0, channels, parts + 1).astype(int).tolist()
    others = [
        _pool().submit(kernel, *arrays, *numbers, first, last)
        for first, last in zip(edges[1:-1], edges[2:], strict=True)
    ]
    kernel(*arrays, *numbers, edges[0], edges[1])
    for one in others:
        one.result()


@lru_cache(maxsize=1)
def _threads() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) > 0 else 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _threads() - 1), thread_name_prefix="depthwise")


@lru_cache(maxsize=1)
def _enabled() -> bool:
    return compiled.available() and not runtime.switched_off()


@paddle.jit.not_to_static
def _is_eager_cpu(x: Tensor) -> bool:
    return (
        _enabled()
        and paddle.in_dynamic_mode()
        and x.place.is_cpu_place()
        and x.dtype == paddle.float32
        and x.size > 0
    )


def _view(tensor: Tensor) -> np.ndarray:
    """Return the memory of a contiguous float32 tensor on the CPU as an array, without a copy."""
    memory = (ctypes.c_float * tensor.size).from_address(tensor.data_ptr())
    return np.ctypeslib.as_array(memory).reshape(tensor.shape)


def _is_pair(value: Any) -> bool:
    return len(value) == 2 and all(isinstance(one, int) for one in value)


def pair(value: Any) -> tuple[Any, ...]:
    """Return what stands for both axes as one value per axis."""
    return (value, value) if isinstance(value, int | str) else tuple(value)
