"""Corner order, rectangles and the filter of deployed boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr.geometry import box as room
from ppocr.geometry.box import (
    clip,
    deploy_boxes,
    is_quads,
    min_area_box,
    order_left_right,
    order_points_clockwise,
)

UPRIGHT = np.float32([[10, 10], [60, 12], [59, 30], [9, 28]])


def turned(centre, size, angle) -> np.ndarray:
    return cv2.boxPoints((centre, size, angle))


def all_starts(quad: np.ndarray):
    for corners in (quad, quad[::-1]):
        for shift in range(4):
            yield np.roll(corners, shift, axis=0)


def test_the_order_does_not_depend_on_the_first_corner_or_the_direction():
    for angle in range(0, 180, 7):
        quad = turned((100, 100), (80, 20), angle)
        orders = [order_points_clockwise(one) for one in all_starts(quad)]
        for order in orders:
            np.testing.assert_array_equal(order, orders[0])


def test_corners_go_round_clockwise_and_none_is_lost():
    random = np.random.default_rng(0)
    for _ in range(200):
        size = random.uniform(3, 90, 2)
        quad = turned(random.uniform(0, 200, 2), size, float(random.integers(0, 36) * 5))
        ordered = order_points_clockwise(quad)
        assert len({tuple(point) for point in ordered.tolist()}) == 4
        assert cv2.contourArea(ordered, oriented=True) > 0
        assert ordered[0].sum() == quad.sum(axis=1).min()


def test_a_box_at_45_degrees_keeps_its_corners_where_the_original_lost_one():
    diamond = np.float32([[30, 0], [60, 30], [30, 60], [0, 30]])
    assert len({tuple(point) for point in order_points_clockwise(diamond).tolist()}) == 4
    assert len({tuple(point) for point in order_points_clockwise(diamond, "sums").tolist()}) == 3


def test_both_orders_agree_on_boxes_that_are_not_at_45_degrees():
    random = np.random.default_rng(1)
    for angle in [*range(-44, 45, 4), *range(46, 89, 4)]:
        quad = turned(random.uniform(50, 90, 2), random.uniform(9, 60, 2), angle)
        np.testing.assert_array_equal(
            order_points_clockwise(quad), order_points_clockwise(quad, "sums")
        )


def test_the_least_rectangle_does_not_depend_on_where_opencv_starts(monkeypatch):
    random = np.random.default_rng(2)
    regions = [random.integers(0, 50, (6, 2)).astype(np.int32) for _ in range(50)]
    regions.append(np.int32([[30, 0], [60, 30], [30, 60], [0, 30]]))
    wanted = [min_area_box(region) for region in regions]
    genuine = cv2.boxPoints
    for shift in (1, 2, 3):
        monkeypatch.setattr(
            room.cv2, "boxPoints", lambda r, by=shift: np.roll(genuine(r), by, axis=0)
        )
        for region, (box, side) in zip(regions, wanted, strict=True):
            found, found_side = min_area_box(region)
            np.testing.assert_array_equal(found, box)
            assert found_side == side


def test_left_corners_come_first_in_whole_arrays():
    boxes = np.stack([np.roll(UPRIGHT, shift, axis=0) for shift in range(4)])
    np.testing.assert_array_equal(order_left_right(boxes), np.stack([UPRIGHT] * 4))
    assert order_left_right(np.zeros((0, 4, 2), dtype=np.float32)).shape == (0, 4, 2)


def test_clipping_gives_whole_pixels_of_the_image():
    points = np.array([[-3.5, 7.9], [250, 130]])
    assert clip(points, height=120, width=200).tolist() == [[0, 7], [199, 119]]


@pytest.mark.parametrize(("height", "kept"), [(3, False), (3.9, False), (4, True)])
def test_thin_boxes_are_not_handed_on(height, kept):
    thin = np.float32([[10, 10], [60, 10], [60, 10 + height], [10, 10 + height]])
    points, scores = deploy_boxes(np.stack([UPRIGHT, thin]), [0.9, 0.8], (120, 200))
    assert scores == ([0.9, 0.8] if kept else [0.9])
    assert len(points) == len(scores)
    assert points.dtype == np.float32


def test_the_limit_of_thin_boxes_can_be_given():
    points, _ = deploy_boxes(UPRIGHT[None], None, (120, 200), min_side_px=30)
    assert points.shape == (0, 4, 2)


def test_a_box_beyond_the_image_is_clipped_away():
    beyond = UPRIGHT + 500
    points, scores = deploy_boxes(beyond[None], [0.9], (120, 200))
    assert (points.shape, scores) == ((0, 4, 2), [])


def test_polygons_are_clipped_and_keep_their_points():
    curved = [np.array([[-5, 0], [50, -9], [300, 10], [80, 40], [10, 30]]), UPRIGHT]
    points, scores = deploy_boxes(curved, [0.9, 0.8], (120, 200))
    assert [len(one) for one in points] == [5, 4]
    assert points[0].min() == 0
    assert points[0].max() == 199
    assert scores == [0.9, 0.8]


@pytest.mark.parametrize("nothing", [np.zeros((0, 4, 2), dtype=np.int32), []])
def test_no_box_stays_no_box(nothing):
    points, scores = deploy_boxes(nothing, [], (10, 10))
    assert (len(points), scores, is_quads(nothing)) == (0, [], True)
