"""Random crops: free of cut text, of the size asked for, spread as the rule says."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.transforms.base import Compose
from ppocr.transforms.crop_det import EastRandomCropData, free_runs
from tests.transforms.images import box, page

TEXTS = np.array([box(40, 30, 80, 15), box(200, 150, 60, 20), box(50, 200, 100, 18)], np.float32)


def crop(seed, polys=TEXTS, ignored=None, **settings):
    op = EastRandomCropData(size=[128, 128], max_tries=50, **settings)
    sample = {
        "image": page(),
        "polys": polys.copy(),
        "ignore_tags": np.zeros(len(polys), bool) if ignored is None else np.array(ignored),
        "texts": [str(number) for number in range(len(polys))],
        "rng": np.random.default_rng(seed),
    }
    return op(sample)


def testfree_runs():
    found = free_runs(np.array([10.0, 30, 32]), np.array([20.0, 40, 35]), 50)
    assert found.tolist() == [[0, 10], [20, 30], [40, 50]]
    assert free_runs(np.array([-5.0]), np.array([500.0]), 50).tolist() == []
    assert free_runs(np.zeros(0), np.zeros(0), 50).tolist() == [[0, 50]]


def test_no_text_is_cut_and_some_text_is_kept():
    op = EastRandomCropData(size=[128, 128], max_tries=50)
    held = 0
    for seed in range(200):
        x, y, width, height = op.choose(TEXTS, (240, 320), np.random.default_rng(seed))
        assert width >= 32
        assert height >= 24
        assert x >= 0
        assert x + width <= 320
        inside = 0  # texts within the crop; touching it counts as well, so 0 is possible
        for low, high in zip(TEXTS.min(axis=1), TEXTS.max(axis=1), strict=True):
            apart = high[0] <= x or low[0] >= x + width or high[1] <= y or low[1] >= y + height
            whole = low[0] >= x and high[0] <= x + width and low[1] >= y and high[1] <= y + height
            assert apart or whole
            inside += whole
        held += inside >= 1
    assert held > 190


def test_borders_come_from_runs_with_equal_chance():
    # three free runs of very different length in x: each holds a third of the borders
    polys = np.array([box(10, 100, 10, 20), box(300, 100, 10, 20)], np.float32)
    op = EastRandomCropData(max_tries=50, min_crop_side_ratio=0.0)
    rng = np.random.default_rng(0)
    ends = []
    for _ in range(1500):
        x, _, width, _ = op.choose(polys, (240, 320), rng)
        ends += [x, x + width]
    ends = np.array(ends)
    # conditioned on holding text, most pairs span the middle run; both edge runs are used alike
    left, right = (ends <= 10).mean(), (ends >= 310).mean()
    assert abs(left - right) < 0.05
    assert 0.2 < left < 0.45


def test_output_is_padded_or_stretched():
    for seed in range(20):
        kept = crop(seed, keep_ratio=True)
        assert kept["image"].shape == (128, 128, 3)
        filled = (kept["image"] > 0).any(axis=2)
        assert filled[0, 0]
        assert filled.any(axis=0).all() or filled.any(axis=1).all()
        stretched = crop(seed, keep_ratio=False)
        assert (stretched["image"] > 0).any(axis=2).mean() > 0.99


def test_regions_outside_are_dropped_with_their_texts():
    dropped = 0
    for seed in range(50):
        done = crop(seed)
        assert len(done["polys"]) == len(done["texts"]) == len(done["ignore_tags"])
        dropped += len(TEXTS) - len(done["polys"])
        low, high = done["polys"].min(axis=1), done["polys"].max(axis=1)
        assert (high >= 0).all()
        assert (low <= 128).all()
    assert dropped > 10


def test_a_page_without_text_and_one_with_ignored_text_only():
    for polys, ignored in ((np.zeros((0, 4, 2), np.float32), []), (TEXTS, [True] * 3)):
        sizes = set()
        for seed in range(20):
            done = crop(seed, polys, np.array(ignored, dtype=bool))
            assert done["image"].shape == (128, 128, 3)
            sizes.add(int((done["image"] > 0).any(axis=2).sum()))
        assert len(sizes) > 3  # it is not always the whole page


@pytest.mark.parametrize("coordinate", [-1e4, 5000.0, 1e6])
def test_regions_far_outside_cost_nothing(coordinate):
    polys = np.concatenate([TEXTS, TEXTS + np.float32(coordinate)])
    done = Compose([EastRandomCropData(size=[64, 64])])(
        {
            "image": page(160, 160),
            "polys": polys,
            "ignore_tags": np.zeros(len(polys), bool),
            "rng": np.random.default_rng(0),
        }
    )
    assert done["image"].shape == (64, 64, 3)
