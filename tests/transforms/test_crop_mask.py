"""Windows that cut an image and its maps alike."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.transforms import create_operators
from ppocr.transforms.base import Rejected

KEYS = ["image", "gt_text", "gt_kernels", "mask"]


def sample_of(height: int, width: int, seed: int = 0, text=(slice(2, 4), slice(3, 5))):
    """Every pixel of every entry knows where it was."""
    number = np.arange(1, height * width + 1).reshape(height, width)
    gt_text = np.zeros((height, width), dtype=np.float32)
    gt_text[text] = 1
    return {
        "image": np.repeat(number[..., None], 3, axis=2),
        "gt_text": gt_text,
        "gt_kernels": np.stack([number, number * 2]),
        "mask": number.astype(np.float32),
        "polys": np.array([[[3.0, 2], [5, 2], [5, 4], [3, 4]]]),
        "rng": np.random.default_rng(seed),
    }


def build(**settings):
    given = {"size": [8, 10], "main_key": "gt_text", "crop_keys": KEYS, **settings}
    return create_operators([{"RandomCropImgMask": given}])[0]


def test_all_entries_show_the_same_window():
    op = build(p=0)
    for seed in range(30):
        sample = op(sample_of(30, 40, seed))
        assert sample["image"].shape == (8, 10, 3)
        assert sample["gt_kernels"].shape == (2, 8, 10)
        np.testing.assert_array_equal(sample["image"][..., 0], sample["mask"])
        np.testing.assert_array_equal(sample["gt_kernels"], [sample["mask"], sample["mask"] * 2])
        first = int(sample["mask"][0, 0]) - 1
        top, left = divmod(first, 40)
        assert sample["gt_text"].sum() > 0
        np.testing.assert_array_equal(sample["polys"][0, 0], [3 - left, 2 - top])


def test_every_window_with_text_can_be_drawn_and_others_only_by_chance():
    corners = {tuple(build(p=0)(sample_of(12, 14, seed))["mask"][0, :1]) for seed in range(200)}
    rows = {(int(one) - 1) // 14 for (one,) in corners}
    columns = {(int(one) - 1) % 14 for (one,) in corners}
    assert rows == {0, 1, 2, 3}
    assert columns == {0, 1, 2, 3, 4}
    far = (slice(28, 29), slice(38, 39))
    assert all(build(p=0)(sample_of(30, 40, s, far))["gt_text"].any() for s in range(30))
    anywhere = [build(p=1)(sample_of(30, 40, s, far))["gt_text"].any() for s in range(30)]
    assert not all(anywhere)


def test_a_page_without_text_is_cut_anywhere():
    sample = build(p=0)(sample_of(30, 40, 3, (slice(0, 0), slice(0, 0))))
    assert sample["mask"].shape == (8, 10)


def test_what_is_missing_does_not_count():
    sample = build()(sample_of(6, 40))
    assert sample["image"].shape == (8, 10, 3)
    assert (sample["mask"][:6] > 0).all()
    assert not sample["mask"][6:].any()
    assert not sample["gt_text"][6:].any()
    same = sample_of(8, 10)
    assert build()(same)["image"] is same["image"]


def test_a_map_of_another_size_is_refused():
    sample = sample_of(30, 40)
    sample["mask"] = sample["mask"][:-1]
    with pytest.raises(Rejected, match="'mask' is"):
        build()(sample)
