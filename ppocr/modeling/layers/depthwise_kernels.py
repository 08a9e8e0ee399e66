"""Depthwise convolution on a CPU, forward and backward, compiled for the processor at hand.

Paddle's own kernel unfolds every channel and multiplies a vector with it, which reaches one or two
billion multiplications a second; these reach six to nine. Each kernel works on some channels only,
so threads can share a layer without a sum that crosses them, and the numbers do not depend on how
many there are.

A plane is copied into a padded buffer whose columns are sorted by their remainder modulo the
stride: column j * stride + b of the plane is entry j + b // stride of part b % stride. Then all
inner loops run over neighbours in memory, whatever the stride.

Shapes: x and dx (N, C, H, W), weight (C, 1, K, K), out and its gradient (N, C, OH, OW); all
float32 and contiguous. Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ppocr.utils.compiled import compiled, inlined

PLANES = "float32[:,:,:,::1]"
NUMBERS = ", ".join(["int64"] * 5)


@inlined
def _buffer(x, stride_x, pad_y, pad_x):
    """Return zeros for one padded plane, (stride_x, rows, columns / stride_x)."""
    rows, columns = x.shape[2] + 2 * pad_y, x.shape[3] + 2 * pad_x
    return np.zeros((stride_x, rows, (columns + stride_x - 1) // stride_x), np.float32)


@inlined
def _load(plane, image, stride_x, pad_y, pad_x):
    """Copy the image (H, W) into the middle of the plane."""
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            at = j + pad_x
            plane[at % stride_x, i + pad_y, at // stride_x] = image[i, j]


@inlined
def _store(plane, image, stride_x, pad_y, pad_x):
    """Copy the middle of the plane into the image (H, W)."""
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            at = j + pad_x
            image[i, j] = plane[at % stride_x, i + pad_y, at // stride_x]


@inlined
def _filter(plane, kernel, out, size, stride_y, stride_x):
    """Write the filtered plane into ``out`` (OH, OW)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = np.float32(0)
            for a in range(size):
                for b in range(size):
                    value = plane[b % stride_x, i * stride_y + a, j + b // stride_x]
                    total += kernel[a, b] * value
            out[i, j] = total


@inlined
def _spread(plane, kernel, grad, spread, sums, size, stride_y, stride_x):
    """Add the gradient (OH, OW) of the plane to ``spread`` and that of the kernel to ``sums``."""
    columns = grad.shape[1]
    for i in range(grad.shape[0]):
        for a in range(size):
            for b in range(size):
                y, part, skip = i * stride_y + a, b % stride_x, b // stride_x
                factor, total = kernel[a, b], np.float32(0)
                for j in range(columns):
                    total += grad[i, j] * plane[part, y, j + skip]
                    spread[part, y, j + skip] += grad[i, j] * factor
                sums[a, b] += total


@lru_cache(maxsize=32)
def forward_kernel(size: int, stride_x: int) -> Callable[..., None]:
    """Return ``f(x, weight, out, stride_y, pad_y, pad_x, first, last)``, which fills ``out``."""

    @compiled(f"void({PLANES}, {PLANES}, {PLANES}, {NUMBERS})", reordered=True)
    def forward(x, weight, out, stride_y, pad_y, pad_x, first, last):
        plane = _buffer(x, stride_x, pad_y, pad_x)
        for c in range(first, last):
            for n in range(x.shape[0]):
                _load(plane, x[n, c], stride_x, pad_y, pad_x)
                _filter(plane, weight[c, 0], out[n, c], size, stride_y, stride_x)

    return forward


@lru_cache(maxsize=32)
def backward_kernel(size: int, stride_x: int) -> Callable[..., None]:
    """Return ``f(x, weight, grad, dx, dweight, stride_y, pad_y, pad_x, first, last)``.

    It fills ``dx`` and ``dweight`` from the gradient of the output.
    """

    @compiled(f"void({', '.join([PLANES] * 5)}, {NUMBERS})", reordered=True)
    def backward(x, weight, grad, dx, dweight, stride_y, pad_y, pad_x, first, last):
        plane = _buffer(x, stride_x, pad_y, pad_x)
        spread = _buffer(x, stride_x, pad_y, pad_x)
        for c in range(first, last):
            sums = dweight[c, 0]
            sums[:] = 0
            for n in range(x.shape[0]):
                _load(plane, x[n, c], stride_x, pad_y, pad_x)
                spread[:] = 0
                _spread(plane, weight[c, 0], grad[n, c], spread, sums, size, stride_y, stride_x)
                _store(spread, dx[n, c], stride_x, pad_y, pad_x)

    return backward
