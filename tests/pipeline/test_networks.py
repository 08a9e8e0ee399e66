"""A distillation seen as models of their own, before anything is built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ppocr.config import as_section, load, plain
from ppocr.config.errors import ConfigError
from ppocr.config.explain import bare_yaml
from ppocr.metrics import build_metric
from ppocr.pipeline.derive import derive, wire
from ppocr.pipeline.named_files import missing
from ppocr.pipeline.networks import (
    check_names,
    decoded_networks,
    key_network,
    nested,
    network_config,
    wanted_networks,
)
from ppocr.pipeline.runner import Runner
from ppocr.utils.exits import DataError

CHARACTERS = ["a", "b", "c"]
LINE = {
    "model_type": "rec",
    "algorithm": "SVTR_LCNet",
    "return_all_feats": True,
    "freeze_params": False,
    "pretrained": None,
    "Backbone": {"name": "MobileNetV1Enhance", "scale": 0.5},
    "Head": {
        "name": "MultiHead",
        "head_list": [
            {"CTCHead": {"Neck": {"name": "svtr"}, "Head": {"fc_decay": 1e-5}}},
            {"SARHead": {"enc_dim": 64}},
        ],
    },
}
EVAL = {
    "dataset": {
        "name": "SimpleDataSet",
        "transforms": [
            {"DecodeImage": {"img_mode": "BGR"}},
            {"MultiLabelEncode": None},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
            {"KeepKeys": {"keep_keys": ["image", "label_ctc"]}},
        ],
    },
    "loader": {},
}


def config(**changes):
    found = {
        "Global": {"epoch_num": 1},
        "Architecture": {
            "name": "DistillationModel",
            "model_type": "rec",
            "Models": {"Teacher": LINE, "Student": LINE},
        },
        "Loss": {
            "name": "CombinedLoss",
            "loss_config_list": [
                {"DistillationDMLLoss": {"model_name_pairs": [["Student", "Teacher"]]}},
                {
                    "DistillationCTCLoss": {
                        "weight": 2.0,
                        "model_name_list": ["Student"],
                        "key": "head_out",
                        "multi_head": True,
                        "use_focal_loss": True,
                        "name": "ctc",
                    }
                },
                {"DistillationSARLoss": {"weight": 0.5, "model_name_list": ["Student"]}},
            ],
        },
        "PostProcess": {
            "name": "DistillationCTCLabelDecode",
            "model_name": ["Student", "Teacher"],
            "key": "head_out",
            "character_dict": CHARACTERS,
        },
        "Metric": {"name": "DistillationMetric", "key": "Student", "ignore_space": False},
        "Eval": EVAL,
    }
    return as_section({**found, **changes})


def test_the_config_of_one_network_is_that_of_a_plain_model():
    alone = network_config(config(), "Student")
    assert plain(alone["Loss"]) == {
        "name": "MultiLoss",
        "weight_1": 2.0,
        "weight_2": 0.5,
        "loss_config_list": [{"CTCLoss": {"use_focal_loss": True}}, {"SARLoss": None}],
    }
    assert plain(alone["PostProcess"]) == {"name": "CTCLabelDecode", "character_dict": CHARACTERS}
    assert plain(alone["Metric"]) == {"name": "RecMetric", "ignore_space": False}
    kept = {"model_type", "algorithm", "Backbone", "Head"}
    assert set(alone["Architecture"]) == kept
    wired = plain(wire(alone)["Architecture"]["Head"])["out_channels_list"]
    assert wired["CTCLabelDecode"] == 4
    assert derive(alone).outputs == ("probs",)
    assert "out_channels_list" in bare_yaml(wire(alone))


def test_a_network_without_a_loss_of_its_own_gets_that_of_the_others():
    losses = [{"DistillationDBLoss": {"model_name_list": ["Student"], "alpha": 3, "weight": 2.0}}]
    head = {"model_type": "det", "Head": {"name": "PFHeadLocal"}}
    architecture = {"model_type": "det", "Models": {"Student": head, "Teacher": head}}
    post = {"name": "DistillationDBPostProcess", "model_name": ["Student"], "thresh": 0.2}
    found = config(
        Architecture=architecture,
        Loss={"name": "CombinedLoss", "loss_config_list": losses},
        PostProcess=post,
    )
    alone = network_config(found, "Teacher")
    assert plain(alone["Loss"]) == {"name": "DBLoss", "alpha": 3}
    assert plain(alone["PostProcess"]) == {"name": "DBPostProcess", "thresh": 0.2}
    head["Head"] = {"name": "SomethingHead"}
    with pytest.raises(ConfigError, match="which loss trains a SomethingHead"):
        network_config(config(Architecture=architecture), "Teacher")


def test_a_plain_config_is_its_own():
    found = config(Architecture=LINE)
    assert network_config(found, "") is found
    assert key_network(found) == ""
    assert wanted_networks(found) == [""]
    assert list(check_names(found)) == []


def test_names_of_networks_are_checked_wherever_they_stand():
    wrong = config(
        Metric={"name": "DistillationMetric", "key": "student"},
        PostProcess={"name": "DistillationCTCLabelDecode", "model_name": "Studnt"},
        Loss={
            "name": "CombinedLoss",
            "loss_config_list": [
                {"DistillationCTCLoss": {"model_name_list": ["Student", "Tutor"]}},
                {"DistillationDMLLoss": {"model_name_pairs": [["Student", "Teachr"]]}},
            ],
        },
    )
    texts = [problem.text for problem in check_names(wrong)]
    assert texts == [
        "PostProcess.model_name: there is no network 'Studnt' (there are Teacher, Student); "
        "did you mean 'Student'?",
        "DistillationCTCLoss.model_name_list: there is no network 'Tutor' (there are Teacher, "
        "Student)",
        "DistillationDMLLoss.model_name_pairs: there is no network 'Teachr' (there are Teacher, "
        "Student); did you mean 'Teacher'?",
        "Metric.key: there is no network 'student' (there are Teacher, Student); did you mean "
        "'Student'?",
    ]
    assert [one.text for one in check_names(config(Global={"export_networks": ["all"]}))] == []
    (wish,) = check_names(config(Global={"export_networks": ["Studnet"]}))
    assert wish.text.startswith("Global.export_networks: there is no network 'Studnet'")
    unread = config(Metric={"name": "DistillationMetric", "key": "Student"})
    unread["PostProcess"]["model_name"] = ["Teacher"]
    assert [one.text for one in check_names(unread)] == [
        "Metric.key is 'Student', but PostProcess.model_name has only Teacher"
    ]


def test_which_networks_are_exported():
    assert wanted_networks(config()) == ["Student"]
    for given, names in (("all", ["Teacher", "Student"]), (["Teacher"], ["Teacher"])):
        section = {"epoch_num": 1, "export_networks": given}
        assert wanted_networks(config(Global=section)) == names
    with pytest.raises(ConfigError, match="no network 'Tracher'.*did you mean 'Teacher'"):
        wanted_networks(config(Global={"export_networks": "Tracher"}))


def test_a_file_of_weights_that_is_not_there_is_told_with_its_line(tmp_path: Path):
    path = tmp_path / "c.yml"
    path.write_text(
        "Architecture:\n  Models:\n    Student:\n      pretrained: nowhere/best\n", encoding="utf-8"
    )
    (problem,) = missing(load(path))
    assert problem.place.line == 4
    assert "nowhere/best" in problem.text


class Both:
    """Two networks that read the brightness of a line in different ways."""

    def __init__(self, classes: tuple[int, int]) -> None:
        self.classes = classes

    def run(self, feeds):
        size = len(feeds[0])
        ids = [np.full((size, 6), 1), np.full((size, 6), 2)]
        return [np.eye(c, dtype=np.float32)[i] for c, i in zip(self.classes, ids, strict=True)]


def test_results_of_several_networks_are_told_apart_and_counted():
    spec = derive(config())
    assert spec.outputs == ("Teacher.probs", "Student.probs")
    runner = Runner(spec, Both((4, 4)))
    images = [np.zeros((48, 320, 3), np.uint8)] * 2
    results = runner(images)
    assert results == [{"Student": ("b", 1.0), "Teacher": ("a", 1.0)}] * 2
    metric = build_metric(config()["Metric"], runner.post)
    metric(results, {"text": ["b", "x"]})
    figures = metric.get_metric()
    assert figures["acc"] == pytest.approx(0.5, abs=1e-3)
    assert figures["Teacher_acc"] == 0
    with pytest.raises(DataError, match="tells 5 classes apart"):
        Runner(spec, Both((5, 4)))(images)
    with pytest.raises(DataError, match="tells 3 classes apart"):
        Runner(spec, Both((4, 3)))(images)


def test_only_networks_that_are_decoded_are_run():
    found = config()
    found["PostProcess"]["model_name"] = ["Student"]
    assert decoded_networks(found) == ["Student"]
    assert derive(found).outputs == ("Student.probs",)
    assert nested({"A.x": 1, "A.y": 2, "z": 3}) == {"A": {"x": 1, "y": 2}, "z": 3}
