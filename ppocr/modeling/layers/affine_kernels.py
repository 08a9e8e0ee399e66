"""Hard swish between two learnt scales and shifts, compiled for the processor at hand.

Shapes: features (P, S), P planes of S positions, numbers (4,): scale and shift before, scale and
shift after; their gradients (P, 4), to be summed. All float32 and contiguous. Import this file when
it is needed: it imports numba.
"""

from __future__ import annotations

import numpy as np

from ppocr.utils.compiled import compiled

PLANES, NUMBERS = "float32[:,::1]", "float32[::1]"


@compiled(f"void({PLANES}, {NUMBERS}, {PLANES}, int64, int64)", reordered=True)
def activate(x, numbers, out, first, last):
    """Fill ``out``."""
    scale, shift, after, level = numbers[0], numbers[1], numbers[2], numbers[3]
    for p in range(first, last):
        row, result = x[p], out[p]
        for j in range(row.shape[0]):
            value = row[j] * scale + shift
            gate = min(max(value + np.float32(3), np.float32(0)), np.float32(6))
            result[j] = after * (value * gate * np.float32(1 / 6)) + level


@compiled(f"void({PLANES}, {NUMBERS}, {PLANES}, {PLANES}, {PLANES}, int64, int64)", reordered=True)
def differentiate(x, numbers, grad, dx, sums, first, last):
    """Fill the gradient of x and, plane by plane, those of the numbers."""
    scale, shift, after = numbers[0], numbers[1], numbers[2]
    for p in range(first, last):
        row, of_row, result = x[p], grad[p], dx[p]
        of_scale, of_shift = np.float32(0), np.float32(0)
        of_after, of_level = np.float32(0), np.float32(0)
        for j in range(row.shape[0]):
            value = row[j] * scale + shift
            gate = min(max(value + np.float32(3), np.float32(0)), np.float32(6))
            slope = (value + value + np.float32(3)) * np.float32(1 / 6)
            slope = slope if value > np.float32(-3) else np.float32(0)
            slope = slope if value < np.float32(3) else np.float32(1)
            own = of_row[j] * after * slope
            result[j] = own * scale
            of_scale += own * row[j]
            of_shift += own
            of_after += of_row[j] * (value * gate * np.float32(1 / 6))
            of_level += of_row[j]
        sums[p, 0], sums[p, 1] = of_scale, of_shift
        sums[p, 2], sums[p, 3] = of_after, of_level
