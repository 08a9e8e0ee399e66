"""Numbers that make no sense are told with their line; every bound is of a setting that exists."""

from __future__ import annotations

import pytest

from ppocr.config import general, load
from ppocr.config.bounds import ANY, BOUNDS, Bounds, beyond
from ppocr.pipeline import checks
from ppocr.pipeline.kinds import FIXED, TABLES, fixed_signature, registry
from ppocr.utils.files import REPOSITORY

REC, DET = (REPOSITORY / "configs" / "quickstart" / f"{task}.yml" for task in ("rec", "det"))


@pytest.mark.parametrize(
    ("config", "override", "told"),
    [
        (REC, "Global.epoch_num=0", "Global.epoch_num should be at least 1, not 0"),
        (
            REC,
            "Global.eval_batch_step=[0, -5]",
            "eval_batch_step should be at least 0, not [0, -5]",
        ),
        (REC, "Global.seed=-1", "seed should be at least 0 and below 4.29497e+09, not -1"),
        (REC, "Global.max_text_length=0", "max_text_length should be at least 1"),
        (REC, "Train.loader.batch_size_per_card=0", "batch_size_per_card should be at least 1"),
        (REC, "Eval.loader.num_workers=-1", "num_workers should be at least 0"),
        (REC, "Optimizer.lr.learning_rate=-0.1", "Cosine.learning_rate should be at least 0"),
        (REC, "Optimizer.beta1=9", "Adam.beta1 should be at least 0 and below 1, not 9"),
        (REC, "Optimizer.regularizer.factor=-1", "L2.factor should be at least 0"),
        (
            REC,
            "Train.dataset.transforms.RecResizeImg.image_shape=[32, 128]",
            "image_shape should be 3 numbers, each at least 1, not [32, 128]",
        ),
        (
            REC,
            "Eval.dataset.transforms.RecResizeImg.image_shape=[3, 0, 128]",
            "image_shape should be 3 numbers, each at least 1, not [3, 0, 128]",
        ),
        (DET, "PostProcess.thresh=3", "DBPostProcess.thresh should be at least 0 and at most 1"),
        (
            DET,
            "PostProcess.box_thresh=.nan",
            "box_thresh should be at least 0 and at most 1, not nan",
        ),
        (DET, "PostProcess.unclip_ratio=-1", "unclip_ratio should be at least 0"),
        (
            DET,
            "Train.dataset.transforms.MakeShrinkMap.shrink_ratio=40",
            "MakeShrinkMap.shrink_ratio should be at least 0 and at most 1",
        ),
    ],
)
def test_numbers_that_make_no_sense_are_problems(config, override, told):
    report = checks.check(load(config, [override]))
    assert [one.place.file for one in report.problems if told in one.text] == ["-o"], (
        report.problems
    )


def test_probabilities_are_known_by_their_name():
    assert beyond("RecAug", "tia_prob", 40) == "at least 0 and at most 1"
    assert beyond("RecConAug", "prob", 0.5) == ""
    assert beyond("Whatever", "probe", 40) == ""


def test_what_is_no_number_is_left_to_its_type():
    assert all(Bounds(least=1).holds(one) for one in (True, None, "0", {"a": 0}, [], 1, [1, 2.5]))
    assert not any(Bounds(least=1).holds(one) for one in (0, [1, 0], float("nan")))


def test_every_bound_is_of_a_setting_that_exists():
    known = {("Global", name) for name in general.signature().settings}
    known |= {(ANY, name) for one in FIXED for name in fixed_signature(one).settings}
    for kind in TABLES:
        table = registry(kind)
        for model_type in table.table:
            for name in table.names(model_type):
                for setting in table.signature(name, model_type).settings:
                    known |= {(name, setting), (ANY, setting)}
    known |= {(ANY, name) for owner, name in known if owner == "Global"}
    assert set(BOUNDS) <= known
