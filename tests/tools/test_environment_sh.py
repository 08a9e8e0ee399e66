"""Which Python train.sh and tests/run.sh take, and what they say of one that will not do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr.utils.files import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="train.sh is a bash script")

SCRIPT = """
. "$SCRIPTS/environment.sh"
environment requirements.txt
printf '%s' "$python"
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Calls the function in an empty repository; returns the exit status and all that was said."""
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setenv("SCRIPTS", str(REPOSITORY / "tools"))
    monkeypatch.delenv("PYTHON", raising=False)

    def call() -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", "set -euo pipefail" + SCRIPT],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return call


def python_that_says(path: Path, version: tuple[int, int, int]) -> Path:
    """Write what behaves as a Python of that version when it is asked for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    change = f"import sys; sys.version_info = {version}; exec(sys.argv.pop(1))"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{change}" "$2"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 13, 0)])
def test_a_python_that_is_too_old_or_too_new_is_named(environment, tmp_path, monkeypatch, version):
    monkeypatch.setenv("PYTHON", str(python_that_says(tmp_path / "python", version)))
    status, said = environment()
    assert status == 1
    assert "Python {}.{}.{}; 3.10, 3.11 or 3.12 is needed".format(*version) in said


def test_an_environment_made_with_another_python_is_refused_before_anything_is_installed(
    environment, tmp_path
):
    python_that_says(tmp_path / ".venv/bin/python", (3, 13, 0))
    status, said = environment()
    assert status == 1
    assert ".venv holds Python 3.13.0" in said
    assert "rm -r .venv" in said
    assert "installing" not in said


def test_an_environment_whose_python_is_gone_is_named(environment, tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(tmp_path / "gone")
    status, said = environment()
    assert status == 1
    assert "rm -r .venv" in said


def test_what_was_found_is_told_when_no_python_fits(environment, tmp_path, monkeypatch):
    tools = tmp_path / "bin"
    python_that_says(tools / "python3", (3, 13, 0))
    for name in ("bash", "tr", "cat", "cksum"):
        (tools / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tools))
    status, said = environment()
    assert status == 1
    assert "no Python 3.10, 3.11 or 3.12 found (there is Python 3.13.0)" in said


def test_a_python_without_packages_is_told_how_to_get_them(environment, tmp_path, monkeypatch):
    bare = tmp_path / "bare/bin/python"
    bare.parent.mkdir(parents=True)
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setenv("PYTHON", str(bare))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    status, said = environment()
    assert status == 1
    assert f"{bare} has no paddle" in said
    assert "pip install -r requirements.txt" in said


def test_a_python_that_fits_is_used_as_it_is(environment, monkeypatch):
    monkeypatch.setenv("PYTHON", sys.executable)
    status, said = environment()
    assert (status, said) == (0, os.fspath(sys.executable))
