"""From configs to specs, without paddle."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ppocr.config import ConfigError, as_section
from ppocr.pipeline import derive as module
from ppocr.pipeline.derive import derive, wire
from ppocr.utils.files import REPOSITORY
from tests.export.small import CHARACTERS, config_of


def test_a_detector():
    spec = derive(as_section(config_of("det")))
    assert [op.name for op in spec.pre] == [
        "DecodeImage",
        "DetResizeForTest",
        "NormalizeImage",
        "ToCHWImage",
    ]
    assert spec.op("DetResizeForTest").settings["limit_side_len"] == 320
    assert spec.op("NormalizeImage").settings["scale"] == 1 / 255
    assert spec.inputs[0].shape == (-1, 3, -1, -1)
    assert (spec.task, spec.outputs, spec.batch) == ("det", ("maps",), "single")
    assert spec.specials["box_filter"]["min_side_px"] == 3
    assert spec.characters == ()


def test_a_recogniser():
    spec = derive(as_section(config_of("rec")))
    assert [op.name for op in spec.pre] == ["DecodeImage", "RecResizeImg"]
    assert spec.inputs[0].shape == (-1, 3, 32, -1)
    assert (spec.outputs, spec.batch) == (("probs",), "own")
    assert spec.characters == CHARACTERS  # the lines of the file: neither blank nor added space
    assert spec.specials["use_space_char"] is True
    assert spec.specials["classes"] == len(CHARACTERS) + 2


def test_no_setting_is_left_to_a_default():
    spec = derive(as_section(config_of("det")))
    assert spec.post.settings["score_mode"] == "fast"
    assert spec.post.settings["box_type"] == "quad"
    assert spec.op("DecodeImage").settings["img_mode"] == "BGR"


def test_height_comes_from_the_config():
    config = config_of("rec")
    config["Eval"]["dataset"]["transforms"][2]["RecResizeImg"]["image_shape"] = [3, 48, 320]
    assert derive(as_section(config)).inputs[0].shape == (-1, 3, 48, -1)


def test_a_resize_or_network_of_one_width_fixes_it(monkeypatch):
    config = config_of("rec")
    steps = config["Eval"]["dataset"]["transforms"]
    steps[2] = {"SVTRRecResizeImg": {"image_shape": [3, 32, 100]}}
    spec = derive(as_section(config))
    assert (spec.batch, spec.inputs[0].shape) == ("fixed", (-1, 3, 32, 100))
    monkeypatch.setattr(module, "is_fixed_width", lambda _: True)
    spec = derive(as_section(config_of("rec")))
    assert (spec.batch, spec.inputs[0].shape) == ("fixed", (-1, 3, 32, 100))


def test_right_to_left_is_stored_because_the_path_is_not(tmp_path):
    folder = tmp_path / "arabic"
    folder.mkdir()
    (folder / "dict.txt").write_text("ا\nب\n", encoding="utf-8")
    config = config_of("rec")
    config["Global"]["character_dict_path"] = str(folder / "dict.txt")
    assert derive(as_section(config)).specials["reverse"] is True


def test_classes_of_heads_come_from_the_codec():
    config = as_section(config_of("rec"))
    head = wire(config)["Architecture"]["Head"]
    assert head.computed == {"out_channels": len(CHARACTERS) + 2}
    assert head.origin("out_channels") == "computed"
    assert wire(as_section(config_of("det")))["Architecture"]["Head"].computed == {}


def test_classes_of_several_heads_and_networks():
    ctc = len(CHARACTERS) + 2
    config = config_of("rec")
    config["Architecture"] = {
        "model_type": "rec",
        "name": "DistillationModel",
        "Models": {
            "Student": {"Head": {"name": "MultiHead", "head_list": [{"CTCHead": {}}]}},
            "Teacher": {"Head": {"name": "CTCHead"}},
        },
    }
    models = wire(as_section(config))["Architecture"]["Models"]
    assert models["Student"]["Head"].computed["out_channels_list"] == {
        "CTCLabelDecode": ctc,
        "AttnLabelDecode": ctc + 1,
        "SARLabelDecode": ctc + 2,
        "NRTRLabelDecode": ctc + 3,
    }
    assert models["Teacher"]["Head"].computed["out_channels"] == ctc


@pytest.mark.parametrize(
    ("decoder", "head", "beyond"),
    [
        ("AttnLabelDecode", "AttentionHead", 2),
        ("SARLabelDecode", "SARHead", 3),
        ("NRTRLabelDecode", "Transformer", 4),
    ],
)
def test_each_head_gets_the_classes_of_its_decoder_and_the_length_of_labels(decoder, head, beyond):
    config = config_of("rec")
    config["Global"]["max_text_length"] = 31
    config["PostProcess"] = {"name": decoder}
    config["Architecture"]["Head"] = {"name": head}
    computed = wire(as_section(config))["Architecture"]["Head"].computed
    assert computed["out_channels"] == len(CHARACTERS) + 1 + beyond
    assert computed.get("max_text_length", 31) == 31
    config["Architecture"]["Head"] = {"name": head, "max_text_length": 9}
    assert "max_text_length" not in wire(as_section(config))["Architecture"]["Head"].computed


def test_a_decoder_of_another_kind_of_label_is_refused():
    config = config_of("rec")
    config["Architecture"]["Head"] = {"name": "AttentionHead"}
    with pytest.raises(ConfigError, match="AttentionHead is read by AttnLabelDecode"):
        wire(as_section(config))


@pytest.mark.parametrize("missing", ["Eval", "PostProcess", "Architecture"])
def test_what_is_missing_is_named(missing):
    config = config_of("det")
    del config[missing]
    with pytest.raises(ConfigError, match=missing):
        derive(as_section(config))


def test_deriving_imports_no_paddle():
    code = (
        "import sys\n"
        "from ppocr.config import load\n"
        "from ppocr.pipeline.derive import derive, wire\n"
        "import ppocr.pipeline.runner, ppocr.pipeline.opening, ppocr.backends.open\n"
        "derive(wire(load('configs/det/det_mv3_db.yml')))\n"
        "assert 'paddle' not in sys.modules, 'paddle was imported'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
