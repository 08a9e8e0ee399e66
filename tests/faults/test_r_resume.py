"""Rows R: a run that goes on is the run that was never stopped, or says why it is not."""

from __future__ import annotations

import json
import math
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from ppocr.data.sampler import BatchSampler
from ppocr.training.state import is_better
from ppocr.utils import pickles, saves
from tests.faults import tiny
from tests.faults.chaos import chaos
from tests.training.runs import digest

EVERY = "Global.eval_batch_step=[0,2]"


def hooked(step: int, action) -> None:
    """Do something in this (forked) process after a step."""
    from ppocr.training import hooks, setup

    class At(hooks.Hook):
        def stepped(self, state, batch, news) -> None:
            if state.step == step:
                action()

    standard = setup.standard_hooks
    setup.standard_hooks = lambda run: [At(), *standard(run)]


def stopped(path: Path, step: int, *options: str) -> int:
    """Return the exit status of a run that gets SIGTERM after a step."""

    def work() -> int:
        hooked(step, lambda: os.kill(os.getpid(), signal.SIGTERM))
        return tiny.train(path, *options)

    return tiny.in_child(work)


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in the folder of a run but what is only appended to."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    appended = {"train.log", "events.jsonl", ".lock"}
    return {str(path): path.read_bytes() for path in files if path.name not in appended}


def rows(folder: Path) -> list[tuple[str, int]]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [(row["kind"], row["step"]) for row in map(json.loads, lines)]


@pytest.fixture(scope="module", params=tiny.TASKS)
def whole(request, tmp_path_factory):
    """Return config, options and folder of a run of three epochs that nothing interrupted."""
    folder = tmp_path_factory.mktemp(request.param)
    path = tiny.config(folder, request.param, 12 if request.param == "rec" else 6)
    options = ["Global.epoch_num=3", EVERY]
    if request.param == "det":
        options.append("Train.loader.batch_size_per_card=2")
    where = f"Global.save_model_dir={folder / 'whole'}"
    log = folder / "log"
    assert tiny.in_child(lambda: tiny.train(path, *options, where), log) == 0, log.read_text()
    return path, options, folder / "whole"


@pytest.mark.parametrize("step", [2, 3])
def test_r1_a_run_that_was_stopped_ends_in_the_same_bits(whole, tmp_path, step):
    path, options, alone = whole
    where = f"Global.save_model_dir={tmp_path}/run"
    assert stopped(path, step, *options, where) == 75
    assert pickles.read(tmp_path / "run" / "latest.states")["global_step"] == step

    def work() -> int:
        import paddle

        np.random.seed(99)
        paddle.seed(98)
        return tiny.train(path, *options, where, f"Global.checkpoints={tmp_path}/run/latest")

    assert tiny.in_child(work) == 0
    assert digest(tmp_path / "run" / "latest") == digest(alone / "latest")
    assert rows(tmp_path / "run") == rows(alone)


def test_r1_gathered_gradients_and_averaged_weights_go_on_too(rec, tmp_path):
    options = ["Global.epoch_num=2", "Global.accumulate_steps=2", "Global.use_ema=true"]
    ends = {}
    for name, step in (("alone", 0), ("stopped", 3)):  # within a group of two steps
        where = f"Global.save_model_dir={tmp_path}/{name}"
        if step:
            assert stopped(rec, step, *options, where) == 75
        words = [*options, where, "Global.resume=auto"]
        assert tiny.in_child(lambda words=words: tiny.train(rec, *words)) == 0
        extra = pickles.read(tmp_path / name / "latest.states")["progress"]["extra"]
        average = {key: value.tobytes() for key, value in extra["average"]["values"].items()}
        ends[name] = (digest(tmp_path / name / "latest"), average)
    assert ends["stopped"] == ends["alone"]


@pytest.mark.parametrize(
    ("task", "workers", "kills"), [("rec", 0, 3), ("det", 0, 2), ("rec", 2, 1)]
)
def test_r2_random_kills_end_in_the_same_bits(tmp_path, task, workers, kills):
    report = chaos(tmp_path, task, workers, kills, seed=kills)
    assert report.kills == kills
    assert report.same, report.line()


