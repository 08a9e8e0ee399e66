"""Distances to the outlines of many polygons, for the threshold map of DB.

The nearness of a pixel to a polygon is 1 - d / D, at least 0, with d the distance to the
nearest edge. As in the original, d to an edge is the distance to its line for pixels inside
the circle over the edge, else the distance to the nearer end.

Two kinds of regions are computed together for a whole page:

* rectangles, however they are turned (`_rectangle_distances`);
* plump quadrilaterals: convex, with angles of 75 to 105 degrees, edges longer than 2.31 D and
  a D of at most 24 pixels. With b the largest signed distance to a side (positive outside),
  d is |b| except outside near a corner, where it follows from that corner and the two sides
  that meet there.

Everything else goes through `nearness_of_any`, which makes no assumption.

Array suffixes: N regions, 4 corners or edges, S side of a corner's square; `_N42` points.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

EDGE_SLACK = 2e-7  # float32 rounding of a squared radius, relative
CHORD_SLACK = 6e-7  # the same for a sum of products, in units of D and per length
STEEP = 1e9  # turns "outside the circle" into a distance that never counts
MAX_COSINE = 0.2588  # angles between 75 and 105 degrees
RIGHT_ANGLE = 3e-4  # cosine; coordinates of a turned rectangle are float32, and the error is less
MIN_EDGE = 2.31  # in units of D; a rectangle's edges are longer than 2.38 D at shrink ratio 0.4
MIN_REACH = 1.42  # half side of a corner's square in units of D
MAX_DISTANCE_PX = 24.0  # the squares of larger regions would cost more than they save
CLASS_STEP = 2.0  # squares within this factor in size are computed together


@dataclass(frozen=True, slots=True)
class Quads:
    """Plump quadrilaterals. Arrays of N regions, of their 4 corners or edges, in pixels."""

    points: np.ndarray  # N42
    units: np.ndarray  # N42, along each edge
    normals: np.ndarray  # N42, outwards
    lengths: np.ndarray  # N4
    distances: np.ndarray  # N, D in pixels
    reach: np.ndarray  # N, half side of the square around a corner, in pixels
    boxes: np.ndarray  # N4, x0, y0, x1, y1 of the pixels to compute
    upright_angles: np.ndarray  # N, all angles are 90 degrees

    def pick(self, some: np.ndarray) -> Quads:
        """Return the quads where ``some`` is true."""
        return Quads(*(getattr(self, one.name)[some] for one in fields(self)))


def raise_nearness(
    canvas_HW: np.ndarray,
    polys: np.ndarray,
    distances_N: np.ndarray,
    boxes_N4: np.ndarray,
    floor: float = 0.0,
    rise: float = 1.0,
) -> None:
    """Raise each pixel of the boxes to floor + rise * nearness, if it was lower.

    ``polys`` is (N, P, 2); ``boxes_N4`` holds x0, y0, x1, y1 (exclusive), inside the canvas.
    """
    plump, quads = _plump(polys, distances_N, boxes_N4)
    for place in np.flatnonzero(~plump):
        x0, y0, x1, y1 = (int(n) for n in boxes_N4[place])
        near = nearness_of_any(polys[place], float(distances_N[place]), x0, x1, y0, y1)
        near *= np.float32(rise)
        near += np.float32(floor)
        part = canvas_HW[y0:y1, x0:x1]
        np.maximum(part, near, out=part)
    if quads is not None:
        _raise_quads(canvas_HW, quads, floor, rise)


def nearness_of_any(
    poly_P2: np.ndarray, distance: float, x0: int, x1: int, y0: int, y1: int
) -> np.ndarray:
    """Return the nearness of each pixel of a box to one polygon of any shape."""
    start = poly_P2.astype(np.float64) / distance
    x = np.arange(x0, x1, dtype=np.float64) / distance
    y = np.arange(y0, y1, dtype=np.float64) / distance
    edges = np.roll(start, -1, axis=0) - start
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    best = np.full((y1 - y0, x1 - x0), 1.0, dtype=np.float32)
    scratch, circle = np.empty_like(best), np.empty_like(best)
    for ax, ay in start:
        np.add(_column((y - ay) ** 2), _row((x - ax) ** 2), out=scratch)
        np.minimum(best, scratch, out=best)  # squared, to the corner
    np.sqrt(best, out=best)
    for (ax, ay), (ex, ey), length in zip(start, edges, lengths, strict=True):
        if length == 0:
            continue
        np.subtract(_column((y - ay) * (ex / length)), _row((x - ax) * (ey / length)), out=scratch)
        np.abs(scratch, out=scratch)
        limit = (length / 2) ** 2 * (1 + EDGE_SLACK) + 1e-9
        middle_x, middle_y = ax + ex / 2, ay + ey / 2
        np.add(
            _column(((y - middle_y) ** 2 - limit) * STEEP),
            _row((x - middle_x) ** 2 * STEEP),
            out=circle,
        )
        np.maximum(scratch, circle, out=scratch)
        np.minimum(best, scratch, out=best)
    return np.subtract(1, best, out=best)


def _plump(
    polys: np.ndarray, distances_N: np.ndarray, boxes_N4: np.ndarray
) -> tuple[np.ndarray, Quads | None]:
    """Return which polygons are plump quadrilaterals, and these."""
    if not len(polys) or polys.shape[1] != 4:
        return np.zeros(len(polys), dtype=bool), None
    points = polys.astype(np.float64)
    edges = np.roll(points, -1, axis=1) - points
    lengths = np.hypot(edges[..., 0], edges[..., 1])
    long_enough = (lengths >= MIN_EDGE * distances_N[:, None]).all(axis=1)
    units = edges / np.maximum(lengths, 1e-12)[..., None]
    before = np.roll(units, 1, axis=1)
    cosines = (before * units).sum(axis=2)
    turns = before[..., 0] * units[..., 1] - before[..., 1] * units[..., 0]
    convex = (turns > 0).all(axis=1) | (turns < 0).all(axis=1)
    slant = np.abs(cosines).max(axis=1)
    usable = convex & (distances_N > 0)
    small = long_enough & (slant <= MAX_COSINE) & (distances_N <= MAX_DISTANCE_PX)
    plump = usable & (small | (slant <= RIGHT_ANGLE))
    if not plump.any():
        return plump, None
    facing = np.where(turns[plump, :1] > 0, 1.0, -1.0)[..., None]
    normals = np.stack([units[plump, :, 1], -units[plump, :, 0]], axis=2) * facing
    # half the angle of a corner: cos(angle) = -cosine of the turn
    sharpest = np.sqrt((1 + cosines[plump].min(axis=1)) / 2)
    reach = np.maximum(1 / sharpest, MIN_REACH) * distances_N[plump]
    quads = Quads(
        points[plump],
        units[plump],
        normals,
        lengths[plump],
        distances_N[plump],
        reach,
        boxes_N4[plump],
        slant[plump] <= RIGHT_ANGLE,
    )
    return plump, quads


def _raise_quads(canvas_HW: np.ndarray, quads: Quads, floor: float, rise: float) -> None:
    """Raise the canvas around plump quadrilaterals; rectangles first, they are cheaper."""
    for some, distances in (
        (quads.upright_angles, _rectangle_distances),
        (~quads.upright_angles, _quad_distances),
    ):
        if some.any():
            chosen = quads.pick(some)
            _raise_boxes(canvas_HW, chosen.boxes, distances(chosen), floor, rise)


def _raise_boxes(
    canvas_HW: np.ndarray, boxes: np.ndarray, distances: np.ndarray, floor: float, rise: float
) -> None:
    """Raise the canvas by distances (D = 1) that follow each other box after box."""
    np.multiply(distances, np.float32(-rise), out=distances)
    distances += np.float32(floor + rise)
    first = 0
    for left, top, right, bottom in boxes.tolist():
        last = first + (bottom - top) * (right - left)
        near = distances[first:last].reshape(bottom - top, right - left)
        part = canvas_HW[top:bottom, left:right]
        cv2.max(part, near, part)
        first = last


def _rectangle_distances(quads: Quads) -> np.ndarray:
    """Return the distance (D = 1) of every pixel of every box to its rectangle.

    With u and v the signed distances to the nearer of two opposite sides, the nearest corner
    is at sqrt(u^2 + v^2), and a pixel sees the side of length L at distance u under an obtuse
    angle when u^2 + v^2 <= -v L.
    """
    pairs = _side_distances(quads)
    hidden = _beyond_circles(pairs, quads)
    lines = np.maximum(pairs[0], pairs[1])
    np.abs(lines, out=lines)
    pairs *= pairs
    corners = np.add(pairs[0], pairs[1], out=pairs[0])
    hidden += corners  # positive where only the corner counts
    hidden *= np.float32(STEEP)
    np.sqrt(corners, out=corners)
    np.minimum(corners, hidden, out=corners)
    return np.maximum(lines, corners, out=lines)


def _beyond_circles(pairs: np.ndarray, quads: Quads) -> np.ndarray:
    """Return the smaller of v L and u L' for every pixel, less what float32 may have added."""
    sides = quads.lengths[:, :2] / quads.distances[:, None]
    slacks = EDGE_SLACK * 2 * sides.max(axis=1) ** 2
    # pairs[0] is seen from sides 0 and 2, and bears on the length of sides 1 and 3
    factors = sides[:, ::-1, None].astype(np.float32)
    biased, first = np.empty_like(pairs), 0
    for size, factor, slack in zip(_sizes(quads).tolist(), factors, slacks.tolist(), strict=True):
        part = biased[:, first : first + size]
        np.multiply(pairs[:, first : first + size], factor, out=part)
        part = np.minimum(part[0], part[1], out=part[0])
        part -= slack
        first += size
    return biased[0]


