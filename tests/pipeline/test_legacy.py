"""Exports without a Pipeline section, and without any description at all."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from ppocr.pipeline import legacy
from ppocr.pipeline.store import from_content
from ppocr.utils.exits import DataError, UsageError

# the official sections of models that PaddleOCR 3.x ships
OFFICIAL_DET = {
    "Global": {"model_name": "PP-OCRv5_mobile_det"},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"DetLabelEncode": None},
            {"DetResizeForTest": {"resize_long": 960}},
            {
                "NormalizeImage": {
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "scale": "1./255.",
                    "order": "hwc",
                }
            },
            {"ToCHWImage": None},
            {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
        ]
    },
    "PostProcess": {"name": "DBPostProcess", "thresh": 0.3, "box_thresh": 0.6},
}
OFFICIAL_REC = {
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
        ]
    },
    "PostProcess": {"name": "CTCLabelDecode", "character_dict": ["a", "b", "1"]},
}


class Classes:
    """An engine that tells a number of classes apart, with a step for every so many columns."""

    def __init__(self, classes: int, columns: int = 8, axes: int = 3) -> None:
        self.classes, self.columns, self.axes = classes, columns, axes

    def run(self, feeds):
        steps = feeds[0].shape[3] // self.columns if self.columns else 25
        shape = (len(feeds[0]), steps, self.classes)
        return [np.zeros(shape[: self.axes], np.float32)]


@pytest.fixture
def told(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("ppocr"), "propagate", True)
    caplog.set_level(logging.INFO, "ppocr")
    return caplog


def test_an_official_detector_is_read_as_its_client_reads_it(told):
    stored = from_content(OFFICIAL_DET, "here")
    assert not stored.complete
    assert [op.name for op in stored.spec.pre] == [
        "DecodeImage",
        "DetResizeForTest",
        "NormalizeImage",
        "ToCHWImage",
    ]
    size = stored.spec.op("DetResizeForTest").settings
    assert size == {"limit_side_len": 960, "limit_type": "max"}
    assert stored.spec.specials["box_filter"]
    assert "written by another program" in told.text


@pytest.mark.parametrize(("classes", "space"), [(5, True), (4, False)])
def test_whether_a_space_was_added_is_told_by_the_network(classes, space):
    spec = from_content(OFFICIAL_REC, "here").spec
    settled = legacy.settle(spec, Classes(classes))
    assert settled.specials["use_space_char"] is space
    assert settled.specials["classes"] == classes
    assert legacy.settle(settled, Classes(99)) is settled


def test_a_dictionary_of_another_model_is_refused():
    spec = from_content(OFFICIAL_REC, "here").spec
    with pytest.raises(DataError, match="tells 9 classes apart, its dictionary has 3"):
        legacy.settle(spec, Classes(9))


def test_unknown_steps_are_named():
    content = {**OFFICIAL_REC, "PreProcess": {"transform_ops": [{"Foo": None}]}}
    with pytest.raises(DataError, match="Foo"):
        from_content(content, "here")


def test_flags_and_the_defaults_of_the_original(told):
    spec = legacy.from_flags("det", {"det_db_thresh": 0.2, "det_limit_side_len": None}, "model")
    size = spec.op("DetResizeForTest").settings
    assert size == {"limit_side_len": 960, "limit_type": "max"}
    assert spec.post.settings["thresh"] == 0.2
    assert spec.post.settings["box_thresh"] == 0.6
    assert spec.post.settings["unclip_ratio"] == 1.5
    assert "has no inference.yml" in told.text


def test_a_recogniser_by_flags(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("x\ny\n", encoding="utf-8")
    given = {"rec_char_dict_path": str(path), "rec_image_shape": [3, 32, 100]}
    spec = legacy.from_flags("rec", given, "model")
    assert spec.characters == ("x", "y")
    assert spec.inputs[0].shape == (-1, 3, 32, -1)
    assert spec.specials["use_space_char"] is True
    spec = legacy.from_flags("cls", {}, "model")
    assert spec.post.settings["label_list"] == ["0", "180"]


def test_only_ctc_is_taken_without_a_description(tmp_path, told):
    path = tmp_path / "dict.txt"
    path.write_text("x\ny\n", encoding="utf-8")
    spec = legacy.from_flags("rec", {"rec_char_dict_path": str(path)}, "model")
    assert "read as that of a CTC model" in told.text
    assert legacy.settle(spec, Classes(4), described=False).specials["classes"] == 4
    assert "whatever the width" not in told.text
    legacy.settle(spec, Classes(4, columns=0), described=False)
    assert "25 steps whatever the width" in told.text
    with pytest.raises(UsageError, match="the output of SRN cannot be read"):
        legacy.from_flags("rec", {"rec_algorithm": "SRN"}, "model")
    with pytest.raises(UsageError, match="the output of EAST cannot be read"):
        legacy.from_flags("det", {"det_algorithm": "EAST"}, "model")
    assert legacy.from_flags("det", {"det_algorithm": "DB"}, "model").task == "det"
    with pytest.raises(DataError, match="its output has 2 axes"):
        legacy.settle(spec, Classes(4, axes=2), described=False)
    with pytest.raises(DataError, match="none of CTC and needs its inference.yml"):
        legacy.settle(spec, Classes(9), described=False)
    assert legacy.settle(spec, Classes(4, columns=0)).specials["classes"] == 4


def test_other_tasks_need_a_description():
    with pytest.raises(UsageError, match="det, rec and cls"):
        legacy.from_flags("table", {}, "model")
