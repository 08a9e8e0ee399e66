"""Sequences of several kinds of networks: where they may come from, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.metrics.rec import RecMetric
from ppocr.postprocess import build_post_process
from ppocr.utils.exits import DataError

LINES = ["a", "b", "c"]


def build(name: str, **settings):
    return build_post_process({"name": name, "character_dict": LINES, **settings})


def probabilities(ids, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[None, ids] * 0.8


@pytest.mark.parametrize(
    ("name", "ids", "classes", "entry"),
    [
        ("AttnLabelDecode", [1, 3, 4, 0], 5, "probs"),
        ("SARLabelDecode", [0, 2, 4, 0], 5, "sar"),
        ("SARLabelDecode", [0, 2, 4, 0], 6, "sar"),
        ("NRTRLabelDecode", [4, 6, 3, 4], 7, "gtc"),
        ("NRTRLabelDecode", [4, 6, 3, 4], 8, "gtc"),
    ],
)
def test_the_probabilities_are_found(name, ids, classes, entry):
    decode, probs = build(name), probabilities(ids, classes)
    wanted = [("ac", pytest.approx(0.8))]
    for outputs in (probs, {"probs": probs}, {entry: probs, "ctc_neck": probs * 0}, [probs]):
        assert decode(outputs) == wanted
    half = decode(probs.astype(np.float16))
    assert half == [("ac", pytest.approx(0.8, abs=1e-3))]
    two = decode(np.concatenate([probs, probs]))  # two lines are two lines, not a pair
    assert two == wanted * 2


def test_a_network_may_choose_the_classes_itself():
    decode = build("NRTRLabelDecode")
    ids, probs = np.array([[2, 4, 6, 3]]), np.array([[1.0, 0.6, 0.8, 0.9]], dtype=np.float32)
    wanted = [("ac", pytest.approx(0.7))]
    assert decode([ids, probs]) == decode({"ids": ids, "probs": probs}) == wanted
    assert decode([ids.astype(np.float32), probs]) == wanted


@pytest.mark.parametrize("name", ["AttnLabelDecode", "SARLabelDecode", "NRTRLabelDecode"])
def test_a_dictionary_of_another_length_is_refused(name):
    with pytest.raises(DataError, match=r"9 classes, but the dictionary gives .*3 characters"):
        build(name)(probabilities([1], 9))


def test_symbols_taken_off_are_taken_off_the_truth_as_well():
    decode = build("SARLabelDecode", character_dict=["A", "-", "1"], rm_symbol=True)
    metric = RecMetric()
    metric.compare_with(decode.charset)
    results = decode(probabilities([0, 1, 2, 4], 6))
    assert results[0][0] == "a1"
    assert metric(results, {"text": ["A-1"]})["acc"] == 1.0


def test_each_network_of_a_distillation():
    decode = build(
        "DistillationSARLabelDecode",
        model_name=["Student", "Teacher"],
        key="head_out",
        multi_head=True,
    )
    sar = probabilities([0, 2, 4, 0], 5)
    outputs = {
        "Student": {"head_out": {"sar": sar, "ctc": sar * 0}},
        "Teacher": {"head_out": {"sar": sar[:, 1:], "ctc": sar * 0}},
    }
    found = decode(outputs)
    assert {name: rows[0][0] for name, rows in found.items()} == {"Student": "ac", "Teacher": "c"}
    assert decode.codec.num_classes == 6