def _quad_distances(quads: Quads) -> np.ndarray:
    """Return the distance (D = 1) of every pixel of every box to its quadrilateral."""
    pairs = _side_distances(quads)
    signed = np.maximum(pairs[0], pairs[1])
    _mend_corners(signed, quads, np.append(0, np.cumsum(_sizes(quads))))
    return np.abs(signed, out=signed)


def _sizes(quads: Quads) -> np.ndarray:
    x0, y0, x1, y1 = quads.boxes.T
    return (y1 - y0) * (x1 - x0)


def _side_distances(quads: Quads) -> np.ndarray:
    """Return signed distances (D = 1) to the nearer of opposite sides, float32 (2, pixels).

    Row 0 is about sides 0 and 2, row 1 about 1 and 3; positive is outside. Boxes follow each
    other. Coordinates count from the box, which keeps float32 exact enough.
    """
    x0, y0, x1, y1 = quads.boxes.T
    tall, wide = y1 - y0, x1 - x0
    scaled = quads.normals / quads.distances[:, None, None]
    offsets = -(scaled * (quads.points - quads.boxes[:, None, :2])).sum(axis=2)
    # one row of factors per region, side and pixel row: distance = factors . (1, x)
    rows = np.repeat(tall, 4)
    firsts = np.append(0, np.cumsum(rows))
    y = np.arange(firsts[-1]) - np.repeat(firsts[:-1], rows)
    factors = np.empty((firsts[-1], 2), dtype=np.float32)
    factors[:, 0] = y * np.repeat(scaled[..., 1].ravel(), rows) + np.repeat(offsets.ravel(), rows)
    factors[:, 1] = np.repeat(scaled[..., 0].ravel(), rows)
    ones_and_x = np.ones((2, int(wide.max())), dtype=np.float32)
    ones_and_x[1] = np.arange(ones_and_x.shape[1])
    pairs = np.empty((2, int((tall * wide).sum())), dtype=np.float32)
    begin, row = 0, 0
    for height, width in zip(tall.tolist(), wide.tolist(), strict=True):
        lines = factors[row : row + 4 * height] @ ones_and_x[:, :width]
        first, second = lines.reshape(2, 2, -1)
        np.maximum(first, second, out=pairs[:, begin : begin + height * width])
        begin, row = begin + height * width, row + 4 * height
    return pairs


