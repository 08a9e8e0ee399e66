"""Sums of every pair of rows and their gradients, compiled for the processor at hand.

Shapes: first (N, P, C), second (N, L, C), sums (N, L, P, C). All float32 and contiguous. Each
call works on some columns C only, so that no sum crosses threads. Import this file when it is
needed: it imports numba.
"""

from __future__ import annotations

from ppocr.utils.compiled import compiled

ROWS, SUMS = "float32[:,:,::1]", "float32[:,:,:,::1]"


@compiled(f"void({ROWS}, {ROWS}, {SUMS}, int64, int64)", reordered=True)
def add(first, second, out, begin, end):
    """Fill ``out[n, l, p] = first[n, p] + second[n, l]``."""
    for n in range(out.shape[0]):
        for k in range(out.shape[1]):
            own = second[n, k]
            for p in range(out.shape[2]):
                row, result = first[n, p], out[n, k, p]
                for c in range(begin, end):
                    result[c] = row[c] + own[c]


@compiled(f"void({SUMS}, {ROWS}, {ROWS}, int64, int64)", reordered=True)
def reduce(grad, of_first, of_second, begin, end):
    """Fill the gradients of both from that of the sums."""
    of_first[:, :, begin:end] = 0
    of_second[:, :, begin:end] = 0
    for n in range(grad.shape[0]):
        for k in range(grad.shape[1]):
            own = of_second[n, k]
            for p in range(grad.shape[2]):
                row, source = of_first[n, p], grad[n, k, p]
                for c in range(begin, end):
                    row[c] += source[c]
                    own[c] += source[c]
