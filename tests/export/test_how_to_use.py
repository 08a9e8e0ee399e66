"""What is printed after an export, for clients of others: calls that give what evaluation gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ppocr.config import load
from ppocr.export.report import how_to_use
from ppocr.pipeline import store
from ppocr.pipeline.derive import derive, wire
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils.files import REPOSITORY


def spec_of(config: str) -> PipelineSpec:
    """Return the spec of a config that ships."""
    return derive(wire(load(REPOSITORY / "configs" / config)))


def told(spec: PipelineSpec, folder: Path) -> str:
    (folder / "inference.onnx").touch()
    return "\n".join(how_to_use(spec, folder))


def test_lines_go_one_by_one_where_a_client_would_pad_them_to_their_neighbours(tmp_path):
    lines = told(spec_of("quickstart/rec.yml"), tmp_path)
    assert "text_recognition_batch_size=1" in lines
    assert "'Rec.rec_batch_num': 1" in lines
    assert "'Rec.rec_img_shape': [3, 32, 128]" in lines


@pytest.mark.parametrize(
    "config", ["rec/rec_mv3_tps_bilstm_ctc.yml", "rec/rec_mv3_tps_bilstm_att.yml"]
)
def test_no_call_is_shown_that_the_model_cannot_answer(tmp_path, config):
    lines = told(spec_of(config), tmp_path)
    assert "PaddleOCR 3.x" in lines
    assert "cannot run this model" in lines
    assert "TextRecognition(" not in lines
    assert "RapidOCR(" not in lines


def test_a_classifier_is_shown_with_its_own_size(tmp_path):
    lines = told(spec_of("cls/cls_mv3.yml"), tmp_path)
    assert "'Cls.cls_image_shape': [3, 48, 192]" in lines


@pytest.mark.parametrize(("width", "narrowest"), [(128, 128), (320, 160)])
def test_the_range_of_widths_holds_the_narrowest_line_there_is(width, narrowest):
    spec = spec_of("quickstart/rec.yml")
    resized = replace(spec.pre[1], settings={"image_shape": [3, 32, width], "padding": True})
    content = yaml.safe_load(store.to_text(replace(spec, pre=(spec.pre[0], resized))))
    ranges = content["Hpi"]["backend_configs"]["tensorrt"]["dynamic_shapes"]["x"]
    assert ranges == [[1, 3, 32, narrowest], [1, 3, 32, 320], [8, 3, 32, 3200]]