def test_r3_steps_and_evaluations_go_on_without_repetition_or_gap(whole, tmp_path):
    path, options, alone = whole
    where = f"Global.save_model_dir={tmp_path}/run"
    assert stopped(path, 4, *options, where) == 75
    resumed = tiny.in_child(lambda: tiny.train(path, *options, where, "Global.resume=auto"))
    assert resumed == 0
    assert rows(tmp_path / "run") == rows(alone)
    steps = [step for kind, step in rows(alone) if kind == "train"]
    assert steps == list(range(1, len(steps) + 1))
    assert [step for kind, step in rows(alone) if kind == "eval"][:2] == [2, 4]


def test_r3_an_evaluation_that_was_broken_off_is_done_by_the_run_that_goes_on(whole, tmp_path):
    path, options, alone = whole
    where = f"Global.save_model_dir={tmp_path}/run"

    def work() -> int:
        from ppocr.pipeline.runner import Runner

        real = Runner.infer

        def infer(self, feeds):
            os.kill(os.getpid(), signal.SIGTERM)
            return real(self, feeds)

        Runner.infer = infer
        return tiny.train(path, *options, where)

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 75, log.read_text()
    assert "evaluation broken off" in log.read_text()
    assert pickles.read(tmp_path / "run" / "latest.states")["global_step"] == 2
    assert ("eval", 2) not in rows(tmp_path / "run")
    assert tiny.in_child(lambda: tiny.train(path, *options, where, "Global.resume=auto")) == 0
    assert rows(tmp_path / "run") == rows(alone)
    for name in ("latest", "best_accuracy"):
        assert digest(tmp_path / "run" / name) == digest(alone / name)


@pytest.mark.parametrize("count", [1, 7, 40])
@pytest.mark.parametrize("world", [1, 2])
def test_r4_an_epoch_in_two_parts_has_every_sample_once(count, world):
    from ppocr.data.sampler import Share

    seen: list[int] = []
    for rank in range(world):
        share = Share(rank, world)
        whole = list(BatchSampler(count, 3, True, False, 5, share, equal=False).epoch(2))
        for cut in range(len(whole) + 1):
            again = list(BatchSampler(count, 3, True, False, 5, share, equal=False).epoch(2))
            assert whole[:cut] + again[cut:] == whole
        seen += [one for request in whole for one in request.positions]
    assert sorted(seen) == list(range(count))


def test_r4_both_parts_of_an_epoch_together_see_every_sample_once(rec, tmp_path):
    seen = tmp_path / "seen"

    def work(kill_at: int) -> int:
        from ppocr.training.trainer import Trainer

        real = Trainer._tell

        def tell(self, event, *news):
            if event == "stepped":
                with seen.open("a") as file:
                    file.writelines(f"{place}\n" for place in news[0]["place"])
                if self.state.step == kill_at:
                    os.kill(os.getpid(), signal.SIGTERM)
            return real(self, event, *news)

        Trainer._tell = tell
        return tiny.train(rec, "Global.epoch_num=1", "Global.resume=auto")

    assert tiny.in_child(lambda: work(2)) == 75
    assert tiny.in_child(lambda: work(0)) == 0
    places = seen.read_text().splitlines()
    assert len(places) == len(set(places)) == 12


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        ("Optimizer.lr.learning_rate=0.0001", "Optimizer.lr.learning_rate: 0.002 -> 0.0001"),
        ("Global.epoch_num=5", "epoch_num: 3 -> 5"),
        ("Train.loader.batch_size_per_card=3", "batch_size_per_card: 4 -> 3"),
        ("Global.seed=8", "seed: 7 -> 8"),
        ("Global.accumulate_steps=3", "accumulate_steps: None -> 3"),
        ("Train.loader.shuffle=false", "shuffle: True -> False"),
    ],
)
def test_r5_a_changed_schedule_is_listed_and_needs_a_word(rec, tmp_path, change, listed):
    assert stopped(rec, 4, "Global.epoch_num=3") == 75
    before = contents(tmp_path / "run")
    log = tmp_path / "log"
    going_on = ["Global.epoch_num=3", "Global.resume=auto", change]
    assert tiny.in_child(lambda: tiny.train(rec, *going_on), log) == 78
    assert listed in log.read_text()
    assert "Global.resume_override=true" in log.read_text()
    assert contents(tmp_path / "run") == before
    meant = [*going_on, "Global.resume_override=true"]
    log = tmp_path / "log of the second"
    assert tiny.in_child(lambda: tiny.train(rec, *meant), log) == 0
    rates = [float(one) for one in re.findall(r" lr: ([0-9.]+)", log.read_text())]
    if "learning_rate" in change:  # what was asked for is what happens, optimizer state or not
        assert 0 < max(rates) <= 0.0001


