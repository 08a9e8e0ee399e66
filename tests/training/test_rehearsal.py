"""What is tried before a training: it tells the truth and leaves nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ppocr.training import rehearsal, sanity
from ppocr.training import settings as settings_of
from ppocr.training.setup import Run
from ppocr.utils.exits import Diverged, MissingInput, OutputError, UsageError
from tests.faults import tiny
from tests.training import runs


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)


def settings(config: Path, *overrides: str) -> settings_of.Settings:
    return settings_of.read(config, overrides)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("task", tiny.TASKS)
def test_a_dry_run_says_what_a_run_needs_and_leaves_nothing(tmp_path, task):
    config = tiny.config(tmp_path, task)
    before = files(tmp_path)
    lines = rehearsal.dry_run(settings(config))
    assert files(tmp_path) == before
    said = "\n".join(lines)
    for word in ("12 samples to train, 3 steps an epoch", "random weights", "MB free", "6 steps"):
        assert word in said
    assert [line.partition(":")[0] for line in lines] == [
        *("dry run", "data", "network", "begins", "step", "memory", "disk", "time"),
    ]


def test_networks_of_a_distillation_begin_each_with_its_own_weights():
    networks = {"Student": None, "Student2": None, "Teacher": None}
    for given, said in (
        ({}, "with random weights"),
        ({"Teacher": "t"}, "Teacher with the weights of t; Student, Student2 with random ones"),
        (
            dict.fromkeys(networks, "w"),
            "; ".join(f"{one} with the weights of w" for one in networks),
        ),
    ):
        model = SimpleNamespace(networks=networks, pretrained=given)
        run = SimpleNamespace(general=SimpleNamespace(pretrained_model=None), model=model)
        assert rehearsal._beginning(run, "") == said


def test_a_dry_run_counts_the_evaluations_of_the_run(tmp_path):
    config = tiny.config(tmp_path)
    counted = {}
    for plan in ("[0,2]", "[1,2]", "[0,6]", "[0,4]", "1000"):
        with rehearsal.rehearsed(settings(config, f"Global.eval_batch_step={plan}"), {}) as run:
            counted[plan] = rehearsal.evaluations(run)
    state = runs.train(config, "Global.eval_batch_step=[0,4]")
    log = (tmp_path / "run" / "train.log").read_text()
    assert state.step == 6
    assert counted["[0,4]"] == log.count("cur metric, ") == 2
    assert counted == {"[0,2]": 3, "[1,2]": 3, "[0,6]": 1, "[0,4]": 2, "1000": 1}


def test_a_dry_run_begins_where_the_run_would(tmp_path):
    config = tiny.config(tmp_path)
    runs.train(config, "Global.epoch_num=1")
    before = files(tmp_path)
    going_on = ("Global.resume=auto", "Global.eval_batch_step=[0,2]", "Global.epoch_num=3")
    override = (*going_on, "Global.resume_override=true")
    said = "\n".join(rehearsal.dry_run(settings(config, *override)))
    assert "after step 3 of" in said
    assert "for 6 steps and 4 evaluations" in said  # after 4, 6, 8 and at the end
    with rehearsal.rehearsed(settings(config), {"checkpoints": f"{tmp_path}/run/latest"}) as run:
        run.state.step, run.state.epoch = 6, 2
        assert rehearsal.evaluations(run) == 0
    assert files(tmp_path) == before


def test_a_dry_run_meets_what_would_stop_the_run(tmp_path):
    config = tiny.config(tmp_path)
    with pytest.raises(MissingInput):
        rehearsal.dry_run(settings(config, "Global.pretrained_model=nowhere"))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        rehearsal.dry_run(settings(config, f"Global.save_model_dir={tmp_path}/file/run"))
    assert not list((tmp_path / "temporary").iterdir())


def test_a_sound_network_learns_its_batch(tmp_path):
    config = tiny.config(tmp_path)
    before = files(tmp_path)
    verdict = sanity.sanity(settings(config, "Optimizer.lr.learning_rate=0.03"), 900)
    assert verdict.passed, verdict.lines
    assert "learnt" in verdict.lines[-1]
    assert files(tmp_path) == before


def test_the_batch_of_a_distillation_is_read_by_the_network_that_decides(tmp_path):
    path = tiny.config(tmp_path, count=4)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = ["Student", "Teacher"]
    config["Architecture"] = {
        "name": "DistillationModel",
        "algorithm": "Distillation",
        "model_type": "rec",
        "Models": {name: {**config["Architecture"], "return_all_feats": True} for name in names},
    }
    losses = [{"DistillationCTCLoss": {"model_name_list": names, "key": "head_out"}}]
    config["Loss"] = {"name": "CombinedLoss", "loss_config_list": losses}
    config["PostProcess"] = {
        "name": "DistillationCTCLabelDecode",
        "model_name": names,
        "key": "head_out",
    }
    config["Metric"] = {
        "name": "DistillationMetric",
        "base_metric_name": "RecMetric",
        "main_indicator": "acc",
        "key": "Student",
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    verdict = sanity.sanity(settings(path), 10)
    assert "of 4 lines read right" in verdict.lines[1]


def test_a_network_that_gets_no_gradient_is_found_out(tmp_path, monkeypatch):
    config = tiny.config(tmp_path, "det")
    built = Run.__init__

    def cut_off(self, *words):
        built(self, *words)
        loss = self.step.loss
        self.step.loss = lambda predictions, batch: {
            name: value * 0 + 1 for name, value in loss(predictions, batch).items()
        }

    monkeypatch.setattr(Run, "__init__", cut_off)
    verdict = sanity.sanity(settings(config), 10)
    said = "\n".join(verdict.lines)
    assert not verdict.passed
    assert "NOT learnt" in said
    assert "suspicious: no gradient reaches" in said
    assert "did not move" in said


def test_a_batch_that_cannot_be_learnt_is_described(tmp_path):
    config = tiny.config(tmp_path)
    content = yaml.safe_load(config.read_text())
    for mode in ("Train", "Eval"):
        content[mode]["dataset"]["transforms"][2]["RecResizeImg"]["image_shape"] = [3, 32, 8]
    config.write_text(yaml.safe_dump(content, sort_keys=False))
    verdict = sanity.sanity(settings(config, "Optimizer.lr.learning_rate=0.0001"), 12)
    said = "\n".join(verdict.lines)
    assert not verdict.passed
    assert "4 of 4 labels are longer than the 2 columns" in said
    assert "the loss is 0 from the beginning" in said  # what CTC gives for such labels


def test_numbers_that_are_none_and_too_few_steps_are_said(tmp_path):
    config = tiny.config(tmp_path)
    with pytest.raises(Diverged, match="10 steps in a row"):
        sanity.sanity(settings(config, "Optimizer.lr.learning_rate=1e38"), 60)
    with pytest.raises(UsageError, match="at least 10 steps"):
        sanity.sanity(settings(config), 3)
    assert not list((tmp_path / "temporary").iterdir())


def test_the_command_has_a_status_for_each_answer(tmp_path):
    config = tiny.config(tmp_path)
    words = ["train.py", "-c", str(config)]
    done = tiny.tool([*words, "--sanity", "10", "-o", "Optimizer.lr.learning_rate=1e-7"])
    assert done.returncode == 1, done.stderr
    assert "NOT learnt" in done.stdout
    done = tiny.tool([*words, "--dry-run", "--sanity"])
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([9.0] * 10 + [5.5] * 30, "still falling"),  # too few steps to say that it stands
        ([9.0] * 10 + [5.5] * 190, "stands still"),
        ([9.0] * 100 + [7.0] * 90 + [5.5] * 10, "still falling"),
        ([9.0] * 200, "did not move"),
    ],
)
def test_a_loss_is_said_to_stand_still_only_after_enough_steps(losses, said):
    course = sanity.Course(losses, 4.5, 0.001, 0, [], 10)
    assert said in "; ".join(sanity._about_course(course))
