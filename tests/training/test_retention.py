"""A second set is watched while a model is fine-tuned."""

from __future__ import annotations

import json

import pytest

from ppocr.config import ConfigError
from ppocr.pipeline import checks
from ppocr.pipeline.fixed import Retention as Options
from ppocr.training import retention
from ppocr.training import settings as settings_of
from ppocr.training.retention import Retention
from ppocr.training.state import TrainState
from tests.data import sets
from tests.training.runs import rec_config, train


def watched(scores, max_drop=0.1, action="warn", state=None):
    given = iter(scores)
    return Retention(
        state or TrainState(),
        lambda epoch: {"acc": 0.5, "evaluated": 9},
        lambda epoch: {"acc": next(given), "evaluated": 4, "fps": 1.0},
        "acc",
        Options(data_dir="d", max_drop=max_drop, action=action),
    )


def test_the_drop_since_the_beginning_is_among_the_figures():
    hook = watched([0.9, 0.85])
    hook.start(hook.state)
    assert hook(0) == {
        "acc": 0.5,
        "evaluated": 9,
        "retention_acc": 0.85,
        "retention_drop": pytest.approx(0.05),
        "retention_evaluated": 4,
    }


@pytest.mark.parametrize(("action", "stops"), [("warn", False), ("stop", True)])
def test_beyond_the_limit_a_run_is_warned_or_stopped(action, stops, caplog):
    hook = watched([0.9, 0.7], action=action)
    state = hook.state
    hook.start(state)
    hook(0)
    state.step = state.extra["evaluated"] = 5
    hook.stepped(state, {}, {})
    assert "fell from 0.9000 at step 0 to 0.7000" in caplog.text
    assert bool(state.stop_reason) is stops


def test_within_the_limit_nothing_happens():
    hook = watched([0.9, 0.85, 0.7, 0.88], action="stop")
    hook.start(hook.state)
    for step in (1, 2, 3):
        hook(0)
        if step != 2:
            hook.state.step = hook.state.extra["evaluated"] = step
            hook.stepped(hook.state, {}, {})
    assert not hook.state.stop_reason


def test_a_resumed_run_remembers_where_it_began():
    state = TrainState(step=40, extra={"retention": {"acc": 0.9, "step": 0}})
    hook = watched([0.8], state=state)
    hook.start(state)
    assert hook(0)["retention_drop"] == pytest.approx(0.1)


def test_what_is_broken_off_is_broken_off():
    hook = watched([])
    hook.evaluate = lambda epoch: None
    assert hook(0) is None


def with_second_set(tmp_path, **keys):
    config = rec_config(tmp_path)
    old = sets.lines(tmp_path / "old", 5)
    given = {"data_dir": str(old.parent), "label_file_list": [str(old)], **keys}
    return config, [f"Eval.retention={json.dumps(given)}"]


def test_a_run_logs_both_sets_and_keeps_the_first_figure(tmp_path):
    config, overrides = with_second_set(tmp_path)
    state = train(config, "Global.epoch_num=1", *overrides)
    assert set(state.extra["retention"]) == {"acc", "step"}
    rows = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    last = [row for row in map(json.loads, rows) if "retention_drop" in str(row)]
    assert last
    assert "retention_evaluated" in str(last[-1])
    assert "retention: acc is" in (tmp_path / "run" / "train.log").read_text(encoding="utf-8")


def test_mistakes_in_the_section_are_found_before_anything_runs(tmp_path):
    config, overrides = with_second_set(tmp_path, max_dorp=0.1)
    with pytest.raises(ConfigError, match="max_drop"):
        settings_of.read(config, overrides)
    config, overrides = with_second_set(tmp_path, action="explode")
    root = settings_of.read(config, overrides).config
    assert not checks.check(root).problems
    with pytest.raises(ConfigError, match="explode"):
        retention.options(root)
