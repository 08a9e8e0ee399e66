"""What the losses of a distillation ask for, and what its networks give, without building them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.config import load
from ppocr.pipeline import checks
from ppocr.pipeline.lessons import given
from ppocr.pipeline.networks import networks

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CML = CONFIGS / "det/ch_PP-OCRv3/ch_PP-OCRv3_det_cml.yml"
CTC = CONFIGS / "rec/ch_PP-OCRv2/ch_PP-OCRv2_rec_distillation.yml"
MULTI = CONFIGS / "rec/PP-OCRv3/ch_PP-OCRv3_rec_distillation.yml"
PLAIN = CONFIGS / "rec/PP-OCRv4/en_PP-OCRv4_rec.yml"
ONE_HEAD = CONFIGS / "rec/rec_mv3_none_bilstm_ctc.yml"
NRTR = CONFIGS / "rec/PP-OCRv4/ch_PP-OCRv4_rec_distill.yml"
LOSS = "Loss.loss_config_list[{}].Distillation{}"
DILA, DML, DB = LOSS.format(0, "DilaDBLoss"), LOSS.format(1, "DMLLoss"), LOSS.format(2, "DBLoss")
EACH_CTC, MULTI_DML = LOSS.format(0, "CTCLoss"), LOSS.format(0, "DMLLoss")
HEADS, LOSSES = "Architecture.Head.head_list", "Loss.loss_config_list"
ALONE = "{CTCHead: {Neck: {name: svtr, use_guide: true}}}"
THIRD = "Architecture.Models.Third={model_type: det, Head: {name: DBHead}}"

WRONG = [
    (CML, f"{DILA}.key=mapz", "key is 'mapz', but 'Student' gives maps; did you mean 'maps'?"),
    (CML, f"{DILA}.key=null", "key is null, and 'Student' gives maps: key says which"),
    (CML, f"{DILA}.model_name_pairs=[]", "names no network, so the loss would be nothing"),
    (CML, f"{DILA}.model_name_pairs=[[Student, Teacher, Student2]]", "takes pairs of networks"),
    (CML, f"{DML}.model_name_pairs=[Student, Student]", "compares 'Student' with itself"),
    (CML, f"{DML}.maps_name=[thinkmaps]", "did you mean 'thrink_maps'?"),
    (CML, f"{DB}.key=maps", "key should be left out: all that 'Student' gives is taken"),
    (CML, f"{DB}.weight=heavy", "weight should be float, not 'heavy'"),
    (CML, "Loss.loss_config_list=[]", "needs losses in its loss_config_list"),
    (CML, "Loss.loss_config_list=[{DBLoss: {}}]", "DistillationDBLoss says which of them"),
    (CML, "Metric.main_indicator=hmeen", "should be 'precision' or 'recall' or 'hmean'"),
    (CML, "Metric.base_metric_name=DetMetrik", "did you mean 'DetMetric'?"),
    (CML, "Architecture.Models.Teacher.freeze_params='false'", "freeze_params should be bool"),
    (CML, "Architecture.Models.Teacher.pretrained=true", "pretrained should be str"),
    (CML, "Architecture.Models.Teacher=null", "Models.Teacher should describe a network"),
    (CTC, f"{EACH_CTC}.key=head_ot", "did you mean 'head_out'?"),
    (CTC, f"{EACH_CTC}.multi_head=true", "asks for 'ctc', but head_out of 'Student' is one tensor"),
    (
        CTC,
        "Architecture.Models.Teacher.return_all_feats=false",
        "with return_all_feats: true 'Teacher' gives its features and head_out too",
    ),
    (MULTI, f"{MULTI_DML}.dis_head=ctcc", "has ctc, ctc_neck, sar; did you mean 'ctc'?"),
    (MULTI, f"{MULTI_DML}.multi_head=false", "multi_head: true takes one"),
    (PLAIN, f"{HEADS}=[{ALONE}]", "NRTRLoss judges 'gtc', but MultiHead gives ctc, ctc_neck"),
    (PLAIN, f"{LOSSES}=[{{NRTRLoss: null}}]", "no loss judges 'ctc', which is all that is left"),
    (PLAIN, f"{LOSSES}=[]", "no loss judges 'ctc', which is all that is left"),
    (
        ONE_HEAD,
        "Loss={name: MultiLoss, loss_config_list: [{CTCLoss: null}]}",
        "CTCLoss judges 'ctc', but CTCHead gives one tensor without a name",
    ),
    (NRTR, f"{LOSS.format(1, 'CTCLoss')}.key=neck_out", "but neck_out of 'Student' is one tensor"),
]


@pytest.mark.parametrize(("path", "override", "text"), WRONG, ids=lambda one: str(one)[-60:])
def test_what_a_network_does_not_give_is_told_before_anything_runs(path, override, text):
    problems = [str(one) for one in checks.check(load(path, [override])).problems]
    assert [one for one in problems if text in one], problems


@pytest.mark.parametrize("value", ["[]", "[3]", "{a: 1}", "3", "true", "[[]]"])
@pytest.mark.parametrize("setting", ["key", "dis_head", "multi_head", "model_name_pairs", "weight"])
def test_odd_values_are_problems_and_no_traceback(setting, value):
    if (setting, value) not in (("multi_head", "true"), ("weight", "3")):
        assert checks.check(load(MULTI, [f"{MULTI_DML}.{setting}={value}"])).problems


def test_a_problem_of_all_networks_is_told_once():
    assert len(checks.check(load(CML, [f"{DILA}.key=mapz"])).problems) == 1


def test_a_network_that_no_loss_names_is_told_of():
    (note,) = checks.check(load(CML, [THIRD])).notes
    assert "no loss names Third, so it learns nothing" in note.text
    frozen = [THIRD, "Architecture.Models.Third.freeze_params=true"]
    assert checks.check(load(CML, frozen)).notes == []


def test_a_head_that_no_loss_judges_is_told_of():
    def notes(*overrides):
        report = checks.check(load(PLAIN, overrides))
        assert report.problems == []
        return [one.text for one in report.notes]

    idle = "use_guide leaves the backbone to a guide, and none is trained: it learns nothing"
    assert notes() == []
    assert notes(f"{LOSSES}=[{{CTCLoss: null}}]") == [
        "no loss judges NRTRHead, so it learns nothing",
        idle,
    ]
    assert notes(f"{LOSSES}=[{{CTCLoss: null}}]", f"{HEADS}=[{ALONE}]") == [idle]


def test_what_networks_give_is_known_from_their_sections():
    def of(path):
        return given(networks(load(path)["Architecture"])["Student"])

    features = {"backbone_out": (), "neck_out": ()}
    assert of(CML) == {"maps": ()}
    assert of(CTC) == {**features, "head_out": ()}
    assert of(MULTI) == {**features, "head_out": ["ctc", "ctc_neck", "sar"]}
    assert of(NRTR) == {**features, "head_out": ["ctc", "ctc_neck", "gtc"]}
