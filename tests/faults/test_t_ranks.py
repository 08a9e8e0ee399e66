"""Rows T: several processes train one model; one that fails does not leave the others behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ppocr.utils import pickles
from tests.faults import tiny
from tests.faults.chaos import last_step
from tests.faults.test_p_processes import descendants, gone
from tests.training import jobs

RANKS = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2"]


def launched(path: Path, *options: str) -> subprocess.Popen[str]:
    words = [*RANKS, "--log_dir", str(path.parent / "log"), *tiny.command(["train.py"])[1:]]
    return subprocess.Popen(
        [*words, "-c", str(path), "-o", *options],
        env=tiny.ENVIRONMENT,
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def logs(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted((folder / "log").glob("workerlog.*")))


@pytest.mark.slow
def test_t1_when_a_rank_is_killed_all_of_them_end(rec, tmp_path):
    process = launched(rec, "Global.epoch_num=5000")
    try:
        deadline = time.monotonic() + 300
        while last_step(tmp_path / "run") < 4:
            assert process.poll() is None, logs(tmp_path)
            assert time.monotonic() < deadline
            time.sleep(0.05)
        below = descendants(process.pid)
        ranks = [one for one in below if b"train.py" in command_line(one)]
        assert len(ranks) == 2
        os.kill(max(ranks), signal.SIGKILL)
        process.communicate(timeout=240)
        assert process.returncode != 0
        assert gone(below, within_s=60)
        assert "error[70] rank 1 (process " in logs(tmp_path)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def command_line(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def two(rec, tmp_path) -> Iterator[list[int]]:
    """Yield the numbers of two ranks, forked, that have made some steps."""
    options = ["Global.epoch_num=5000", "Global.rank_stall_s=2"]
    children = jobs.begun(lambda: tiny.train(rec, *options), tmp_path)
    try:
        deadline = time.monotonic() + 240
        while last_step(tmp_path / "run") < 4:
            ended = [tiny.status(child) for child in children]
            jobs.skip_without_gloo(tmp_path, [one or 0 for one in ended])
            assert ended == [None, None], jobs.log(tmp_path, 0).read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield children
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize(
    ("row", "number", "reason"),
    [
        ("t1", signal.SIGKILL, "has ended without a word (killed or crashed)"),
        ("t2", signal.SIGSTOP, "has given no sign of life for 2 s (Global.rank_stall_s)"),
    ],
)
def test_t1_t2_the_end_of_a_rank_is_noticed_by_the_other(two, tmp_path, lost, row, number, reason):
    os.kill(two[lost], number)
    assert tiny.finished(two[1 - lost], 240) == 70
    said = jobs.log(tmp_path, 1 - lost).read_text()
    assert f"error[70] rank {lost} (process {two[lost]} on " in said
    assert reason in said
    if lost == 1:
        last = json.loads((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
        assert (last["event"], last["exit"]) == ("failed", 70)
        assert reason in last["error"]


@pytest.mark.parametrize("told", [0, 1])
def test_t1_p1_what_the_launcher_sends_thrice_saves_once_and_stops_all(two, tmp_path, told):
    for _ in range(3):
        os.kill(two[told], signal.SIGTERM)
        time.sleep(0.05)
    assert [tiny.finished(child, 240) for child in two] == [75, 75]
    states = pickles.read(tmp_path / "run" / "latest.states")
    assert states["global_step"] == last_step(tmp_path / "run") >= 4


def test_t3_only_the_first_rank_writes(rec, tmp_path):
    options = ["Global.epoch_num=2", "Global.eval_batch_step=[0,2]"]
    children = jobs.begun(lambda: tiny.train(rec, *options), tmp_path)
    assert jobs.finished(children, tmp_path) == [0, 0], jobs.log(tmp_path, 0).read_text()
    said = jobs.log(tmp_path, 0).read_text()
    states = pickles.read(tmp_path / "run" / "latest.states")
    assert (states["epoch"], states["global_step"]) == (2, 4)  # 12 samples: 2 batches of 4 a rank
    assert said.count(f"saved {tmp_path}/run/latest.pdparams") == 2
    assert len(list((tmp_path / "run" / "ckpts").glob("latest-*"))) == 2
    assert not list((tmp_path / "run").rglob("*.tmp-*"))
    assert said.count("cur metric, ") == 2
    assert "2 process(es)" in said
    assert "ppocr INFO" not in jobs.log(tmp_path, 1).read_text()
