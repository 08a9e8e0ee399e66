"""Where products of a filter land on a map, and the way back, compiled for the processor at hand.

A filter can be multiplied with a map one tap at a time, which needs no copy of the map; what is
left is to add each product where its tap lies. With fewer channels after than before, that moves
fewer numbers than Paddle's way, which copies the map once per tap first.

Shapes: products (N, K, K, C, H, W), maps (N, C, H, W) for filters that keep the size of the map
(stride 1); products (N, C, K, K, H, W) and maps (N, C, K*H, K*W) for those that tile a larger one
(stride K). All float32 and contiguous. Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ppocr.utils.compiled import compiled

MAPS, PRODUCTS = "float32[:,:,:,::1]", "float32[:,:,:,:,:,::1]"
LINE = "float32[::1]"


@compiled(f"void({PRODUCTS}, {MAPS}, int64, int64)", reordered=True)
def gather(products, out, first, last):
    """Fill ``out``: position (y, x) sums tap (a, b) at (y + a - K // 2, x + b - K // 2)."""
    size, half = products.shape[1], products.shape[1] // 2
    height, width = out.shape[2], out.shape[3]
    for c in range(first, last):
        for n in range(out.shape[0]):
            for y in range(height):
                row = out[n, c, y]
                row[:] = 0
                for a in range(max(0, half - y), min(size, height + half - y)):
                    for b in range(size):
                        skip = b - half
                        tap = products[n, a, b, c, y + a - half]
                        for x in range(max(0, -skip), min(width, width - skip)):
                            row[x] += tap[x + skip]


@compiled(f"void({MAPS}, {PRODUCTS}, int64, int64)", reordered=True)
def scatter(grad, out, first, last):
    """Fill ``out`` with the gradient of the products: that of ``gather``."""
    size, half = out.shape[1], out.shape[1] // 2
    height, width = grad.shape[2], grad.shape[3]
    for c in range(first, last):
        for n in range(grad.shape[0]):
            for a in range(size):
                for b in range(size):
                    skip = b - half
                    left, right = max(0, -skip), min(width, width - skip)
                    for y in range(height):
                        tap = out[n, a, b, c, y]
                        source = y - a + half
                        if source < 0 or source >= height:
                            tap[:] = 0
                            continue
                        row = grad[n, c, source]
                        tap[: max(0, skip)] = 0
                        tap[min(width, width + skip) :] = 0
                        for x in range(left, right):
                            tap[x + skip] = row[x]


@lru_cache(maxsize=8)
def tile_kernel(size: int) -> Callable[..., None]:
    """Return ``f(products, bias, out, first, last)``: products side by side, plus the bias (C,)."""

    @compiled(f"void({PRODUCTS}, {LINE}, {MAPS}, int64, int64)", reordered=True)
    def tile(products, bias, out, first, last):
        for c in range(first, last):
            for n in range(products.shape[0]):
                for y in range(products.shape[4]):
                    for a in range(size):
                        row = out[n, c, y * size + a]
                        for x in range(products.shape[5]):
                            for b in range(size):
                                row[x * size + b] = products[n, c, a, b, y, x] + bias[c]

    return tile


@lru_cache(maxsize=8)
def untile_kernel(size: int) -> Callable[..., None]:
    """Return ``f(grad, out, dbias, first, last)``: the gradients of products and bias."""

    @compiled(f"void({MAPS}, {PRODUCTS}, {LINE}, int64, int64)", reordered=True)
    def untile(grad, out, dbias, first, last):
        for c in range(first, last):
            total = 0.0
            for n in range(out.shape[0]):
                for y in range(out.shape[4]):
                    part = np.float32(0)
                    for a in range(size):
                        row = grad[n, c, y * size + a]
                        for x in range(out.shape[5]):
                            for b in range(size):
                                out[n, c, a, b, y, x] = row[x * size + b]
                                part += row[x * size + b]
                    total += part
            dbias[c] = total

    return untile
