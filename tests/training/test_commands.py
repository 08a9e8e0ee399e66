"""The train and eval commands as processes: exit statuses and what they print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.runs import rec_config

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
    weights = f"Global.checkpoints={tmp_path}/run/best_accuracy"
    report = tmp_path / "errors"
    done = run("eval.py", "-c", str(config), "-o", weights, "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert f"error report: {report / 'report.html'}" in done.stdout
    assert {one.name for one in report.iterdir()} == {
        "report.html", "report.json", "relabel.tsv", "add.tsv"
    }  # fmt: skip
    for block in ("metric in ckpt ***************", "metric eval ***************"):
        assert block in done.stdout
    for name in ("acc:", "norm_edit_dis:", "acc_as_deployed:", "evaluated:12", "rejected:0"):
        assert name in done.stdout
