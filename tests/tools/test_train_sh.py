"""train.sh with a config: what it calls, one after the other. The commands are played."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr.config import load
from ppocr.utils.files import REPOSITORY

PLAYED = """#!/usr/bin/env bash
case "$1" in
    tools/*)
        printf '%s\\n' "$@" '' >>"$PLAYED_FOLDER/called"
        [ "$1" != tools/train.py ] || cp "$PLAYED_FOLDER"/trained/* "$PLAYED_FOLDER/my run/" ;;
    -c)
        case "$2" in
            *paddle*) echo 0 ;;
            *) exec "$REAL_PYTHON" "$@" ;;
        esac ;;
    *) exec "$REAL_PYTHON" "$@" ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="train.sh is a bash script")


@pytest.fixture
def train_sh(tmp_path, monkeypatch):
    """Runs train.sh; its training leaves these checkpoints. Returns the calls and what was said."""
    python = tmp_path / "python"
    python.write_text(PLAYED)
    python.chmod(0o755)
    run = tmp_path / "my run"
    run.mkdir()
    config = tmp_path / "my.yml"
    text = (REPOSITORY / "configs/quickstart/rec.yml").read_text(encoding="utf-8")
    config.write_text(text.replace("./output/quickstart/rec/", f"{run}/"), encoding="utf-8")
    (tmp_path / "trained").mkdir()
    monkeypatch.setenv("PYTHON", str(python))
    monkeypatch.setenv("PLAYED_FOLDER", str(tmp_path))
    monkeypatch.setenv("REAL_PYTHON", sys.executable)

    def call(config: str, *words: str, leaves: tuple[str, ...]) -> tuple[dict[str, list[str]], str]:
        for name in leaves:
            (tmp_path / "trained" / f"{name}.pdparams").touch()
        command = ["bash", str(REPOSITORY / "train.sh"), "-c", config, *words]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        calls = [call.splitlines() for call in (tmp_path / "called").read_text().split("\n\n")]
        return {Path(words[0]).stem: words[1:] for words in calls if words}, done.stdout

    return call


def weights(call: list[str]) -> str:
    """Return the weights that a command takes: ``checkpoints`` wins over ``pretrained_model``."""
    values = load(call[call.index("-c") + 1], call[call.index("-o") + 1 :])["Global"]
    return values["checkpoints"] or values["pretrained_model"]


def test_a_run_that_goes_on_is_evaluated_and_exported_with_its_best_weights(train_sh, tmp_path):
    best, latest = tmp_path / "my run" / "best_accuracy", tmp_path / "my run" / "latest"
    called, _ = train_sh(
        "my.yml",  # of the folder it is called from
        *("-o", f"Global.checkpoints={latest}", "Global.epoch_num=9"),
        leaves=("best_accuracy", "latest"),
    )
    assert list(called) == ["check_config", "train", "eval", "export_model"]
    assert weights(called["train"]) == str(latest)
    assert weights(called["eval"]) == str(best)
    assert weights(called["export_model"]) == str(best)
    assert "Global.epoch_num=9" in called["export_model"]


def test_without_a_best_one_the_last_is_taken_and_that_is_said(train_sh, tmp_path):
    called, said = train_sh(str(tmp_path / "my.yml"), leaves=("latest",))
    assert weights(called["eval"]) == str(tmp_path / "my run" / "latest")
    assert weights(called["export_model"]) == str(tmp_path / "my run" / "latest")
    assert "there is no best_accuracy" in said
