"""Two processes train one model through the launcher; one goes on with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr.config.errors import ConfigError
from ppocr.training import evaluation, sanity
from ppocr.training import settings as settings_of
from ppocr.utils import pickles
from ppocr.utils.exits import UsageError
from tests.faults import tiny
from tests.training import jobs, rank_run
from tests.training.runs import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """Return the folder of a run of two epochs by two processes; 12 samples are 2 batches each."""
    folder = tmp_path_factory.mktemp("ranks")
    config = tiny.config(folder)
    words = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2"]
    words += ["--log_dir", str(folder / "log"), rank_run.__file__, "-c", str(config)]
    done = subprocess.run(
        [*words, "-o", "Global.eval_batch_step=[0,2]", "Global.use_tensorboard=false"],
        env={**tiny.ENVIRONMENT, rank_run.FOLDER: str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout + done.stderr + "".join(map(log, range(2), [folder] * 2))
    failed = jobs.NO_GLOO.search(said)
    if done.returncode and failed:
        pytest.skip(f"gloo cannot start here: {failed.group().strip()}")
    assert done.returncode == 0, said
    return folder


def log(rank: int, folder: Path) -> str:
    path = folder / "log" / f"workerlog.{rank}"
    return path.read_text() if path.is_file() else ""


def note(folder: Path, rank: int) -> dict:
    return json.loads((folder / f"rank-{rank}.json").read_text())


def rows(folder: Path, kind: str) -> list[dict]:
    lines = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def test_all_ranks_have_the_same_weights_and_saw_different_samples(trained):
    first, second = note(trained, 0), note(trained, 1)
    assert first["world"] == second["world"] == 2
    assert first["step"] == second["step"] == 4
    assert first["weights"] == second["weights"]
    # the last thing a run does is to evaluate, with the running statistics of the first rank
    assert first["statistics"] == second["statistics"]
    assert len(set(first["losses"])) == len(first["losses"])
    assert not set(first["losses"]) & set(second["losses"])


def test_the_metric_is_that_of_one_process_over_every_sample_once(trained):
    config = trained / "config.yml"
    found = rows(trained, "eval")[-1]
    assert found["evaluated"] == 12
    checkpoint = f"Global.checkpoints={trained / 'run' / 'latest'}"
    _, alone = evaluation.evaluate(settings_of.read(config, [checkpoint]))
    for name in ("acc", "norm_edit_dis", "evaluated", "rejected"):
        assert alone[name] == found[name]
    best = [note(trained, rank)["best"] for rank in range(2)]
    assert best[0] == best[1]  # every rank decides alike when to stop


def test_only_the_first_rank_writes(trained):
    assert [row["step"] for row in rows(trained, "train")] == [1, 2, 3, 4]
    assert [row["step"] for row in rows(trained, "eval")] == [2, 4]
    events = (trained / "run" / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"] for line in events]
    assert kinds.count("started") == kinds.count("finished") == 1
    assert "saved " in log(0, trained)
    assert "ppocr INFO" not in log(1, trained)


def test_one_process_goes_on_with_the_run_of_two(trained, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(trained / "run", folder, symlinks=True)
    options = (
        f"Global.save_model_dir={folder}",
        *("Global.resume=auto", "Global.epoch_num=3", "Optimizer.lr.name=Const"),
    )
    with pytest.raises(ConfigError, match="ranks: 2 -> 1"):
        train(trained / "config.yml", *options)
    state = train(trained / "config.yml", *options, "Global.resume_override=true")
    assert (state.epoch, state.step) == (3, 4 + 3)
    assert "epoch 3, batch 0, global_step 4" in (folder / "train.log").read_text()
    assert pickles.read(folder / "latest.states")["global_step"] == 7


def test_the_one_batch_check_is_for_one_process(tmp_path, monkeypatch):
    config = tiny.config(tmp_path)
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    with pytest.raises(UsageError, match="without the launcher"):
        sanity.sanity(settings_of.read(config), 20)
