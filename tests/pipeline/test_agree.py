"""Parts of a config that mean different tasks, labels or images are told before anything runs."""

from __future__ import annotations

import pytest

from ppocr.config import load
from ppocr.pipeline import checks
from ppocr.utils.files import REPOSITORY

REC, DET = (REPOSITORY / "configs" / "quickstart" / f"{task}.yml" for task in ("rec", "det"))
DECODE = "Eval.dataset.transforms.DecodeImage.img_mode"
RESIZE = "Eval.dataset.transforms.RecResizeImg.image_shape"
SCALE = "Eval.dataset.transforms.NormalizeImage.scale"


def found(config, *overrides):
    report = checks.check(load(config, overrides))
    return [str(one) for one in report.problems], [str(one) for one in report.notes]


@pytest.mark.parametrize(
    ("config", "override", "told"),
    [
        (
            REC,
            "Architecture.model_type=det",
            "CTCHead is of model_type rec, the Architecture of det",
        ),
        (
            DET,
            "Architecture.model_type=cls",
            "DBHead is of model_type det, the Architecture of cls",
        ),
        (DET, "Loss={name: CTCLoss}", "CTCLoss is of model_type rec, the Architecture of det"),
        (
            REC,
            "Train.dataset.transforms[1]={NRTRLabelEncode: null}",
            "CTCLabelDecode cannot read what NRTRLabelEncode writes; use CTCLabelEncode or",
        ),
        (
            REC,
            "Eval.dataset.transforms[1]={DetLabelEncode: null}",
            "CTCLabelDecode cannot read what DetLabelEncode writes",
        ),
        (
            REC,
            "Eval.dataset.transforms.KeepKeys.keep_keys=[iage, label, length]",
            "-o: KeepKeys keeps 'iage', which no operation makes; did you mean 'image'?",
        ),
        (
            DET,
            "Train.dataset.transforms.KeepKeys.keep_keys=[image, threshold_map, threshold_mask, "
            "shrink_map, shrink_mask, polys, valid_ratio]",
            "KeepKeys keeps 'valid_ratio', which no operation makes",
        ),
        (
            DET,
            "Train.dataset.transforms[1]={CTCLabelEncode: null}",
            "DBPostProcess cannot read what CTCLabelEncode writes; use DetLabelEncode",
        ),
    ],
)
def test_parts_of_another_task_are_problems(config, override, told):
    problems, _ = found(config, override)
    assert any(told in one for one in problems), problems


@pytest.mark.parametrize(
    ("config", "override", "told"),
    [
        (REC, f"{DECODE}=RGB", "DecodeImage.img_mode is 'RGB' here and 'BGR' in Train"),
        (REC, f"{RESIZE}=[3, 48, 128]", "RecResizeImg.image_shape is [3, 48] here and [3, 32] in"),
        (DET, f"{SCALE}=1./127.", "NormalizeImage.scale is"),
        (DET, "Eval.dataset.transforms.NormalizeImage.mean=[0.5, 0.5, 0.5]", "mean is [0.5, 0.5, "),
    ],
)
def test_images_that_differ_between_train_and_eval_are_noted(config, override, told):
    problems, notes = found(config, override)
    assert not problems
    assert any("show the network other images" in one and told in one for one in notes), notes


@pytest.mark.parametrize(
    ("config", "override"),
    [
        (REC, f"{RESIZE}=[3, 32, 320]"),  # lines are as wide as they are in the end
        (DET, f"{SCALE}=0.00392156862745098"),
        (DET, "Eval.dataset.transforms.DetResizeForTest.limit_side_len=960"),
    ],
)
def test_what_may_differ_is_no_matter(config, override):
    assert found(config, override) == ([], [])
