"""Bilinear interpolation of pixels of four bytes, compiled for the processor at hand.

Eight pixels of a row are computed at once, two channels in each 32-bit word. Weights are exact to
1/512, and a value is rounded twice.

Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

import math

import numpy as np

from ppocr.utils.compiled import compiled, inlined

CHUNK = 64  # pixels of a row between two exact positions
EDGE = 1 / 64  # pixels that rounding may be off by, and more
ONE = 1 << 16  # a pixel as whole numbers count it along a row
EVEN = np.uint32(0x00FF00FF)
HALF = np.uint32(0x00800080)
BYTE = np.uint32(8)
LAST = np.uint32(255)
LINE = 16  # pixels that a processor reads from memory together


@inlined
def _span(start, slope, low, high, first, last):
    """Return the part [begin, end) of [first, last) where low <= start + slope * x <= high."""
    if high < low or last <= first:
        return first, first
    if abs(slope) < 1e-9:
        if start < low or start > high:
            return first, first
        return first, last
    one, other = (low - start) / slope, (high - start) / slope
    begin = max(min(one, other), float(first))
    end = min(max(one, other), float(last - 1))
    if end < begin:
        return first, first
    return int(math.ceil(begin)), int(math.floor(end)) + 1


@inlined
def _careful(words, shape, u, v, replicate, pixel_3):
    """Write the pixel at (u, v), some of whose neighbours may not exist."""
    height, width, length = shape[0], shape[1], shape[2]
    left, top = int(math.floor(u)), int(math.floor(v))
    across, down = int((u - left) * 256 + 0.5), int((v - top) * 256 + 0.5)
    blue, green, red = 32768, 32768, 32768  # a half, to round
    for corner in range(4):
        x, y = left + (corner & 1), top + (corner >> 1)
        weight = (across if corner & 1 else 256 - across) * (down if corner >> 1 else 256 - down)
        inside = 0 <= x < width and 0 <= y < height
        if inside or replicate:
            nearest_y, nearest_x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
            word = np.int64(words[nearest_y * length + nearest_x])
            blue += weight * (word & 255)
            green += weight * (word >> 8 & 255)
            red += weight * (word >> 16 & 255)
    pixel_3[0], pixel_3[1], pixel_3[2] = blue >> 16, green >> 16, red >> 16


@inlined
def _between(one, other, weight):
    """Return two bytes of a word between those of two others; ``weight`` is that of the other."""
    return np.uint32((one << BYTE) + (other - one) * weight + HALF) >> BYTE & EVEN


@inlined
def _row(words, length, u, v, step_u, step_v, near_5C, row_W3):
    """Fill a row, all of whose neighbours exist, from position (u, v) on.

    Neighbours are first brought together in ``near_5C``: what follows runs over memory in order.
    """
    across, down = np.int32(round(step_u * ONE)), np.int32(round(step_v * ONE))
    stride = np.int32(length)
    for begin in range(0, len(row_W3), CHUNK):
        count = min(CHUNK, len(row_W3) - begin)
        mixed, channels = near_5C[4], row_W3[begin : begin + count].reshape(3 * count)
        exact_u, exact_v = u + begin * step_u, v + begin * step_v
        left, top = math.floor(exact_u), math.floor(exact_v)
        base = int(top) * length + int(left)
        # 128 rounds the weights, which are the upper half of the fraction
        first_u = np.int32(round((exact_u - left) * ONE) + 128)
        first_v = np.int32(round((exact_v - top) * ONE) + 128)
        for x in range(count):
            rows = np.int32(np.int32(first_v + np.int32(x) * down) >> 16)
            columns = np.int32(np.int32(first_u + np.int32(x) * across) >> 16)
            place = np.uint64(base + np.int32(rows * stride) + columns)
            below = place + np.uint64(stride)
            near_5C[0, x], near_5C[1, x] = words[place], words[place + np.uint64(1)]
            near_5C[2, x], near_5C[3, x] = words[below], words[below + np.uint64(1)]
        for x in range(count):
            a, b, c, d = near_5C[0, x], near_5C[1, x], near_5C[2, x], near_5C[3, x]
            weight_u = np.uint32(np.int32(first_u + np.int32(x) * across)) >> BYTE & LAST
            weight_v = np.uint32(np.int32(first_v + np.int32(x) * down)) >> BYTE & LAST
            even = _between(
                _between(a & EVEN, b & EVEN, weight_u),
                _between(c & EVEN, d & EVEN, weight_u),
                weight_v,
            )
            odd = _between(
                _between(a >> BYTE & EVEN, b >> BYTE & EVEN, weight_u),
                _between(c >> BYTE & EVEN, d >> BYTE & EVEN, weight_u),
                weight_v,
            )
            mixed[x] = np.uint32(even | odd << BYTE)
        for x in range(count):
            channels[3 * x] = np.uint8(mixed[x])
            channels[3 * x + 1] = np.uint8(mixed[x] >> BYTE)
            channels[3 * x + 2] = np.uint8(mixed[x] >> np.uint32(16))


@inlined
def _fetched(words, shape, one_v, other_v, begin, end, near_5C):
    """Read rows of the source up to where a row of pixels reaches; return which have been read.

    In the order of memory they come into the cache at full speed. A turned row of pixels crosses
    many of them, each for a moment only: no processor foresees where it goes next.
    """
    height, width, length = shape[0], shape[1], shape[2]
    low = min(max(int(math.floor(min(one_v, other_v))), 0), height)
    high = min(max(int(math.floor(max(one_v, other_v))) + 2, 0), height)
    if begin == end:
        begin = end = low
    seen = np.uint32(0)
    for row in range(min(begin, low), max(end, high)):
        if row < begin or row >= end:
            for x in range(0, width, LINE):
                seen ^= words[row * length + x]
    near_5C[0, 0] = seen  # else the compiler would leave it all out
    return min(begin, low), max(end, high)


@compiled("void(uint32[::1], int64[::1], float64[:,::1], int64[::1], boolean, uint8[:,:,::1])")
def interpolate(words, shape, inverse_23, window, replicate, target_HW3):
    """Fill ``target_HW3``: in ``window`` with the pixels at inverse_23 @ (x, y, 1) of the source.

    The source is ``words`` with ``shape`` (height, width, words from row to row), the window
    x0, y0, x1, y1. Positions are such that a pixel lies at its number. Outside the source is its
    nearest pixel with ``replicate``, else black, as outside the window.
    """
    height, width, length = shape[0], shape[1], shape[2]
    step_u, step_v = inverse_23[0, 0], inverse_23[1, 0]
    near_5C = np.empty((5, CHUNK), np.uint32)
    begin, end = 0, 0
    target_HW3[: window[1]] = 0
    target_HW3[window[3] :] = 0
    for y in range(window[1], window[3]):
        row = target_HW3[y]
        u = inverse_23[0, 1] * y + inverse_23[0, 2]
        v = inverse_23[1, 1] * y + inverse_23[1, 2]
        first, last = window[0], window[2]
        if not replicate:
            first, last = _span(u, step_u, -1.0, float(width), first, last)
            first, last = _span(v, step_v, -1.0, float(height), first, last)
        row[:first] = 0
        row[last:] = 0
        inner, outer = _span(u, step_u, EDGE, width - 1 - EDGE, first, last)
        inner, outer = _span(v, step_v, EDGE, height - 1 - EDGE, inner, outer)
        if inner >= outer:
            inner = outer = last
        end_v = v + step_v * (last - 1)
        begin, end = _fetched(words, shape, v + step_v * first, end_v, begin, end, near_5C)
        moved_u, moved_v = u + step_u * inner, v + step_v * inner
        _row(words, length, moved_u, moved_v, step_u, step_v, near_5C, row[inner:outer])
        for place in range(first, last - (outer - inner)):
            x = place if place < inner else place + outer - inner
            _careful(words, shape, u + step_u * x, v + step_v * x, replicate, row[x])
