"""Batch normalisation of a training step on a CPU, with the activation that follows it.

Paddle's kernels walk over the features eight times forward and more often backward, one operator
after the other; these walk as often as the sums demand, and a plane is still in the cache when it
is read again. Sums of a plane are formed in float32, those of planes in float64.

Shapes: features (N, C, S), S being all positions of a plane; statistics (2, C), mean and one over
the standard deviation; everything else (C,). All float32 and contiguous. Import this file when it
is needed: it imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ppocr.utils.compiled import compiled, inlined

PLANES, ROWS, LINE = "float32[:,:,::1]", "float32[:,::1]", "float32[::1]"
PLAIN, RELU, HARDSWISH = 0, 1, 2


@inlined
def _mean_of(plane):
    total = np.float32(0)
    for j in range(plane.shape[0]):
        total += plane[j]
    return total / np.float32(plane.shape[0])


@inlined
def _spread_of(plane, mean):
    """Return the sum of squared distances from ``mean``."""
    total = np.float32(0)
    for j in range(plane.shape[0]):
        distance = plane[j] - mean
        total += distance * distance
    return total


@inlined
def _activated(value, kind):
    if kind == RELU:
        return max(value, np.float32(0))
    if kind == HARDSWISH:
        gate = min(max(value + np.float32(3), np.float32(0)), np.float32(6))
        return value * gate * np.float32(1 / 6)
    return value


@inlined
def _through(grad, value, kind):
    """Return the gradient before the activation, whose input was ``value``."""
    if kind == RELU:
        return grad if value > np.float32(0) else np.float32(0)
    if kind == HARDSWISH:
        slope = (value + value + np.float32(3)) * np.float32(1 / 6)
        slope = slope if value > np.float32(-3) else np.float32(0)
        return grad * (slope if value < np.float32(3) else np.float32(1))
    return grad


@compiled(f"void({PLANES}, {ROWS}, {LINE}, {LINE}, float32, float32, int64, int64)", reordered=True)
def measure(x, statistics, running_mean, running_variance, momentum, epsilon, first, last):
    """Fill ``statistics`` and move the running figures; variances are those of the batch."""
    count, size = x.shape[0], x.shape[2]
    for c in range(first, last):
        mean, spread = 0.0, 0.0
        for n in range(count):
            own = _mean_of(x[n, c])
            inside = _spread_of(x[n, c], own)
            away = own - mean
            mean += away / (n + 1)
            spread += inside + away * away * size * n / (n + 1)
        variance = spread / (count * size)
        statistics[0, c] = mean
        statistics[1, c] = 1.0 / np.sqrt(variance + epsilon)
        running_mean[c] = running_mean[c] * momentum + mean * (1 - momentum)
        running_variance[c] = running_variance[c] * momentum + variance * (1 - momentum)


@lru_cache(maxsize=8)
def forward_kernel(kind: int, adds: bool = False) -> Callable[..., None]:
    """Return ``f(x, statistics, weight, bias, out, first, last)``, which fills ``out``.

    With ``adds`` it adds to ``out`` instead.
    """

    @compiled(f"void({PLANES}, {ROWS}, {LINE}, {LINE}, {PLANES}, int64, int64)", reordered=True)
    def normalize(x, statistics, weight, bias, out, first, last):
        for c in range(first, last):
            factor = weight[c] * statistics[1, c]
            shift = bias[c] - statistics[0, c] * factor
            for n in range(x.shape[0]):
                plane, result = x[n, c], out[n, c]
                for j in range(plane.shape[0]):
                    value = _activated(plane[j] * factor + shift, kind)
                    if adds:
                        result[j] += value
                    else:
                        result[j] = value

    return normalize


@lru_cache(maxsize=8)
def backward_kernel(kind: int) -> Callable[..., None]:
    """Return ``f(x, statistics, weight, bias, grad, dx, dweight, dbias, first, last)``.

    It fills the last three from the gradient of the output.
    """
    signature = ", ".join([PLANES, ROWS, LINE, LINE, PLANES, PLANES, LINE, LINE, "int64", "int64"])

    @compiled(f"void({signature})", reordered=True)
    def differentiate(x, statistics, weight, bias, grad, dx, dweight, dbias, first, last):
        count, size = x.shape[0], x.shape[2]
        for c in range(first, last):
            mean, scale = statistics[0, c], statistics[1, c]
            factor = weight[c] * scale
            shift = bias[c] - mean * factor
            sums, products = 0.0, 0.0
            for n in range(count):
                plane, of_plane = x[n, c], grad[n, c]
                part, product = np.float32(0), np.float32(0)
                for j in range(size):
                    own = _through(of_plane[j], plane[j] * factor + shift, kind)
                    part += own
                    product += own * (plane[j] - mean)
                sums += part
                products += product
            dbias[c] = sums
            dweight[c] = products * scale
            # dx = factor * (g - mean of g - (x - mean) * scale**2 * mean of g (x - mean))
            level = np.float32(sums / (count * size))
            tilt = np.float32(products * scale * scale / (count * size))
            for n in range(count):
                plane, of_plane, result = x[n, c], grad[n, c], dx[n, c]
                for j in range(size):
                    own = _through(of_plane[j], plane[j] * factor + shift, kind)
                    result[j] = factor * (own - level - (plane[j] - mean) * tilt)

    return differentiate
