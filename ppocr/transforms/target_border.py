"""Distances to the outlines of many polygons, for the threshold map of DB.

The nearness of a pixel to a polygon is 1 - d / D, at least 0, with d the distance to the
nearest edge. As in the original, d to an edge is the distance to its line for pixels inside
the circle over the edge (they see it under a right or obtuse angle), else the distance to the
nearer end. Polygons may have any shape; those of one page have equally many points.
"""

from __future__ import annotations

import math

import numpy as np

from ppocr.utils.compiled import compiled

ON_CIRCLE = 1e-7  # what rounding may add to the circle's equation, in units of length^2


def raise_nearness(
    canvas_HW: np.ndarray,
    polys_NP2: np.ndarray,
    distances_N: np.ndarray,
    boxes_N4: np.ndarray,
    floor: float = 0.0,
    rise: float = 1.0,
) -> None:
    """Raise each pixel of the boxes to floor + rise * nearness, if it was lower.

    ``canvas_HW`` is float32, ``distances_N`` holds D in pixels, ``boxes_N4`` x0, y0, x1, y1
    (exclusive), inside the canvas.
    """
    _raise(
        canvas_HW,
        np.ascontiguousarray(polys_NP2, dtype=np.float64),
        np.ascontiguousarray(distances_N, dtype=np.float64),
        np.ascontiguousarray(boxes_N4, dtype=np.int64),
        float(floor),
        float(rise),
    )


@compiled("void(float32[:,::1], float64[:,:,::1], float64[::1], int64[:,::1], float64, float64)")
def _raise(canvas_HW, polys_NP2, distances_N, boxes_N4, floor, rise):
    """Visit, edge by edge, the pixels nearer than D to the edge; no others are raised.

    Along a row everything is counted from the first of these pixels, which keeps float32 exact
    enough and lets eight pixels be computed at once.
    """
    for place in range(polys_NP2.shape[0]):
        reach, box = distances_N[place], boxes_N4[place]
        if reach <= 0:
            continue
        top, slope = np.float32(floor + rise), np.float32(rise / reach)
        poly = polys_NP2[place]
        for corner in range(len(poly)):
            ax, ay = poly[corner - 1, 0], poly[corner - 1, 1]
            bx, by = poly[corner, 0], poly[corner, 1]
            length = max(math.hypot(bx - ax, by - ay), 1e-9)
            unit_x, unit_y = (bx - ax) / length, (by - ay) / length
            first_y = math.ceil(max(min(ay, by) - reach, box[1]))
            last_y = math.floor(min(max(ay, by) + reach, box[3] - 1))
            for y in range(int(first_y), int(last_y) + 1):
                low, high = min(ax, bx) - reach, max(ax, bx) + reach
                if abs(unit_y) > 1e-9:  # the row crosses the strip of width 2 D along the line
                    middle = ax + unit_x * (y - ay) / unit_y
                    low = max(low, middle - reach / abs(unit_y))
                    high = min(high, middle + reach / abs(unit_y))
                x0 = int(math.ceil(max(low, box[0])))
                x1 = int(math.floor(min(high, box[2] - 1))) + 1
                if x0 >= x1:
                    continue
                row = canvas_HW[y, x0:x1]
                across = np.float32(unit_y * (x0 - ax) - unit_x * (y - ay))
                tilt = np.float32(unit_y)
                from_a, from_b = np.float32(x0 - ax), np.float32(x0 - bx)
                rise_a, rise_b = np.float32((y - ay) ** 2), np.float32((y - by) ** 2)
                circle = np.float32((y - ay) * (y - by) - ON_CIRCLE * length * length)
                for step in range(x1 - x0):
                    x = np.float32(step)
                    to_a, to_b, to_line = from_a + x, from_b + x, across + tilt * x
                    squared = min(to_a * to_a + rise_a, to_b * to_b + rise_b)
                    if to_a * to_b + circle <= np.float32(0):
                        squared = to_line * to_line
                    row[step] = max(row[step], top - slope * np.sqrt(squared))
