"""A metric of zero comes with what the network said."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ppocr.postprocess.det_db import DBPostProcess
from ppocr.text.charset import Charset
from ppocr.text.ctc import CTCCodec
from ppocr.training import zero
from tests.mistakes.material import quad


class Runner:
    """Gives the same output for every sample."""

    networks = ()

    def __init__(self, post, name, output):
        self.post, self.name, self.output = post, name, output
        self.spec = SimpleNamespace(inputs=(SimpleNamespace(name="image"),))

    def infer(self, feeds):
        return {self.name: np.stack([self.output] * len(feeds[0]))}


def loader(batch):
    fetcher = lambda request: SimpleNamespace(batch=batch)  # noqa: E731
    return SimpleNamespace(fetcher=fetcher, sampler=SimpleNamespace(epoch=lambda n: iter([0, 1])))


def det(level, high=40.0, zoom=1.0, ratio=None):
    map_HW = np.full((200, 400), 0.01, np.float32)
    cv2.fillPoly(map_HW, [quad(20, 20, 200, 30).astype(np.int32)], (level,))
    batch = {
        "image": np.zeros((1, 1, 1, 1), np.float32),
        "polys": [np.stack([quad(20, 20, 200, high)])],
        "shape": np.array([[200, 400, zoom, zoom]]),
    }
    post = DBPostProcess(thresh=0.3, box_thresh=0.7)
    return "; ".join(zero.why(Runner(post, "maps", map_HW[None]), loader(batch), 0, ratio))


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (0.2, "reach 0.200, no pixel is above thresh = 0.3"),
        (0.5, "2 regions are above thresh = 0.3, 0 of them above box_thresh = 0.7"),
        (0.9, "2 of them above box_thresh = 0.7 (the best has 0.900)"),
    ],
)
def test_maps_are_held_against_the_thresholds(level, said):
    assert said in det(level)


def test_texts_that_shrink_to_nothing_are_counted():
    assert "cannot be found" not in det(0.9)
    assert "2 of their 2 texts" in det(0.9, high=40, zoom=0.1)


def test_texts_are_shrunk_as_the_config_says():
    assert "cannot be found" not in det(0.9, high=40, zoom=0.3, ratio=0.4)
    assert "2 of their 2 texts" in det(0.9, high=40, zoom=0.3, ratio=0.05)
    transforms = [{"DecodeImage": None}, {"MakeShrinkMap": {"shrink_ratio": 0.3}}]
    config = {"Train": {"dataset": {"transforms": transforms}}}
    assert zero.learnt_ratio(config)(7) == 0.3
    transforms[1]["MakeShrinkMap"]["total_epoch"] = 100
    assert zero.learnt_ratio(config)(50) == pytest.approx(0.4)  # half of its growth of 0.2
    assert zero.learnt_ratio({"Eval": {}})(50) == 0.4


def test_blanks_and_labels_that_are_too_long_are_counted():
    codec = CTCCodec(Charset(("a", "b")))
    probs_TC = np.tile(np.array([0.9, 0.08, 0.02], np.float32), (4, 1))
    probs_TC[0] = (0.2, 0.7, 0.1)
    batch = {"image": np.zeros((2, 1), np.float32), "text": ["abba", "ab"]}
    runner = Runner(SimpleNamespace(codec=codec), "probs", probs_TC)
    said = zero.why(runner, loader(batch))
    assert said[0].startswith("75.0% of the time steps")
    assert "0.700" in said[0]
    assert said[1].startswith("2 of 4 labels need more than the 4 time steps there are (up to 5)")


def test_other_models_say_nothing():
    batch = {"image": np.zeros((1, 1), np.float32)}
    assert zero.why(Runner(SimpleNamespace(), "out", np.zeros(3)), loader(batch)) == []
