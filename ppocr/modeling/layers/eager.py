"""When loops compiled for the CPU stand in for Paddle's operators, and how they are run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from paddle import Tensor

from ppocr.utils import compiled, runtime

WORTH_A_THREAD = 2_000_000  # operations; below, handing work over costs more than it saves


@paddle.jit.not_to_static
def is_eager_cpu(*tensors: Tensor) -> bool:
    """Return whether compiled loops may work on these: eager float32 tensors on the CPU.

    Tracing, other devices, other types, an environment without numba and ``ONESPEC_RUNTIME=off``
    leave the work to Paddle.
    """
    return enabled() and paddle.in_dynamic_mode() and all(map(_is_plain, tensors))


@lru_cache(maxsize=1)
def enabled() -> bool:
    """Return whether this process uses compiled loops at all."""
    return compiled.available() and not runtime.switched_off()


def array(tensor: Tensor, shape: Sequence[int] = ()) -> np.ndarray:
    """Return the memory of a contiguous float32 tensor on the CPU as an array, without a copy.

    The memory stays the tensor's for as long as the array is used.
    """
    return np.asarray(_Memory(tensor, tuple(shape) or tuple(tensor.shape)))


def planes(x: Tensor) -> np.ndarray:
    """Return x_NCHW as an array (N * C, H * W), the memory of both being one."""
    count, channels, height, width = x.shape
    return array(x, (count * channels, height * width))


def run(kernel: Callable[..., None], arguments: Sequence[Any], count: int, work: int) -> None:
    """Call ``kernel(*arguments, first, last)`` for all of ``count`` channels, columns or samples.

    They are shared among threads where the work, in operations, is worth it.
    """
    parts = min(threads(), count, max(1, work // WORTH_A_THREAD))
    if parts == 1:
        kernel(*arguments, 0, count)
        return
    edges = np.linspace(0, count, parts + 1).astype(int).tolist()
    others = [
        _pool().submit(kernel, *arguments, first, last)
        for first, last in zip(edges[1:-1], edges[2:], strict=True)
    ]
    kernel(*arguments, edges[0], edges[1])
    for one in others:
        one.result()


@lru_cache(maxsize=1)
def threads() -> int:
    """Return how many threads a loop may take."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) > 0 else 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, threads() - 1), thread_name_prefix="loops")


if hasattr(os, "register_at_fork"):
    # threads stay with the parent: a child would wait for ever for what it gives them
    os.register_at_fork(after_in_child=_pool.cache_clear)


class _Memory:
    """What numpy asks of an object whose memory it shows; it keeps the tensor alive."""

    __slots__ = ("__array_interface__", "tensor")

    def __init__(self, tensor: Tensor, shape: tuple[int, ...]) -> None:
        self.tensor = tensor  # a copy made to be contiguous has no other owner
        where = (tensor.data_ptr(), False)
        self.__array_interface__ = {"version": 3, "typestr": "<f4", "shape": shape, "data": where}


def _is_plain(tensor: Tensor) -> bool:
    return tensor.place.is_cpu_place() and tensor.dtype == paddle.float32 and 0 not in tensor.shape
