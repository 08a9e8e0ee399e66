"""Whole runs on tiny networks: what they leave behind, and that they go on exactly."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml

from ppocr.config.errors import ConfigError
from ppocr.training import checkpoint, evaluation, setup
from ppocr.training import settings as settings_of
from ppocr.utils import pickles
from ppocr.utils.exits import DataError, Diverged, MissingInput
from tests.training.runs import det_config, digest, rec_config, train

LOG_KEYS = (
    "epoch: [1/2]", "global_step: 1,", "lr: ", "loss: ", "avg_reader_cost: ", "avg_batch_cost: ",
    "avg_samples: ", "ips: ", "samples/s, eta: ", "max_mem_",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.parametrize("make", [rec_config, det_config])
def test_a_run_leaves_everything_it_promises(tmp_path, make):
    config = make(tmp_path)
    state = train(config, "Global.eval_batch_step=[0,2]")
    folder = tmp_path / "run"
    assert state.epoch == 2
    for name in ("latest", "best_accuracy", "iter_epoch_2"):
        for ending in (".pdparams", ".pdopt", ".states"):
            assert (folder / (name + ending)).is_file()
    assert (folder / "best_model" / "model.pdparams").is_file()
    log = (folder / "train.log").read_text()
    for key in LOG_KEYS:
        assert key in log
    assert "cur metric, " in log
    assert "best metric, " in log
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "train"] == list(range(1, state.step + 1))
    assert rows[-1]["kind"] == "eval"
    again = yaml.safe_load((folder / "config.yml").read_text())
    assert again["Global"]["eval_batch_step"] == [0, 2]
    assert re.search(r"eval_batch_step: .*# -o", (folder / "config.yml").read_text())


def test_paddle_itself_reads_what_was_saved(tmp_path):
    train(rec_config(tmp_path), "Global.epoch_num=1")
    weights = paddle.load(str(tmp_path / "run" / "latest.pdparams"))
    assert weights["head.fc.weight"].shape[-1] == 37
    assert paddle.load(str(tmp_path / "run" / "latest.pdopt"))["LR_Scheduler"]["last_epoch"] == 3
    states = paddle.load(str(tmp_path / "run" / "latest.states"))
    assert (states["epoch"], states["global_step"]) == (1, 3)
    assert states["best_model_dict"]["best_epoch"] == 1


def test_a_torn_checkpoint_falls_back_to_the_one_before(tmp_path, caplog):
    config = rec_config(tmp_path)
    train(config)
    newest = max((tmp_path / "run" / "ckpts").glob("latest-*"), key=lambda one: one.name)
    (newest / "latest.pdopt").write_bytes(b"torn")
    found = checkpoint.find(str(tmp_path / "run" / "latest"))
    assert pickles.read(found.states)["global_step"] == 3


def test_a_checkpoint_of_the_original_is_resumed_with_its_next_epoch(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.epoch_num=1")
    run = tmp_path / "run"
    old = tmp_path / "old"
    old.mkdir()
    for ending in (".pdparams", ".pdopt"):
        (old / f"latest{ending}").write_bytes((run / f"latest{ending}").read_bytes())
    states = {"best_model_dict": {"acc": 0.5}, "epoch": 1, "global_step": 3}
    paddle.save(states, str(old / "latest.states"), protocol=2)
    state = train(config, f"Global.checkpoints={old}/latest.pdparams")
    assert (state.epoch, state.step) == (2, 6)
    assert state.best["acc"] == 0.5


def test_resuming_needs_all_three_files_and_they_must_fit(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.epoch_num=1")
    lonely = tmp_path / "lonely.pdparams"
    lonely.write_bytes((tmp_path / "run" / "latest.pdparams").read_bytes())
    with pytest.raises(DataError, match="pretrained_model"):
        train(config, f"Global.checkpoints={lonely}")
    with pytest.raises(MissingInput, match="nowhere"):
        train(config, "Global.checkpoints=nowhere/latest")
    with pytest.raises(DataError, match=r"shape|missing"):
        train(
            config,
            f"Global.checkpoints={tmp_path}/run/latest",
            "Architecture.Neck.hidden_size=16",
        )


def test_weights_that_are_given_are_used(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.epoch_num=1")
    run = settings_of.read(
        config,
        [
            f"Global.pretrained_model={tmp_path}/run/latest",
            f"Global.save_model_dir={tmp_path}/second",
        ],
    )
    loaded = setup.Run(run).model.state_dict()
    for key, array in pickles.read(tmp_path / "run" / "latest.pdparams").items():
        np.testing.assert_array_equal(loaded[key].numpy(), array)


def test_a_diverging_run_ends_and_leaves_the_best_alone(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.epoch_num=1")
    before = digest(tmp_path / "run" / "best_accuracy")
    with pytest.raises(Diverged, match="rows.txt"):
        train(
            config,
            "Global.epoch_num=20",
            f"Global.pretrained_model={tmp_path}/run/latest",
            "Optimizer.lr.learning_rate=1e30",
        )
    assert digest(tmp_path / "run" / "best_accuracy") == before
    assert all(
        np.isfinite(array).all()
        for array in pickles.read(tmp_path / "run" / "best_accuracy.pdparams").values()
    )


def test_a_step_that_is_not_finite_changes_nothing(tmp_path):
    run = setup.Run(settings_of.read(rec_config(tmp_path), []))
    batch = next(run.loader.epoch(0))
    run.model.train()
    before = {key: value.numpy().copy() for key, value in run.model.state_dict().items()}
    run.loss.register_forward_post_hook(
        lambda layer, given, terms: {name: value * math.nan for name, value in terms.items()}
    )
    losses = run.step(batch)
    assert not math.isfinite(losses["loss"])
    assert run.step.skipped
    for key, value in run.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[key], err_msg=key)


def test_images_normalised_on_the_device_train_the_same_weights(tmp_path, monkeypatch):
    train(det_config(tmp_path / "tables"))
    build = setup.build_dataloader
    built = []

    def raw(*given, **settings):
        built.append(build(*given, **{**settings, "raw_images": "raw_images" in settings}))
        return built[-1]

    monkeypatch.setattr(setup, "build_dataloader", raw)
    train(det_config(tmp_path / "device"))
    assert built[0].fetcher.collate.raw_images
    assert not built[1].fetcher.collate.raw_images
    after = [digest(tmp_path / name / "run" / "latest") for name in ("tables", "device")]
    assert after[0] == after[1]


def test_evaluation_of_the_checkpoint_gives_what_training_measured(tmp_path):
    config = det_config(tmp_path)
    state = train(config)
    stored, measured = evaluation.evaluate(
        settings_of.read(config, [f"Global.checkpoints={tmp_path}/run/best_accuracy"])
    )
    for name in ("precision", "recall", "hmean", "evaluated", "rejected"):
        assert stored[name] == measured[name] == state.best[name]
    assert "hmean_as_deployed" in measured


def test_evaluation_stops_at_what_it_cannot_read(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.epoch_num=1")
    (tmp_path / "data" / "5.png").unlink()
    with pytest.raises(DataError, match="1 of 12 samples"):
        evaluation.evaluate(settings_of.read(config, [f"Global.checkpoints={tmp_path}/run/latest"]))
    with pytest.raises(MissingInput, match="which weights"):
        evaluation.evaluate(settings_of.read(config, []))


def test_a_long_run_stops_early_when_nothing_gets_better(tmp_path):
    state = train(
        rec_config(tmp_path),
        "Global.epoch_num=30",
        "Global.eval_batch_step=[0,1]",
        "Global.early_stop={patience: 3}",
        "Optimizer.lr.learning_rate=1e-9",
    )
    assert state.stop_reason.startswith("early stop")
    assert state.step < 10
    log = (tmp_path / "run" / "train.log").read_text()
    assert f"after step {state.step}: early stop: no gain in 3 evaluations" in log


def test_weights_survive_gathering_gradients_over_steps(tmp_path):
    state = train(rec_config(tmp_path), "Global.accumulate_steps=2")
    assert state.step == 6


def test_metrics_of_training_batches_are_logged(tmp_path):
    train(rec_config(tmp_path), "Global.cal_metric_during_train=true", "Global.epoch_num=1")
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert "acc" in json.loads(rows[0])


def test_several_devices_or_a_missing_one_are_config_errors(tmp_path):
    config = rec_config(tmp_path)
    with pytest.raises(ConfigError, match="several devices"):
        settings_of.read(config, ["Global.use_gpu=true", "Global.use_npu=true"])
    if not paddle.is_compiled_with_cuda():
        with pytest.raises(ConfigError, match="use_gpu=false"):
            settings_of.read(config, ["Global.use_gpu=true"])


def test_folders_of_runs_are_paths(tmp_path):
    assert settings_of.read(rec_config(tmp_path), []).folder == Path(tmp_path / "run")


def test_averaged_weights_are_what_is_evaluated_and_saved_as_best(tmp_path):
    config = rec_config(tmp_path)
    train(config, "Global.use_ema=true", "Global.ema_decay=0.5", "Global.ema_decay_type=normal")
    best = pickles.read(tmp_path / "run" / "best_accuracy.pdparams")
    latest = pickles.read(tmp_path / "run" / "latest.pdparams")
    assert not np.array_equal(best["head.fc.weight"], latest["head.fc.weight"])
    states = pickles.read(tmp_path / "run" / "latest.states")
    average = states["progress"]["extra"]["average"]
    assert average["updates"] == 6
    np.testing.assert_array_equal(average["values"]["head.fc.weight"], best["head.fc.weight"])


def test_some_steps_are_profiled_and_the_run_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = "{batch_range: [2, 4], timer_only: true}"
    state = train(rec_config(tmp_path), f"profiler_options={options}", "Global.epoch_num=50")
    assert state.step == 4
    assert "profile: " in (tmp_path / "run" / "train.log").read_text()


def test_characters_left_out_of_labels_are_counted(tmp_path):
    config = rec_config(tmp_path)
    labels = tmp_path / "data" / "rows.txt"
    labels.write_text(labels.read_text().replace("\tone", "\to中e"))
    train(config, "Global.epoch_num=1")
    log = (tmp_path / "run" / "train.log").read_text()
    assert "0 samples replaced, 2 labels used without their unknown characters" in log
    assert "o中e" in log