def test_r5_other_data_or_another_mixture_needs_a_word(rec, tmp_path):
    rows = tmp_path / "data" / "rows.txt"
    copy, valid = tmp_path / "data" / "copy.txt", tmp_path / "data" / "valid.txt"
    for other in (copy, valid):
        other.write_bytes(rows.read_bytes())
    files = f"Train.dataset.label_file_list=[{rows}, {copy}]"
    mixed = "Train.sampler={name: MixedSampler, weights: [1, %d]}"
    options = [files, f"Eval.dataset.label_file_list=[{valid}]", "Global.epoch_num=1"]
    assert stopped(rec, 2, *options, mixed % 1) == 75
    copy.write_bytes(b"".join(reversed(copy.read_bytes().splitlines(keepends=True))))
    valid.write_bytes(valid.read_bytes().replace(b"\n", b"\n\n", 1))
    log, going_on = tmp_path / "log", [*options, "Global.resume=auto"]
    assert tiny.in_child(lambda: tiny.train(rec, *going_on, mixed % 3), log) == 78
    said = log.read_text()
    assert "sampler.weights[1]: 1 -> 3" in said
    assert re.search(r"data\.copy\.txt: 12 rows (\w+) -> 12 rows (?!\1)\w+", said)
    assert "data.rows.txt" not in said
    assert re.search(r"data to evaluate: valid\.txt: 12 rows .*best so far was measured on", said)
    meant = [*going_on, mixed % 3, "Global.resume_override=true"]
    assert tiny.in_child(lambda: tiny.train(rec, *meant)) == 0


def test_r5_more_epochs_of_a_constant_rate_need_no_word_and_the_rest_is_said(rec, tmp_path):
    constant = "Optimizer.lr={name: Const, learning_rate: 0.001}"
    assert stopped(rec, 4, "Global.epoch_num=2", constant) == 75
    more = ["Global.epoch_num=3", "Global.resume=auto", constant, "Train.loader.num_workers=1"]
    log = tmp_path / "log"
    assert tiny.in_child(lambda: tiny.train(rec, *more), log) == 0
    said = re.findall("changed since the checkpoint: (.*)", log.read_text())
    assert said == ["epoch_num: 2 -> 3", "Train.loader.num_workers: 0 -> 1"]


def test_r6_another_number_of_threads_is_said_and_recorded(rec, tmp_path):
    assert stopped(rec, 2, "Global.epoch_num=1") == 75
    assert saves.saves(tmp_path / "run", "latest")[0].meta["machine"]["threads"] == 1

    def work() -> int:
        os.environ["OMP_NUM_THREADS"] = "2"
        return tiny.train(rec, "Global.epoch_num=1", "Global.resume=auto")

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 0
    assert "threads: 1 -> 2: not bit-exact from here on" in log.read_text()
    assert saves.saves(tmp_path / "run", "latest")[0].meta["machine"]["threads"] == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_r7_the_same_seed_gives_the_same_bits_whoever_loads(whole, tmp_path, workers):
    path, options, alone = whole
    more = [f"Global.save_model_dir={tmp_path}/run", f"Train.loader.num_workers={workers}"]
    assert tiny.in_child(lambda: tiny.train(path, *options, *more)) == 0
    assert digest(tmp_path / "run" / "latest") == digest(alone / "latest")


def test_r8_layers_built_before_the_model_do_not_shift_the_optimizer(whole, tmp_path):
    path, options, alone = whole
    where = f"Global.save_model_dir={tmp_path}/run"
    assert stopped(path, 3, *options, where) == 75

    def work() -> int:
        import paddle

        others = paddle.nn.Sequential(paddle.nn.Linear(3, 3), paddle.nn.Conv2D(3, 4, 3))
        paddle.optimizer.Adam(parameters=others.parameters())
        return tiny.train(path, *options, where, "Global.resume=auto")

    assert tiny.in_child(work) == 0
    assert digest(tmp_path / "run" / "latest") == digest(alone / "latest")


