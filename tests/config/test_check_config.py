"""The command: files, sections, exit status, tensors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str | Path, timeout: int = 240) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "check_config.py"), *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT
    )


def test_several_files(fixtures):
    done = run(fixtures / "det.yml", fixtures / "rec.yml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{fixtures / 'det.yml'}: fine",
        f"{fixtures / 'rec.yml'}: fine",
        "2 configs: 2 fine, 0 need components that are not here yet, 0 with problems",
    ]


def test_problems_and_the_other_files_still_checked(fixtures, written):
    done = run(written("A: *b\n"), fixtures / "det.yml", fixtures / "rec.yml", "-o", "Loss.nme=1")
    lines = done.stdout.splitlines()
    assert done.returncode == 78
    assert "alias *b stands for nothing" in lines[0]
    assert sum("did you mean 'name'?" in line or "nme" in line for line in lines) >= 2
    assert lines[-1].endswith("3 with problems")


def test_a_section_is_explained(fixtures):
    overrides = ("-o", "PostProcess.unclip_ratio=1.7", "PostProcess.score_mode=slow")
    done = run(fixtures / "det.yml", "PostProcess", *overrides)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["PostProcess", "DBPostProcess", "ppocr/postprocess/det_db.py"]
    assert ["thresh", "0.3", "det.yml:50"] in rows
    assert ["unclip_ratio", "1.7", "-o"] in rows
    assert ["score_mode", "slow", "-o"] in rows
    assert ["use_dilation", "false", "default"] in rows


def test_everything_is_explained(fixtures):
    done = run(fixtures / "rec.yml", "--explain")
    assert done.returncode == 0
    assert "character_dict_path  ppocr/utils/ic15_dict.txt" in done.stdout
    assert "Train.dataset.transforms[1]  CTCLabelEncode" in done.stdout


def test_wrong_words(fixtures):
    done = run(fixtures / "det.yml", "PostProces")
    assert done.returncode == 2
    assert "did you mean 'PostProcess'?" in done.stderr
    assert run().returncode == 2
    assert run("Global").returncode == 2
    assert run("nowhere.yml").returncode == 66
    assert "no such config file: nowhere.yml" in run("nowhere.yml").stderr


def test_help_shows_how():
    done = run("--help")
    assert done.returncode == 0
    assert "--state-dict" in done.stdout
    assert "python tools/check_config.py" in done.stdout


@pytest.mark.parametrize("name", ["det.yml", "rec.yml"])
def test_tensors_of_the_model(fixtures, name):
    done = run(fixtures / name, "--state-dict")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["key"] for row in rows}) == len(rows) > 100
    assert all(set(row) == {"key", "shape", "dtype", "trainable"} for row in rows)
    by_key = {row["key"]: row for row in rows}
    assert not any(row["trainable"] for row in rows if row["key"].endswith("._mean"))
    assert all(row["trainable"] for row in rows if row["key"].endswith("conv.weight"))
    if name == "rec.yml":  # 36 characters and the blank
        assert by_key["head.fc.weight"]["shape"] == [96, 37]


def test_the_command_does_not_import_paddle(fixtures):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['check_config.py', {str(fixtures / 'det.yml')!r}, 'Global']\n"
        "try:\n"
        f"    runpy.run_path({str(ROOT / 'tools' / 'check_config.py')!r}, run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0\n"
        "assert 'paddle' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=240)
