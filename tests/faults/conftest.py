"""What the fault tests share: campaigns that run once, tiny configs, runs in forked children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults import crash, tiny


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not hasattr(os, "fork"):
            item.add_marker(pytest.mark.skip(reason="needs fork, which this system does not have"))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def campaigns(tmp_path_factory):
    """Return a function that runs ``crash.py`` with some words, each choice of them once."""
    known: dict[tuple[str, ...], dict[str, Any]] = {}

    def run(*words: str) -> dict[str, Any]:
        if words not in known:
            report = tmp_path_factory.mktemp("crash") / "report.json"
            done = subprocess.run(
                [sys.executable, "-m", "tests.faults.crash", *words, "--json", str(report)],
                env=tiny.ENVIRONMENT,
                cwd=tiny.ROOT,
                capture_output=True,
                text=True,
                timeout=900,
                check=False,
            )
            if done.returncode == crash.NO_COMPILER:
                pytest.skip("no C compiler here: faults below libc cannot be put in")
            assert report.is_file(), done.stdout + done.stderr
            known[words] = {**json.loads(report.read_text()), "status": done.returncode}
        return known[words]

    return run


@pytest.fixture
def rec(tmp_path) -> Path:
    """Return the path of a tiny recogniser's config."""
    return tiny.config(tmp_path, "rec")
