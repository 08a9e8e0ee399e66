"""Pixels repeated along both axes, and the sum of the copies' gradients.

Shapes: small maps (P, H, W), large ones (P, F * H, F * W), P being all planes of a batch. All
float32 and contiguous. Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

import numpy as np

from ppocr.utils.compiled import compiled

MAPS = "float32[:,:,::1]"


@compiled(f"void({MAPS}, {MAPS}, int64, int64, int64)", reordered=True)
def repeat(small, large, factor, first, last):
    """Fill ``large``."""
    for p in range(first, last):
        for y in range(small.shape[1]):
            top, row = large[p, y * factor], small[p, y]
            if factor == 2:
                for x in range(row.shape[0]):
                    top[2 * x] = row[x]
                    top[2 * x + 1] = row[x]
            else:
                for x in range(row.shape[0]):
                    for b in range(factor):
                        top[x * factor + b] = row[x]
            for a in range(1, factor):
                below = large[p, y * factor + a]
                for x in range(below.shape[0]):
                    below[x] = top[x]


@compiled(f"void({MAPS}, {MAPS}, int64, int64, int64)", reordered=True)
def collect(large, small, factor, first, last):
    """Fill ``small`` with the sum of each pixel's copies."""
    sums = np.empty(large.shape[2], np.float32)
    for p in range(first, last):
        for y in range(small.shape[1]):
            row, top = small[p, y], large[p, y * factor]
            for x in range(top.shape[0]):
                sums[x] = top[x]
            for a in range(1, factor):
                below = large[p, y * factor + a]
                for x in range(below.shape[0]):
                    sums[x] += below[x]
            if factor == 2:
                for x in range(row.shape[0]):
                    row[x] = sums[2 * x] + sums[2 * x + 1]
            else:
                for x in range(row.shape[0]):
                    total = np.float32(0)
                    for b in range(factor):
                        total += sums[x * factor + b]
                    row[x] = total