def _mend_corners(signed: np.ndarray, quads: Quads, starts: np.ndarray) -> None:
    """Put the distance to corner or edge where pixels lie outside and near a corner.

    It is never below the distance to the lines, so the larger of the two is right.
    """
    order = np.argsort(quads.reach)
    reach = quads.reach[order]
    first = 0
    while first < len(order):
        last = int(np.searchsorted(reach, reach[first] * CLASS_STEP, side="right"))
        _mend_class(signed, quads, starts, order[first:last])
        first = last


def _mend_class(signed: np.ndarray, quads: Quads, starts: np.ndarray, chosen: np.ndarray) -> None:
    """Do so for some regions, whose squares are of similar size."""
    points, reach = quads.points[chosen], quads.reach[chosen][:, None, None]
    boxes = quads.boxes[chosen][:, None]
    low = np.ceil(points - reach).astype(np.int64)  # N, 4, 2
    side = 2 * int(np.ceil(reach.max())) + 1
    distance = _corner_squares(quads, chosen, (low - points).reshape(-1, 2), side)
    # what of each square lies in the box of its region, in pixels of the box
    begin = np.maximum(low - boxes[..., :2], 0)
    end = np.minimum(np.floor(points + reach).astype(np.int64) + 1, boxes[..., 2:]) - boxes[..., :2]
    skipped = begin + boxes[..., :2] - low
    spans = np.concatenate([begin, end, skipped], axis=2).reshape(-1, 6).tolist()
    shapes = (boxes[:, 0, 2:] - boxes[:, 0, :2]).tolist()
    corner = 0
    for (wide, tall), start in zip(shapes, starts[chosen].tolist(), strict=True):
        box = signed[start : start + wide * tall].reshape(tall, wide)
        for x0, y0, x1, y1, skip_x, skip_y in spans[corner : corner + 4]:
            if x1 > x0 and y1 > y0:
                part = box[y0:y1, x0:x1]
                square = distance[skip_y : skip_y + y1 - y0, skip_x : skip_x + x1 - x0, corner]
                np.maximum(part, square, out=part)
            corner += 1


