"""Runs that take milliseconds a step: a CRNN and a DB of a few thousand parameters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.training import runs

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "tests.faults.tiny_parts"
TASKS = ("rec", "det")
# what a process of these tests may use of a machine that runs others beside it
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def config(folder: Path, task: str = "rec", count: int = 12) -> Path:
    """Return the path of a config with its data, all below ``folder``; it writes to ``run``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = runs.rec_config(folder, count) if task == "rec" else runs.det_config(folder, count)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["Global"]["plugins"] = [PLUGIN]
    content["Architecture"]["Backbone"] = {"name": "TinyLine" if task == "rec" else "TinyPage"}
    if task == "det":
        content["Architecture"]["Neck"]["out_channels"] = 8
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def in_child(work: Callable[[], int | None], log: Path | None = None) -> int:
    """Return the exit status of ``work`` in a forked child; minus the signal that killed it."""
    return finished(begun(work, log))


def begun(work: Callable[[], int | None], log: Path | None = None) -> int:
    """Start ``work`` in a forked child, which has paddle loaded already; return its number."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    status = 99
    try:
        target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(target, 1)
        os.dup2(target, 2)
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        status = work() or 0
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def status(child: int) -> int | None:
    """Return the exit status of a child that has ended, None of one that runs."""
    number, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if number else None


def finished(child: int, timeout_s: float = 120.0) -> int:
    """Return the exit status of a child; it is killed when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = status(child)
        if found is not None:
            return found
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"the child was still there after {timeout_s:g} s")
        time.sleep(0.002)


def train(path: Path, *overrides: str) -> int:
    """Return the exit status of ``tools/train.py`` in this process."""
    from ppocr.utils import exits
    from tools.train import main

    return exits.run(main, ["-c", str(path), *(["-o", *overrides] if overrides else [])])


def tool(words: Sequence[str], **settings: Any) -> subprocess.CompletedProcess[str]:
    """Return a finished command of ``tools/``."""
    return subprocess.run(
        command(words),
        env={**ENVIRONMENT, **settings.pop("env", {})},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **settings,
    )


def command(words: Sequence[str]) -> list[str]:
    """Return the command line of a tool by its path below ``tools/``."""
    return [sys.executable, str(ROOT / "tools" / words[0]), *map(str, words[1:])]
