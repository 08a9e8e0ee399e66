"""Detection targets: what they mean, the fast way against the plain one, and odd polygons."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from ppocr.geometry.polygon import offset
from ppocr.transforms.target_border import raise_nearness
from ppocr.transforms.target_db import MakeBorderMap, MakeShrinkMap, grown, measures
from tests.transforms.images import box


def sample(polys, ignored=None, shape=(160, 160), epoch=0):
    polys = np.array(polys, dtype=np.float32)
    return {
        "image": np.zeros((*shape, 3), dtype=np.uint8),
        "polys": polys,
        "ignore_tags": np.zeros(len(polys), bool) if ignored is None else np.array(ignored),
        "epoch": epoch,
    }


def plain_distances(poly, side):
    """Return each pixel's distance to a polygon, edge by edge, as the text defines it."""
    pixels = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=2).astype(float)
    best = np.full((side, side), np.inf)
    for a, b in zip(poly, np.roll(poly, -1, axis=0), strict=True):
        ends = np.minimum(*(np.hypot(*(pixels - end).transpose(2, 0, 1)) for end in (a, b)))
        sees = ((a - pixels) * (b - pixels)).sum(axis=2)  # negative: an obtuse angle at the pixel
        length = max(np.hypot(*(b - a)), 1e-9)  # two corners may be one point
        normal = np.array([a[1] - b[1], b[0] - a[0]]) / length
        best = np.minimum(best, np.where(sees <= 0, np.abs((pixels - a) @ normal), ends))
    return best