def test_r9_a_run_killed_within_its_first_epoch_tells_what_it_has(rec, tmp_path):
    def killed() -> int:
        hooked(3, lambda: os.kill(os.getpid(), signal.SIGKILL))
        return tiny.train(rec, EVERY)

    assert tiny.in_child(killed) == -signal.SIGKILL
    log, best = tmp_path / "log", tmp_path / "run" / "best_accuracy"
    assert tiny.in_child(lambda: tiny.train(rec, EVERY, "Global.resume=auto"), log) == 0
    assert f"begins anew; {best} is there: -o Global.checkpoints={best} goes on" in log.read_text()


def test_r9_a_fresh_start_only_where_nothing_is_and_never_over_torn_saves(rec, tmp_path):
    log = tmp_path / "log"
    options = ["Global.epoch_num=1"]
    named = f"Global.checkpoints={tmp_path}/run/latest"
    assert tiny.in_child(lambda: tiny.train(rec, *options, named)) == 66
    assert tiny.in_child(lambda: tiny.train(rec, *options, "Global.resume=auto")) == 0
    for folder in saves.folders(tmp_path / "run", "latest"):
        (folder / "latest.pdparams").write_bytes(b"torn")
    before = {path: path.read_bytes() for path in (tmp_path / "run").glob("*.pdparams")}
    for words in (["Global.resume=auto"], [named]):
        assert tiny.in_child(lambda words=words: tiny.train(rec, *options, *words), log) == 65
    assert "no whole checkpoint" in log.read_text()
    assert {path: path.read_bytes() for path in before} == before
    for folder in saves.folders(tmp_path / "run", "latest"):
        (folder / "manifest.json").write_bytes(b"torn")
    assert tiny.in_child(lambda: tiny.train(rec, *options, "Global.resume=auto"), log) == 65


def test_r10_a_run_that_diverges_leaves_the_good_checkpoints_alone(rec, tmp_path):
    assert tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=1")) == 0
    before = {name: digest(tmp_path / "run" / name) for name in ("latest", "best_accuracy")}

    def work() -> int:
        from ppocr.training import setup

        standard = setup.standard_hooks

        def poisoned(run):
            run.loss.register_forward_post_hook(
                lambda layer, given, terms: {key: value * math.nan for key, value in terms.items()}
            )
            return standard(run)

        setup.standard_hooks = poisoned
        more = ["Global.resume=auto", "Global.resume_override=true"]
        return tiny.train(rec, "Global.epoch_num=20", *more)

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 76
    assert {name: digest(tmp_path / "run" / name) for name in before} == before
    events = [json.loads(row) for row in (tmp_path / "run" / "events.jsonl").open()]
    skipped = [one for one in events if one["event"] == "step skipped"]
    assert len(skipped) == 9
    assert all("rows.txt:" in place for one in skipped for place in one["samples"])
    assert events[-1]["exit"] == 76
    assert "rows.txt:" in log.read_text().partition("error[76]")[2]


def test_r10_one_bad_step_changes_neither_weights_nor_statistics(rec):
    from ppocr.training import settings, setup

    run = setup.Run(settings.read(rec, []))
    run.model.train()
    batches = list(run.loader.epoch(0))
    run.step(batches[0])
    before = {key: value.numpy().copy() for key, value in run.model.state_dict().items()}
    bad = {**batches[1], "image": batches[1]["image"] * np.float32(np.nan)}
    run.step(bad)  # a ReLU makes 0 of it, and the loss looks sound
    assert run.step.skipped
    for key, value in run.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[key], err_msg=key)
    assert math.isfinite(run.step(batches[2])["loss"])
    assert not run.step.skipped


@pytest.mark.parametrize(
    ("score", "best", "better"),
    [(0.5, 0.5, False), (math.nan, 0.1, False), (math.nan, None, False), (math.inf, 0.1, False),
     (0.0, None, True), (0.51, 0.5, True), (0.4, math.nan, True)],
)  # fmt: skip
def test_r11_best_is_a_strict_improvement_and_a_number(score, best, better):
    assert is_better(score, best) is better
