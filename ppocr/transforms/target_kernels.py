"""Outlines of grown polygons, computed as the Clipper library does, many in one call.

Clipper drops the fractions of coordinates, moves every side outwards, joins neighbouring sides by
points on a circle, rounds all points and unites what it got with itself. When what remains without
points on a line between two others is strictly convex, the union changes nothing and can be left
out; this is the case for most labelled quads. Everything else is left to Clipper.

Numbers: Angus Johnson, Clipper 6.4.2, 2017, polygon offsetting with round joins.
Import this file when it is needed: it imports numba.
"""

from __future__ import annotations

import math

import numpy as np

from ppocr.utils.compiled import compiled, inlined

ARC_TOLERANCE_PX = 0.25  # how far a chord may lie inside its circle
MAX_CORNERS = 16
THIN_PX = 2.0  # outlines of less have tips where whole pixels no longer tell left from right


@inlined
def _whole(poly_P2, corners_M2):
    """Write the corners, fractions and repetitions dropped; return their number, 0 for too many."""
    count = 0
    for corner in range(len(poly_P2)):
        x, y = int(poly_P2[corner, 0]), int(poly_P2[corner, 1])
        if count > 0 and corners_M2[count - 1, 0] == x and corners_M2[count - 1, 1] == y:
            continue
        if count == MAX_CORNERS:
            return 0
        corners_M2[count, 0], corners_M2[count, 1] = x, y
        count += 1
    last = count - 1
    if (
        count > 1
        and corners_M2[last, 0] == corners_M2[0, 0]
        and corners_M2[last, 1] == corners_M2[0, 1]
    ):
        count -= 1
    return count


@inlined
def _turn(points_M2, before, place, after):
    """Return twice the area of three points: its sign says which way the middle one turns."""
    one_x = int(points_M2[place, 0]) - int(points_M2[before, 0])
    one_y = int(points_M2[place, 1]) - int(points_M2[before, 1])
    other_x = int(points_M2[after, 0]) - int(points_M2[place, 0])
    other_y = int(points_M2[after, 1]) - int(points_M2[place, 1])
    return one_x * other_y - one_y * other_x


@inlined
def _direction(points_M2, count):
    """Return 1 or -1 for strictly convex points, clockwise on the screen or not; else 0."""
    clockwise, counter, rounds = 0, 0, 0
    for place in range(count):
        before = place - 1 if place > 0 else count - 1
        after = place + 1 if place + 1 < count else 0
        turn = _turn(points_M2, before, place, after)
        clockwise += 1 if turn > 0 else 0
        counter += 1 if turn < 0 else 0
        arrives_up = points_M2[place, 1] <= points_M2[before, 1]
        if arrives_up and points_M2[after, 1] > points_M2[place, 1]:
            rounds += 1
    if count < 3 or rounds != 1:
        return 0
    return 1 if clockwise == count else (-1 if counter == count else 0)


@inlined
def _reverse(points_M2, count):
    for place in range(count // 2):
        for axis in range(2):
            swapped = points_M2[place, axis]
            points_M2[place, axis] = points_M2[count - 1 - place, axis]
            points_M2[count - 1 - place, axis] = swapped


@inlined
def _put(points_M2, size, x, y):
    """Append a point, rounded with halves away from zero, and return the new size."""
    points_M2[size, 0] = int(x - 0.5) if x < 0 else int(x + 0.5)
    points_M2[size, 1] = int(y - 0.5) if y < 0 else int(y + 0.5)
    return size + 1


@inlined
def _normal(corners_M2, place, count):
    """Return the unit normal, outwards, of the side that begins at a corner."""
    after = place + 1 if place + 1 < count else 0
    x = float(corners_M2[after, 0] - corners_M2[place, 0])
    y = float(corners_M2[after, 1] - corners_M2[place, 1])
    factor = 1.0 / math.sqrt(x * x + y * y)
    return y * factor, -(x * factor)


@inlined
def _offset(corners_M2, count, distance, points_M2):
    """Write the rounded outline around clockwise corners; return its size, 0 for too many."""
    tolerance = min(ARC_TOLERANCE_PX, distance * ARC_TOLERANCE_PX)
    steps = min(math.pi / math.acos(1 - tolerance / distance), distance * math.pi)
    sine, cosine = math.sin(2 * math.pi / steps), math.cos(2 * math.pi / steps)
    steps_per_radian = steps / (2 * math.pi)
    size, side = 0, count - 1
    for place in range(count):
        from_x, from_y = _normal(corners_M2, side, count)
        to_x, to_y = _normal(corners_M2, place, count)
        corner_x, corner_y = float(corners_M2[place, 0]), float(corners_M2[place, 1])
        across, along = from_x * to_y - to_x * from_y, from_x * to_x + from_y * to_y
        arcs = 0  # sides that nearly continue each other share a point
        if abs(across * distance) >= 1 or along <= 0:
            if across < 0:  # it can be, as a side that shares a point is skipped
                return 0
            angle = abs(math.atan2(min(max(across, -1.0), 1.0), along))
            arcs = max(int(steps_per_radian * angle + 0.5), 1)
        if size + arcs + 1 > len(points_M2):
            return 0
        x, y = from_x, from_y
        for _ in range(arcs):
            size = _put(points_M2, size, corner_x + x * distance, corner_y + y * distance)
            x, y = x * cosine - sine * y, x * sine + y * cosine
        if arcs > 0:
            x, y, side = to_x, to_y, place
        size = _put(points_M2, size, corner_x + x * distance, corner_y + y * distance)
    return size


@inlined
def _without_needless(points_M2, size):
    """Drop points that repeat or lie between their neighbours; return the new size."""
    place, passed = 0, 0
    while passed < size and size > 2:
        before = place - 1 if place > 0 else size - 1
        after = place + 1 if place + 1 < size else 0
        if _turn(points_M2, before, place, after) == 0:
            size -= 1
            for later in range(place, size):
                points_M2[later, 0] = points_M2[later + 1, 0]
                points_M2[later, 1] = points_M2[later + 1, 1]
            passed = 0
        else:
            passed += 1
            place += 1
        if place >= size:
            place = 0
    return size


@compiled("void(float64[:,:,::1], float64[::1], int32[:,:,::1], int64[::1], int64[:,::1])")
def grow(polys_NP2, distances_N, points_NM2, sizes_N, boxes_N4):
    """Write the outline, its size and its box x0, y0, x1, y1 (exclusive) for each polygon.

    The size is 0 where Clipper has to be asked.
    """
    corners = np.empty((MAX_CORNERS, 2), np.int64)
    for number in range(len(polys_NP2)):
        sizes_N[number] = 0
        count = _whole(polys_NP2[number], corners)
        direction = _direction(corners, count)
        if direction == 0 or not distances_N[number] >= THIN_PX:
            continue
        if direction < 0:
            _reverse(corners, count)
        points = points_NM2[number]
        size = _offset(corners, count, distances_N[number], points)
        size = _without_needless(points, size)
        if _direction(points, size) != 1:
            continue
        sizes_N[number] = size
        box = boxes_N4[number]
        box[0] = box[2] = points[0, 0]
        box[1] = box[3] = points[0, 1]
        for place in range(size):
            box[0], box[2] = min(box[0], points[place, 0]), max(box[2], points[place, 0] + 1)
            box[1], box[3] = min(box[1], points[place, 1]), max(box[3], points[place, 1] + 1)
