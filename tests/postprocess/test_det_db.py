"""DB post-processing where the recorded cases do not reach."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks import scenes, serial
from ppocr.postprocess import build_post_process
from ppocr.postprocess.det_db import DBPostProcess, mean_inside, mean_inside_quads
from ppocr.utils.exits import DataError


@pytest.mark.parametrize("seed", range(8))
def test_boxes_are_those_of_the_serial_way(seed):
    random = np.random.default_rng(seed)
    map_HW = scenes.probability_map(int(random.integers(3, 80)), seed, side_px=320)
    map_HW = np.clip(map_HW + 0.2 * random.random(map_HW.shape, dtype=np.float32), 0, 1)
    hw = tuple(random.uniform(200, 900, 2).tolist())
    ours = DBPostProcess(thresh=0.3, box_thresh=0.6, unclip_ratio=1.5).one(map_HW, hw)
    plain = serial.db_quads(map_HW, hw)
    np.testing.assert_array_equal(ours["points"], plain["points"])
    np.testing.assert_allclose(ours["scores"], plain["scores"], rtol=1e-6)
    assert len(ours["scores"]) > 0


def a_map() -> np.ndarray:
    map_HW = np.zeros((64, 96), dtype=np.float32)
    map_HW[10:20, 10:60] = 0.9
    map_HW[40:50, 20:80] = 0.5
    return map_HW


def test_scores_belong_to_their_boxes():
    post = DBPostProcess(box_thresh=0.4, unclip_ratio=1.5)
    (found,) = post({"maps": a_map()[None, None]})
    by_top = sorted(zip(found["points"][:, 0, 1], found["scores"], strict=True))
    assert [score for _, score in by_top] == [pytest.approx(0.9), pytest.approx(0.5)]


@pytest.mark.parametrize("box_type", ["quad", "poly"])
@pytest.mark.parametrize("score_mode", ["fast", "slow"])
def test_a_higher_box_thresh_leaves_out_the_faint_region(box_type, score_mode):
    post = DBPostProcess(box_thresh=0.7, box_type=box_type, score_mode=score_mode)
    (found,) = post(a_map()[None, None])
    assert len(found["points"]) == len(found["scores"]) == 1


def test_boxes_are_placed_in_each_image_by_its_own_size():
    maps = np.stack([a_map(), a_map()])[:, None]
    shapes = np.array([[64, 96, 1, 1], [128, 288, 0.5, 1 / 3]])
    one, two = DBPostProcess(box_thresh=0.7)({"maps": maps}, {"shape": shapes})
    np.testing.assert_allclose(one["points"] * (3, 2), two["points"], atol=2)


def test_boxes_end_at_the_edges_of_the_image():
    map_HW = np.full((32, 32), 0.9, dtype=np.float32)
    (found,) = DBPostProcess()(map_HW[None, None], {"shape": [[50, 70, 1, 1]]})
    assert found["points"].reshape(-1, 2).min(axis=0).tolist() == [0, 0]
    assert found["points"].reshape(-1, 2).max(axis=0).tolist() == [70, 50]


def test_only_the_first_channel_is_the_probability():
    maps = np.stack([a_map(), np.ones_like(a_map())])[None]
    (found,) = DBPostProcess(box_thresh=0.7)({"maps": maps})
    assert len(found["points"]) == 1


def test_specks_are_no_text():
    map_HW = np.zeros((64, 64), dtype=np.float32)
    map_HW[::5, ::7] = 1
    map_HW[30, 10:50] = 1
    (found,) = DBPostProcess()(map_HW[None, None])
    assert found["points"].shape == (0, 4, 2)
    assert found["points"].dtype == np.int32


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_map_is_an_error_and_not_an_empty_page(bad):
    map_HW = a_map()
    map_HW[0, 0] = bad
    with pytest.raises(DataError, match="not finite"):
        DBPostProcess()(map_HW[None, None])


def test_half_precision_maps_are_read():
    (found,) = DBPostProcess(box_thresh=0.7)(a_map()[None, None].astype(np.float16))
    assert len(found["points"]) == 1


def test_means_count_the_border_and_nothing_outside():
    map_HW = a_map()
    region = np.int32([[10, 10], [59, 10], [59, 19], [10, 19]])
    assert mean_inside(map_HW, region) == pytest.approx(0.9)
    assert mean_inside_quads(map_HW, region[None].astype(np.float32)) == [pytest.approx(0.9)]
    over_the_edge = np.float32([[[90, 0], [130, 0], [130, 9], [90, 9]]])
    assert mean_inside_quads(map_HW, over_the_edge) == [0.0]
    assert mean_inside_quads(map_HW, np.zeros((0, 4, 2), dtype=np.float32)) == []


def test_slow_scores_look_inside_the_outline():
    """A thin diagonal: its rectangle is mostly background, its outline is not."""
    map_HW = np.zeros((96, 96), dtype=np.float32)
    cv2.line(map_HW, (10, 10), (80, 40), 0.9, 6)
    cv2.line(map_HW, (80, 40), (20, 80), 0.9, 6)
    fast = DBPostProcess(box_thresh=0.8, score_mode="fast")(map_HW[None, None])[0]
    slow = DBPostProcess(box_thresh=0.8, score_mode="slow")(map_HW[None, None])[0]
    assert (len(fast["points"]), len(slow["points"])) == (0, 1)


def test_each_network_has_its_own_boxes():
    post = build_post_process({"name": "DistillationDBPostProcess", "model_name": ["A", "B"]})
    empty = np.zeros_like(a_map())
    found = post({"A": {"maps": a_map()[None, None]}, "B": {"maps": empty[None, None]}})
    assert [len(found[name][0]["points"]) for name in "AB"] == [1, 0]
    assert post.reads == ("shape",)
