"""Crops, order and clipping against the recorded ones."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.geometry.box import clip, deploy_boxes, order_points_clockwise
from ppocr.geometry.crop import min_area_crop, rotate_crop
from ppocr.geometry.polygon import pad_polygons
from ppocr.geometry.slices import merge_fragmented, slice_generator
from ppocr.geometry.sort import sort_boxes
from tests.parity.cases import Case, case_rows, cases, skip_missing

CROPS = {"get_rotate_crop_image": rotate_crop, "get_minarea_rect_crop": min_area_crop}


def order(row) -> np.ndarray:
    return order_points_clockwise(row["points"], method="sums")


def filter_quads(row):
    return deploy_boxes(np.array(row["points"]), None, row["image_hw"], order="sums")[0]


def only_clip(row):
    return pad_polygons([clip(points, *row["image_hw"]) for points in row["points"]])


def cut(row):
    image = np.zeros((*row["image_hw"], 3), dtype=np.uint8)
    pieces = slice_generator(image, row["horizontal_stride"], row["vertical_stride"])
    return [[list(piece.shape[:2]), top, left] for piece, top, left in pieces]


def merge(row):
    return merge_fragmented(row["boxes"], row["x_threshold"], row["y_threshold"])


UTILITIES = {
    "order_points_clockwise": order,
    "filter_tag_det_res": filter_quads,
    "filter_tag_det_res_only_clip": only_clip,
    "slice_generator": cut,
    "merge_fragmented": merge,
}


@pytest.mark.parametrize("case", cases("crop"))
def test_crops_are_the_recorded_pixels(case: Case):
    crop = CROPS[case["op"]](case.arrays["in/image"], case.arrays["in/points"])
    np.testing.assert_array_equal(crop, case.arrays["out/image"])


@pytest.mark.parametrize("row", case_rows("sorted_boxes"))
def test_reading_order_is_the_recorded_one(row):
    assert sort_boxes(np.array(row["boxes"])).tolist() == row["sorted"]


@pytest.mark.parametrize("row", case_rows("infer_utils"))
def test_inference_helpers_give_the_recorded_results(row):
    if row["op"] not in UTILITIES:
        skip_missing(row["op"])
    found = UTILITIES[row["op"]](row)
    assert (found if isinstance(found, list) else found.tolist()) == row["out"]
