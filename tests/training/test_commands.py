"""The train and eval commands as processes: exit statuses, signals, kill and resume, two ranks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppocr.utils import pickles
from tests.training.runs import digest, rec_config

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "tools" / words[0]), *words[1:]]


def run(*words: str, **settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **settings,
    )


def last_step(folder: Path) -> int:
    try:
        rows = (folder / "metrics.jsonl").read_text().splitlines()
        return json.loads(rows[-1])["step"]
    except (OSError, IndexError, ValueError):
        return 0


def wait_for_step(process: subprocess.Popen, folder: Path, step: int) -> None:
    deadline = time.monotonic() + 90
    while last_step(folder) < step:
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("tool", ["train.py", "eval.py"])
def test_help_is_quick_and_says_what_to_type(tool):
    done = run(tool, "--help")
    assert done.returncode == 0
    assert f"python tools/{tool} -c" in done.stdout
    assert "Exit status" in done.stdout


def test_mistakes_end_with_the_right_status_before_paddle_is_needed(tmp_path):
    config = rec_config(tmp_path)
    for words, status, said in [
        (["-c", str(tmp_path / "nowhere.yml")], 66, "nowhere.yml"),
        (["-c", str(config), "-o", "Global.epoch_nmu=3"], 78, "did you mean 'epoch_num'"),
        ([], 2, "--config"),
    ]:
        done = run("train.py", *words)
        assert done.returncode == status, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_train_and_evaluate(tmp_path):
    config = rec_config(tmp_path)
    done = run("train.py", "-c", str(config), "-o", "Global.epoch_num=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "runtime: " in done.stderr
    done = run(
        "eval.py", "-c", str(config), "-o", f"Global.checkpoints={tmp_path}/run/best_accuracy"
    )
    assert done.returncode == 0, done.stderr
    for block in ("metric in ckpt ***************", "metric eval ***************"):
        assert block in done.stdout
    for name in ("acc:", "norm_edit_dis:", "acc_as_deployed:", "evaluated:12", "rejected:0"):
        assert name in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("to", ["process", "group"])
def test_a_terminated_run_saves_itself_and_says_so(tmp_path, to):
    config = rec_config(tmp_path)
    words = command(
        "train.py", "-c", str(config), "-o", "Global.epoch_num=500", "Train.loader.num_workers=1"
    )
    with subprocess.Popen(
        words, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        start_new_session=True, text=True,
    ) as process:  # fmt: skip
        wait_for_step(process, tmp_path / "run", 4)
        if to == "group":
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 75, errors
    assert "error[75]" in errors
    assert pickles.read(tmp_path / "run" / "latest.states")["global_step"] >= 4


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path):
    config = rec_config(tmp_path)
    whole = tmp_path / "whole"
    settings = ["Global.epoch_num=4", "Global.resume=auto"]
    done = run("train.py", "-c", str(config), "-o", *settings, f"Global.save_model_dir={whole}")
    assert done.returncode == 0, done.stderr
    for workers in (1, 0):
        words = command(
            "train.py", "-c", str(config), "-o", *settings, f"Train.loader.num_workers={workers}"
        )
        with subprocess.Popen(
            words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            wait_for_step(process, tmp_path / "run", last_step(tmp_path / "run") + 3)
            process.kill()
    done = run("train.py", "-c", str(config), "-o", *settings)
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "run" / "latest") == digest(whole / "latest")


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path):
    config = rec_config(tmp_path)
    words = [
        sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2",
        "--log_dir", str(tmp_path / "log"),
        *command("train.py", "-c", str(config))[1:],
        "-o", "Global.eval_batch_step=[0,2]",
    ]  # fmt: skip
    done = subprocess.run(
        words, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip
    logs = "".join(path.read_text() for path in sorted((tmp_path / "log").glob("workerlog.*")))
    assert done.returncode == 0, logs
    states = pickles.read(tmp_path / "run" / "latest.states")
    assert (states["epoch"], states["global_step"]) == (2, 4)  # 12 samples: 2 batches of 4 a rank
    assert logs.count("cur metric, ") == 2
    assert "2 process(es)" in logs
