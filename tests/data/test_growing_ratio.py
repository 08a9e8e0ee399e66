"""``total_epoch``: targets grow with the epochs of the run, over interruptions too."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.data import build_dataloader
from tests.data import sets

TOTAL = 10


@pytest.fixture
def config(tmp_path):
    labels = sets.pages(tmp_path)
    found = sets.rec_config(labels)
    found["Train"]["dataset"]["transforms"] = [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"DetLabelEncode": None},
        {"MakeBorderMap": {"shrink_ratio": 0.4, "total_epoch": TOTAL}},
        {"MakeShrinkMap": {"shrink_ratio": 0.4, "total_epoch": TOTAL}},
        {"ToCHWImage": None},
        {"KeepKeys": {"keep_keys": ["image", "threshold_mask", "shrink_map"]}},
    ]
    return found


def areas(loader, epoch: int) -> tuple[float, float]:
    """Return how much of all pages of an epoch is text, and how much is border."""
    batches = list(loader.epoch(epoch, 0))
    return tuple(
        float(np.sum([batch[name].sum() for batch in batches]))
        for name in ("shrink_map", "threshold_mask")
    )


def test_text_regions_grow_and_borders_narrow(config):
    loader = build_dataloader(config, "Train")
    texts, borders = zip(*(areas(loader, epoch) for epoch in range(0, TOTAL, 3)), strict=True)
    loader.close()
    assert list(texts) == sorted(texts)  # outlines are drawn in whole pixels
    assert texts[0] < texts[-1]
    assert list(borders) == sorted(borders, reverse=True)
    assert borders[0] > borders[-1]


def test_a_resumed_run_goes_on_with_the_ratio_it_had(config):
    loader = build_dataloader(config, "Train")
    unbroken = [areas(loader, epoch) for epoch in range(4)]
    loader.close()
    resumed = build_dataloader(config, "Train")
    assert areas(resumed, 3) == unbroken[3]
    resumed.close()
    assert unbroken[3] != unbroken[0]