def star(rng, corners, canvas):
    """Return a polygon of any shape: corners at random distances around a middle."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(3, canvas / 2, corners)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]
    poly = around + rng.uniform(0, canvas, 2)
    return np.rint(poly) if rng.random() < 0.5 else poly


@pytest.mark.parametrize("corners", [3, 4, 5, 14])
def test_nearness_follows_its_definition(corners):
    rng = np.random.default_rng(corners)
    side = 40
    for _ in range(40):
        polys = np.stack([star(rng, corners, side) for _ in range(3)])
        distances = rng.uniform(1.5, 12, 3)
        boxes = np.array([[0, 0, side, side], [5, 0, side, 30], [0, 8, 33, side]])
        canvas = np.full((side, side), 0.3, dtype=np.float32)
        raise_nearness(canvas, polys, distances, boxes, 0.3, 0.4)
        wanted = np.full((side, side), 0.3)
        for poly, distance, (x0, y0, x1, y1) in zip(polys, distances, boxes, strict=True):
            near = 0.3 + 0.4 * (1 - plain_distances(poly, side) / distance)
            part = wanted[y0:y1, x0:x1]
            np.maximum(part, near[y0:y1, x0:x1], out=part)
        difference = np.abs(canvas - wanted)
        # a pixel exactly on the circle over an edge may go either way
        assert (difference > 2e-5).sum() <= 2
        assert difference.max() < 0.05


def test_the_order_of_the_points_makes_no_difference():
    rng = np.random.default_rng(1)
    polys = np.stack([star(rng, 5, 60) for _ in range(4)])
    boxes = np.tile([0, 0, 60, 60], (4, 1))
    maps = []
    for turned in (polys, polys[:, ::-1], np.roll(polys, 2, axis=1), polys[::-1]):
        maps.append(np.zeros((60, 60), dtype=np.float32))
        raise_nearness(maps[-1], turned, np.full(4, 9.0), boxes)
        np.testing.assert_allclose(maps[-1], maps[0], atol=2e-5)
    assert maps[0].max() > 0.9


def test_a_distance_of_nothing_raises_nothing():
    canvas = np.zeros((20, 20), dtype=np.float32)
    quad = np.array([box(5, 5, 10, 10)])
    raise_nearness(canvas, quad, np.zeros(1), np.array([[0, 0, 20, 20]]))
    assert not canvas.any()


def quads(rng, count):
    """Return quads like those of labels: boxes, turned ones, any four points, degenerate ones."""
    sides = rng.uniform(2, (400, 60), (count, 2))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    angles = rng.choice([0, 0.02, 0.15, 3], count) * rng.standard_normal(count)
    turns = np.stack([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)], axis=1)
    polys = np.einsum("nij,npj->npi", turns.reshape(-1, 2, 2), corners * sides[:, None])
    polys += rng.uniform(-50, 700, (count, 1, 2))
    polys += rng.choice([0, 0, 1, 30], (count, 1, 1)) * rng.standard_normal((count, 4, 2))
    polys[::7] = np.rint(polys[::7])
    polys[::31, 3] = polys[::31, 2]  # a triangle
    polys[::5] = polys[::5, ::-1]
    return polys.astype(np.float32)


def canonical(outline):
    """Return the points of a closed outline from its least one on, in one direction."""
    points = outline.tolist()
    if cv2.contourArea(outline, oriented=True) < 0:
        points.reverse()
    first = points.index(min(points))
    return points[first:] + points[:first]


def test_grown_outlines_are_those_of_clipper():
    rng = np.random.default_rng(11)
    polys = quads(rng, 4000)
    areas, perimeters = measures(polys)
    distances = np.abs(areas) * 0.84 / perimeters
    distances[::3] = rng.uniform(0.1, 80, len(distances[::3]))
    distances[::97] = 0
    outlines, boxes = grown(polys, distances)
    for poly, distance, outline, found_box in zip(polys, distances, outlines, boxes, strict=True):
        wanted = offset(poly, float(distance), np.int32)
        assert bool(len(outline)) == bool(wanted)
        if wanted:
            assert canonical(outline) == canonical(wanted[0])
            x, y, width, height = cv2.boundingRect(wanted[0])
            assert found_box.tolist() == [x, y, x + width, y + height]


def test_few_outlines_have_to_be_left_to_clipper(monkeypatch):
    asked = []

    def recorded(*arguments):
        asked.append(arguments)
        return offset(*arguments)

    monkeypatch.setattr("ppocr.transforms.target_db.offset", recorded)
    rng = np.random.default_rng(2)
    boxes = np.array([box(*rng.uniform(20, 300, 2), 90, 18) for _ in range(200)])
    turn = np.array([[0.99, -0.14], [0.14, 0.99]])
    for polys in (boxes, boxes @ turn.T):
        asked.clear()
        grown(polys, np.full(200, 6.3))
        assert len(asked) < 20


def test_border_map_of_a_box():
    done = MakeBorderMap()(sample([box(40, 60, 80, 20)]))
    threshold, mask = done["threshold_map"], done["threshold_mask"]
    assert threshold.dtype == mask.dtype == np.float32
    np.testing.assert_allclose(threshold[60, 50:110], 0.7, atol=1e-6)  # on the outline
    assert threshold[0, 0] == np.float32(0.3)
    distance = 80 * 20 * 0.84 / 200
    np.testing.assert_allclose(threshold[63, 80], 0.3 + 0.4 * (1 - 3 / distance), atol=1e-5)
    assert mask[60 - int(distance) + 1, 80] == 1
    assert mask[60 - int(distance) - 2, 80] == 0


def test_shrink_map_of_a_box():
    done = MakeShrinkMap()(
        sample([box(40, 60, 80, 20), box(5, 5, 30, 5), box(5, 100, 40, 20)], [False, False, True])
    )
    distance = 80 * 20 * 0.84 / 200
    inside = done["shrink_map"] == 1
    rows, columns = np.nonzero(inside)
    assert rows.min() == pytest.approx(60 + distance, abs=1)
    assert columns.max() == pytest.approx(120 - distance, abs=1)
    assert done["shrink_mask"][7, 10] == 0  # lower than 8 pixels
    assert done["shrink_mask"][110, 20] == 0  # ignored
    assert done["shrink_mask"][70, 80] == 1
    assert done["ignore_tags"].tolist() == [False, True, True]


def test_the_shrink_ratio_follows_the_epoch():
    early, late = (
        MakeShrinkMap(total_epoch=500)(sample([box(40, 60, 80, 30)], epoch=epoch))["shrink_map"]
        for epoch in (0, 450)
    )
    plain = MakeShrinkMap()(sample([box(40, 60, 80, 30)], epoch=450))["shrink_map"]
    np.testing.assert_array_equal(early, plain)
    assert late.sum() > early.sum()  # a larger ratio shrinks less


ODD = {
    "nothing": np.zeros((0, 4, 2)),
    "a point": [[[50, 50]] * 4],
    "a line": [[[10, 10], [90, 10], [90, 10], [10, 10]]],
    "outside": [box(500, 500, 40, 20)],
    "half outside": [box(-30, 150, 60, 40)],
    "far outside": [box(5000, 5000, 5000, 200)],
    "everything": [box(-5000, -5000, 20000, 20000)],
    "huge and thin": [box(-5000, 80, 20000, 10)],
    "crossing itself": [[[20, 20], [90, 80], [90, 20], [20, 80]]],
    "backwards": [box(20, 20, 80, 30)[::-1]],
    "repeated points": [[[20, 20], [100, 20], [100, 50], [100, 50]]],
    "three points": [[[20, 20], [100, 20], [60, 90]]],
}


@pytest.mark.parametrize("polys", ODD.values(), ids=ODD.keys())
def test_odd_polygons_cost_nothing_and_break_nothing(polys):
    began = time.process_time()
    done = MakeShrinkMap()(MakeBorderMap()(sample(np.array(polys, dtype=np.float32))))
    assert time.process_time() - began < 0.5
    for key in ("threshold_map", "threshold_mask", "shrink_map", "shrink_mask"):
        assert done[key].shape == (160, 160)
        assert done[key].dtype == np.float32
        assert np.isfinite(done[key]).all()
    assert done["threshold_map"].min() >= 0.3 - 1e-6
    assert done["threshold_map"].max() <= 0.7 + 1e-6
    assert len(done["ignore_tags"]) == len(polys)


def test_a_region_outside_leaves_no_trace():
    done = MakeBorderMap()(sample([box(500, 500, 40, 20)]))
    assert done["threshold_mask"].sum() == 0
    assert (done["threshold_map"] == np.float32(0.3)).all()
