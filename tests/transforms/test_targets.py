"""Detection targets: what they mean, the fast way against the plain one, and odd polygons."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ppocr.transforms.target_border import nearness_of_any, raise_nearness
from ppocr.transforms.target_db import MakeBorderMap, MakeShrinkMap, measures
from tests.transforms.images import box


def sample(polys, ignored=None, shape=(160, 160), epoch=0):
    polys = np.array(polys, dtype=np.float32)
    return {
        "image": np.zeros((*shape, 3), dtype=np.uint8),
        "polys": polys,
        "ignore_tags": np.zeros(len(polys), bool) if ignored is None else np.array(ignored),
        "epoch": epoch,
    }


def plain_distance(poly, x, y):
    """Return the distance of one pixel to a polygon, edge by edge, as the text defines it."""
    best = np.inf
    for a, b in zip(poly, np.roll(poly, -1, axis=0), strict=True):
        a, b, p = a.astype(float), b.astype(float), np.array([x, y], dtype=float)
        sees = (a - p) @ (b - p)  # an obtuse or right angle at the pixel
        ends = min(np.hypot(*(p - a)), np.hypot(*(p - b)))
        length = np.hypot(*(b - a))
        cross = (b - a)[0] * (p - a)[1] - (b - a)[1] * (p - a)[0]
        best = min(best, abs(cross) / length if length and sees <= 0 else ends)
    return best


def random_quad(rng, canvas=200, noise=0.05):
    width, height = rng.uniform(10, 150), rng.uniform(6, 50)
    angle = rng.uniform(-np.pi, np.pi)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    corners += rng.normal(0, noise, (4, 2)) * height
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    quad = corners @ turn.T + rng.uniform(0, canvas, 2)
    if rng.random() < 0.3:
        quad = quad[::-1]
    return (np.rint(quad) if rng.random() < 0.3 else quad).astype(np.float32)


def grown_boxes(polys, size):
    areas, perimeters = measures(polys)
    distances = np.abs(areas) * 0.84 / perimeters
    low = np.floor(polys.min(axis=1) - distances[:, None])
    high = np.ceil(polys.max(axis=1) + distances[:, None]) + 1
    boxes = np.clip(np.concatenate([low, high], axis=1), 0, size).astype(int)
    kept = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return polys[kept], distances[kept], boxes[kept]


def test_any_polygon_against_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(6):
        poly = rng.uniform(0, 40, (int(rng.integers(3, 7)), 2)).astype(np.float32)
        near = nearness_of_any(poly, 6.0, 0, 40, 0, 40)
        wanted = [
            [max(1 - plain_distance(poly, x, y) / 6.0, 0) for x in range(40)] for y in range(40)
        ]
        np.testing.assert_allclose(near, wanted, atol=2e-3)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3], ids=["rectangles", "plump", "any"])
def test_all_together_equals_one_by_one(noise):
    rng = np.random.default_rng(1)
    for _ in range(60):
        count = int(rng.integers(1, 8))
        quads = np.stack([random_quad(rng, noise=noise) for _ in range(count)])
        polys, distances, boxes = grown_boxes(quads, 200)
        together = np.zeros((200, 200), dtype=np.float32)
        alone = np.zeros_like(together)
        raise_nearness(together, polys, distances, boxes)
        for poly, distance, (x0, y0, x1, y1) in zip(polys, distances, boxes, strict=True):
            near = nearness_of_any(poly, float(distance), x0, x1, y0, y1)
            part = alone[y0:y1, x0:x1]
            np.maximum(part, near, out=part)
        difference = np.abs(together - alone)
        # a pixel exactly on the circle over an edge may go either way
        assert (difference > 1e-3).sum() <= 2
        assert difference.max() < 0.05


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
