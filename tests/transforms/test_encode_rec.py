"""Labels of attention, SAR and NRTR heads, and of heads that share a text."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.config import ConfigError
from ppocr.transforms import create_operators
from ppocr.transforms.base import Rejected

NAMES = ("AttnLabelEncode", "SARLabelEncode", "NRTRLabelEncode")
MULTI = ({}, {"gtc_encode": "SARLabelEncode"}, {"gtc_encode": "NRTRLabelEncode"})


def build(name: str, **settings):
    (op,) = create_operators([{name: {"max_text_length": 6, **settings}}])
    return op


@pytest.mark.parametrize("name", NAMES)
def test_labels_have_one_length_and_keep_the_text(name):
    op = build(name)
    for text, length in (("a", 1), ("Ab", 2), ("a b-c", 3)):
        sample = op({"label": text})
        assert sample["label"].shape == (6,)
        assert (sample["text"], int(sample["length"])) == (text, length)
        known = op.codec.charset.known(text)
        assert op.codec.decode_labels(sample["label"][None]) == [(known, 1.0)]


@pytest.mark.parametrize(
    "op", [*map(build, NAMES), *(build("MultiLabelEncode", **m) for m in MULTI)]
)
def test_rejections_have_reasons_and_are_not_damage(op):
    for text, reason in (
        ("", "empty"),
        ("abcdefg", "too_long"),
        ("abcde", "too_long"),  # five characters and two marks
        ("中文", "only_unknown"),
    ):
        with pytest.raises(Rejected) as caught:
            op({"label": text})
        assert caught.value.reason == reason
        assert not caught.value.broken
    assert op({"label": "abcd"})["length"] == 4
    assert op({"label": "ab€中cd"})["length"] == 4  # the marks fit once they are left out


@pytest.mark.parametrize(
    ("settings", "name", "kept"),
    [
        (MULTI[0], "SARLabelEncode", "label_sar"),
        (MULTI[1], "SARLabelEncode", "label_sar"),
        (MULTI[2], "NRTRLabelEncode", "label_gtc"),
    ],
)
def test_several_labels_are_those_that_each_encoder_makes(settings, name, kept):
    both = build("MultiLabelEncode", **settings)({"label": "a€bB"})
    ctc, guide = build("CTCLabelEncode")({"label": "a€bB"}), build(name)({"label": "a€bB"})
    np.testing.assert_array_equal(both["label_ctc"], ctc["label"])
    np.testing.assert_array_equal(both[kept], guide["label"])
    assert both["length"] == ctc["length"] == guide["length"] == 3
    assert both["text"] == "a€bB"
    assert {"label_sar", "label_gtc"} - set(both) == {"label_sar", "label_gtc"} - {kept}


def test_a_guide_that_no_head_has_is_refused():
    with pytest.raises(ConfigError, match="gtc_encode"):
        build("MultiLabelEncode", gtc_encode="CTCLabelEncode")
