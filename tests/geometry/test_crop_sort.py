"""Crops and reading order where the recorded cases do not reach."""

from __future__ import annotations

import numpy as np

from ppocr.geometry.crop import min_area_crop, rotate_crop
from ppocr.geometry.slices import merge_fragmented, slice_generator
from ppocr.geometry.sort import reading_order, sort_boxes


def image() -> np.ndarray:
    rows, columns = np.mgrid[:60, :90]
    return np.stack([rows, columns, rows + columns], axis=-1).astype(np.uint8)


def quad(left, top, width, height) -> np.ndarray:
    right, bottom = left + width, top + height
    return np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])


def test_an_upright_box_is_cut_out_pixel_by_pixel():
    np.testing.assert_array_equal(rotate_crop(image(), quad(10, 5, 40, 20)), image()[5:25, 10:50])
    np.testing.assert_array_equal(min_area_crop(image(), quad(10, 5, 40, 20)), image()[5:25, 10:50])


def test_a_tall_box_is_turned_counter_clockwise():
    np.testing.assert_array_equal(
        rotate_crop(image(), quad(10, 5, 20, 30)), np.rot90(image()[5:35, 10:30])
    )
    assert rotate_crop(image(), quad(10, 5, 20, 29)).shape == (29, 20, 3)


def test_a_box_without_area_still_gives_an_image():
    assert rotate_crop(image(), np.zeros((4, 2))).shape == (1, 1, 3)
    assert rotate_crop(image(), quad(5, 5, 30, 0)).shape == (1, 30, 3)


def plain_order(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The rule as a story: sort by y and x, then let each box walk left past its row mates."""
    line = sorted(corners, key=lambda corner: (corner[1], corner[0]))
    for start in range(len(line) - 1):
        at = start
        while at >= 0:
            upper, lower = line[at], line[at + 1]
            if not (abs(lower[1] - upper[1]) < 10 and lower[0] < upper[0]):
                break
            line[at], line[at + 1] = lower, upper
            at -= 1
    return line


def test_reading_order_of_random_boxes_is_the_plain_one():
    random = np.random.default_rng(0)
    for count in (0, 1, 2, 40):
        for _ in range(50):
            corners = random.integers(0, 100, (count, 2)).astype(np.float32)
            boxes = corners[:, None] + quad(0, 0, 5, 5) if count else np.zeros((0, 4, 2))
            order = reading_order(boxes)
            assert sorted(order) == list(range(count))
            wanted = plain_order([tuple(map(float, corner)) for corner in corners])
            assert [tuple(map(float, corners[place])) for place in order] == wanted


def test_sorting_keeps_the_container():
    boxes = [quad(50, 0, 9, 9), quad(0, 5, 9, 9)]
    assert isinstance(sort_boxes(np.stack(boxes)), np.ndarray)
    assert [one[0, 0] for one in sort_boxes(boxes)] == [0, 50]


def test_pieces_cover_the_image_once_and_are_limited():
    covered = np.zeros((60, 90), dtype=int)
    for piece, top, left in slice_generator(image(), 40, 25):
        covered[top : top + piece.shape[0], left : left + piece.shape[1]] += 1
    assert (covered == 1).all()
    assert len(list(slice_generator(image(), 10, 10, most=7))) == 7


def test_a_line_in_three_pieces_is_joined_and_the_next_is_left():
    pieces = [quad(0, 0, 50, 20), quad(0, 50, 50, 20), quad(48, 1, 50, 20), quad(97, 0, 30, 19)]
    merged = merge_fragmented(pieces, x_threshold=5, y_threshold=3)
    assert merged.tolist() == [quad(0, 0, 127, 21).tolist(), quad(0, 50, 50, 20).tolist()]
    assert len(merge_fragmented([])) == 0
