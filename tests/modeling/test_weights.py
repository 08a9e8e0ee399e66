"""Weights: all of them, or a short list of what does not fit."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.modeling import build_model
from ppocr.modeling.weights import LINES, Report, load_weights, read_params
from ppocr.utils import pickles
from ppocr.utils.exits import DataError, MissingInput

DET = {
    "model_type": "det",
    "algorithm": "DB",
    "Backbone": {"name": "MobileNetV3", "scale": 0.35, "model_name": "small", "disable_se": True},
    "Neck": {"name": "DBFPN", "out_channels": 16},
    "Head": {"name": "DBHead"},
}
REC = {
    "model_type": "rec",
    "algorithm": "CRNN",
    "Backbone": {"name": "MobileNetV3", "scale": 0.35, "model_name": "small"},
    "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 8},
    "Head": {"name": "CTCHead", "out_channels": 12},
}


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Any], str]:
    def write(params: Any) -> str:
        pickles.write(tmp_path / "w.pdparams", params)
        return str(tmp_path / "w")

    return write


def _arrays(section: dict[str, Any], seed: int = 1) -> dict[str, np.ndarray]:
    paddle.seed(seed)
    return {key: one.numpy() for key, one in build_model(section).state_dict().items()}


def _assert_loaded(model: paddle.nn.Layer, params: dict[str, np.ndarray]) -> None:
    for key, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), params[key], err_msg=key)


@pytest.mark.parametrize("section", [DET, REC], ids=["det", "rec"])
@pytest.mark.parametrize("prefix", ["", "module.", "Student.", "module.Student."])
def test_everything_is_loaded_below_any_prefix(save: Any, section: dict, prefix: str) -> None:
    params = _arrays(section)
    paddle.seed(2)
    model = build_model(section)
    report = load_weights(model, save({prefix + key: one for key, one in params.items()}))
    assert report.complete
    assert f"matched {len(params)} of {len(params)} (100 %)" in report.lines()[0]
    assert (prefix == "") == (not report.notes)
    _assert_loaded(model, params)


def test_the_student_is_taken_from_a_distillation_checkpoint(save: Any) -> None:
    networks = {
        name: _arrays(DET, seed) for seed, name in enumerate(("Teacher", "Student2", "Student"))
    }
    both = {f"{name}.{key}": one for name, part in networks.items() for key, one in part.items()}
    model = build_model(DET)
    report = load_weights(model, save(both))
    _assert_loaded(model, networks["Student"])
    assert "below 'Student.'" in report.notes[0]
    assert "Teacher" in report.notes[0]


@pytest.mark.parametrize("suffix", ["", ".pdparams"])
def test_the_suffix_is_optional(save: Any, suffix: str) -> None:
    assert set(read_params(save(_arrays(REC)) + suffix)) == set(_arrays(REC))


def test_a_missing_file_names_both_places(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"nothing: there is no nothing\.pdparams in"):
        read_params(tmp_path / "nothing")


@pytest.mark.parametrize("drop", ["head.", "neck.", "backbone.blocks.3"])
def test_a_gap_is_an_error_and_loads_nothing(save: Any, drop: str) -> None:
    params = _arrays(REC)
    model = build_model(REC)
    before = {key: one.numpy() for key, one in model.state_dict().items()}
    path = save({key: one for key, one in params.items() if not key.startswith(drop)})
    with pytest.raises(DataError, match=r"missing in the file: .*" + drop.replace(".", r"\.")):
        load_weights(model, path)
    _assert_loaded(model, before)


def test_an_allowed_gap_is_reported(save: Any) -> None:
    params = _arrays(REC)
    params["head.fc.weight"] = params["head.fc.weight"][:, :5]
    del params["head.fc.bias"]
    model = build_model(REC)
    with pytest.raises(DataError, match=r"other shape: head\.fc\.weight \[\d+, 5\] instead"):
        load_weights(model, save(params))
    report = load_weights(model, save(params), allow_partial=["head.*"])
    assert len(report.allowed) == 2
    assert report.matched == report.total - 2


def test_another_network_is_refused_in_ten_lines(save: Any) -> None:
    with pytest.raises(DataError) as caught:
        load_weights(build_model(REC), save(_arrays(DET)))
    assert len(str(caught.value).splitlines()) <= LINES + 1
    assert caught.value.exit_code == 65


@pytest.mark.parametrize("front", ["backbone.", ""])
def test_a_backbone_alone_is_recognised(save: Any, front: str) -> None:
    params = _arrays(DET)
    backbone = {k: v for k, v in params.items() if k.startswith("backbone.")}
    path = save({front + k.removeprefix("backbone."): v for k, v in backbone.items()})
    model = build_model(DET)
    head = model.state_dict()["head.thresh.conv1.weight"].numpy()
    report = load_weights(model, path)
    assert report.total == len(backbone)
    assert "backbone alone" in report.notes[0]
    np.testing.assert_array_equal(model.state_dict()["head.thresh.conv1.weight"].numpy(), head)
    key = "backbone.stage0.0.expand_conv.conv.weight"
    np.testing.assert_array_equal(model.state_dict()[key].numpy(), backbone[key])


def test_half_a_backbone_is_refused(save: Any) -> None:
    params = {k: v for k, v in _arrays(DET).items() if k.startswith("backbone.stage0")}
    with pytest.raises(DataError, match="missing in the file"):
        load_weights(build_model(DET), save(params))


def test_a_classification_network_is_paired_by_order(save: Any) -> None:
    backbone = {k: v for k, v in _arrays(DET).items() if k.startswith("backbone.")}
    leaves = [key.rsplit(".", 1)[-1] for key in backbone]
    other = {
        f"layer{i}.{leaf}": v
        for i, (leaf, v) in enumerate(zip(leaves, backbone.values(), strict=True))
    }
    other["fc.weight"] = np.zeros((10, 1000), np.float32)
    model = build_model(DET)
    report = load_weights(model, save(other))
    assert "by order" in report.notes[0]
    for key, value in backbone.items():
        np.testing.assert_array_equal(model.state_dict()[key].numpy(), value)
    swapped = dict(reversed(other.items()))
    with pytest.raises(DataError):
        load_weights(build_model(DET), save(swapped))


def test_more_than_the_network_has_is_reported(save: Any) -> None:
    report = load_weights(build_model(REC), save({**_arrays(REC), "head.sar.weight": np.ones(3)}))
    assert report.extra == ["head.sar.weight"]
    assert any("only in the file" in line for line in report.lines())


def test_one_of_two_names_of_a_tensor_is_enough(save: Any) -> None:
    params = _arrays(REC)
    fewer = {
        key: one for key, one in params.items() if ".lstm.0." not in key and ".lstm.1." not in key
    }
    assert len(fewer) < len(params)
    model = build_model(REC)
    assert load_weights(model, save(fewer)).complete
    _assert_loaded(model, params)


def test_half_precision_is_converted(save: Any) -> None:
    params = _arrays(REC)
    half = {key: one.astype(np.float16) for key, one in params.items()}
    bits = {key: (one.view(np.uint32) >> 16).astype(np.uint16) for key, one in params.items()}
    for stored, name in ((half, "float16"), (bits, "bfloat16")):
        model = build_model(REC)
        report = load_weights(model, save(stored))
        assert any(name in note for note in report.notes)
        for key, tensor in model.state_dict().items():
            np.testing.assert_allclose(tensor.numpy(), params[key], rtol=1e-2, atol=1e-6)


def test_numbers_that_are_not_finite_are_refused(save: Any) -> None:
    params = _arrays(REC)
    params["head.fc.bias"] = params["head.fc.bias"] * np.nan
    with pytest.raises(DataError, match=r"not finite.*head\.fc\.bias"):
        load_weights(build_model(REC), save(params))


def test_a_long_report_stays_short() -> None:
    report = Report("w", 100, missing=[f"part{i}.x" for i in range(50)])
    assert len(report.lines()) == LINES
    assert "groups more" in report.lines()[-1]


def test_a_backbone_is_not_a_whole_network(save: Any) -> None:
    params = {k: v for k, v in _arrays(DET).items() if k.startswith("backbone.")}
    with pytest.raises(DataError, match="would be random"):
        load_weights(build_model(DET), save(params), whole=True)


TAR = b"a/w.pdparams".ljust(257, b"\0") + b"ustar\x0000"
STRANGERS = [
    ("w.pth", b"PK\x03\x04...", "PyTorch file: names and shapes have to be converted"),
    ("old.pth", pickle.dumps(0x1950A86A20F9469CFC6C, 2), "it is a PyTorch file"),
    ("w.pdparams", b"PK\x03\x04...", "a zip archive: to be unpacked"),
    ("v4_rec_train.tar", TAR, "unpack it, and name the .pdparams file"),
    ("w.pdparams", b"\x1f\x8b\x08rest", "unpack it, and name the .pdparams file"),
    ("w.pdparams", b"\n<!DOCTYPE html><html>", "a web page: the download gave no weights"),
    ("w.pdparams", b"version https://git-lfs.github.com/spec/v1\n", "`git lfs pull` brings"),
    ("w.pdparams", b"", "it is empty"),
    ("inference.pdiparams", bytes(40), "name the weights it was made from"),
    ("inference.json", b'{"base_code": {}}', "name the weights it was made from"),
    ("rec.onnx", b"\x08\x07", "name the weights it was made from"),
]


@pytest.mark.parametrize(("name", "content", "text"), STRANGERS, ids=lambda one: str(one)[:20])
def test_what_is_no_checkpoint_is_told_with_a_way_out(tmp_path, name, content, text) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=re.escape(text)):
        read_params(tmp_path / name)


@pytest.mark.parametrize("given", ["", "inference"], ids=["folder", "prefix"])
def test_a_folder_of_an_export_is_no_checkpoint(tmp_path: Path, given: str) -> None:
    for name in ("inference.json", "inference.pdiparams"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(
        MissingInput, match="a model that was exported.*archives that end in _train"
    ):
        read_params(tmp_path / given)


def test_parts_that_a_file_lacks_altogether_are_proposed_as_a_pattern(save: Any) -> None:
    params = _arrays(REC)
    path = save({key: one for key, one in params.items() if not key.startswith("head.fc.")})
    with pytest.raises(DataError, match=r"-o Global.allow_partial=\[head\.fc\.\*\]"):
        load_weights(build_model(REC), path)
    assert load_weights(build_model(REC), path, allow_partial=["head.fc.*"]).complete