def _corner_squares(quads: Quads, chosen: np.ndarray, low: np.ndarray, side: int) -> np.ndarray:
    """Return the distances around each corner, float32 (S, S, corners).

    ``low`` (corners, 2) is the first pixel seen from the corner. Pixels for which the corner
    does not matter hold -1: those inside, and those that are nearer to the other end of one of
    the two edges. Corners are the last axis because squares are small.
    """
    scale = np.repeat(1 / quads.distances[chosen], 4)
    steps = np.arange(side)[:, None]
    x, y = (low[:, 0] + steps) * scale, (low[:, 1] + steps) * scale  # S, corners
    corners = (chosen[:, None] * 4 + np.arange(4)).ravel()
    before = (chosen[:, None] * 4 + np.array([3, 0, 1, 2])).ravel()
    lengths, units, normals = quads.lengths.ravel(), quads.units, quads.normals
    units, normals = units.reshape(-1, 2), normals.reshape(-1, 2)
    squared = _outer(y * y, x * x)
    best = np.sqrt(squared)
    outside = np.full_like(best, -1)
    refused = np.zeros_like(best)
    for edges, away in ((corners, 1), (before, -1)):
        unit, normal, length = away * units[edges], normals[edges], lengths[edges] * scale
        across = _outer(y * normal[:, 1], x * normal[:, 0])
        chord = _outer((y * unit[:, 1] + CHORD_SLACK) * length, x * (unit[:, 0] * length))
        np.maximum(outside, across, out=outside)
        beyond = squared - chord  # positive outside the circle over the edge
        across += _steep(beyond)
        np.minimum(best, across, out=best)
        chord -= (length * length / 2).astype(np.float32)  # positive past its middle
        refused += _steep(chord)
    best -= refused
    best += np.minimum(outside, 0, out=outside) * np.float32(STEEP)
    return np.maximum(best, -1, out=best)


def _steep(values: np.ndarray) -> np.ndarray:
    """Return 0 for negative values and something enormous for positive ones, in place.

    Arithmetic instead of masks: it is several times faster on small floats.
    """
    np.maximum(values, 0, out=values)
    values *= np.float32(STEEP)
    return values


def _outer(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return rows[:, None] + columns[None] of (S, corners) arrays as float32."""
    return rows.astype(np.float32)[:, None] + columns.astype(np.float32)[None]


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]


def _row(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[None, :]
