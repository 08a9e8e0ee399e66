"""Channels times a weight of their own and the gradients, compiled for the processor at hand.

Shapes: features (P, S), P planes of S positions, and a weight per plane (P,). All float32 and
contiguous. Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

import numpy as np

from ppocr.utils.compiled import compiled

PLANES, LINE = "float32[:,::1]", "float32[::1]"


@compiled(f"void({PLANES}, {LINE}, float32, {PLANES}, int64, int64)", reordered=True)
def weigh(x, weight, level, out, first, last):
    """Fill ``out`` with ``(weight + level) * x``."""
    for p in range(first, last):
        row, result, factor = x[p], out[p], weight[p] + level
        for j in range(row.shape[0]):
            result[j] = row[j] * factor


@compiled(
    f"void({PLANES}, {LINE}, float32, {PLANES}, {PLANES}, {LINE}, int64, int64)", reordered=True
)
def differentiate(x, weight, level, grad, dx, dweight, first, last):
    """Fill the gradients of x and of the weights."""
    for p in range(first, last):
        row, of_row, result, factor = x[p], grad[p], dx[p], weight[p] + level
        total = np.float32(0)
        for j in range(row.shape[0]):
            total += row[j] * of_row[j]
            result[j] = of_row[j] * factor
        dweight[p] = total
