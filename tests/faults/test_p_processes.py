"""Rows P: signals, workers that misbehave, processes that must not outlive their parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppocr.data import build_dataloader, shared
from ppocr.data.workers import Workers
from ppocr.transforms.base import Compose
from ppocr.utils import pickles, processes
from ppocr.utils.exits import DataError, InternalError
from tests.data.sets import lines, rec_config
from tests.faults import tiny
from tests.faults.chaos import last_step
from tests.faults.trouble import Trouble

LONG = "Global.epoch_num=5000"


def started(path: Path, *options: str) -> subprocess.Popen[str]:
    """Return ``tools/train.py`` as a process, leader of its group, that has made some steps."""
    words = tiny.command(["train.py", "-c", str(path), "-o", LONG, *options])
    process = subprocess.Popen(
        words,
        env=tiny.ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_steps(path, lambda: process.poll() is None)
    return process


def forked(path: Path, *options: str) -> int:
    """Return the number of the same as a forked child, which logs to ``log``."""
    child = tiny.begun(lambda: tiny.train(path, LONG, *options), path.parent / "log")
    wait_for_steps(path, lambda: tiny.status(child) is None)
    return child


def wait_for_steps(path: Path, alive: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while last_step(path.parent / "run") < 4:
        assert alive()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def descendants(process: int) -> set[int]:
    """Return the processes below one."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            child = int(path.parent.name)
            found |= {child} | descendants(child)
    return found


def gone(numbers: set[int], within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while any(map(processes.is_running, numbers)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_p1_a_signal_to_the_run_saves_within_one_step(rec, tmp_path, number):
    child = forked(rec, "Train.loader.num_workers=1")
    workers = descendants(child)
    before = last_step(tmp_path / "run")
    os.kill(child, number)
    assert tiny.finished(child) == 75
    assert "error[75]" in (tmp_path / "log").read_text()
    saved_and_gone(tmp_path / "run", before, workers)


def test_p2_a_signal_to_the_whole_group_does_the_same(rec, tmp_path):
    process = started(rec, "Train.loader.num_workers=1")
    workers = descendants(process.pid)
    before = last_step(tmp_path / "run")
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 75, errors
    assert "error[75]" in errors
    saved_and_gone(tmp_path / "run", before, workers)


def saved_and_gone(folder: Path, before: int, workers: set[int]) -> None:
    step = pickles.read(folder / "latest.states")["global_step"]
    assert step == last_step(folder) >= before
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    assert last["stopped"] == "preempted"
    assert gone(workers)


def test_p3_a_second_signal_ends_the_run_at_once_and_harms_nothing(rec, tmp_path):
    assert tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=1")) == 0

    def work() -> int:
        from ppocr.training import setup, store

        real, standard = store.save, setup.standard_hooks

        def save(*given, **named):
            os.kill(os.getpid(), signal.SIGINT)  # in the midst of saving
            return real(*given, **named)

        def hooks(run):
            store.save = save
            return standard(run)

        setup.standard_hooks = hooks
        resume = ["Global.resume=auto", "Global.resume_override=true"]
        run = lambda: tiny.train(rec, LONG, *resume)  # noqa: E731
        from ppocr.training.trainer import Trainer

        tell = Trainer._tell

        def told(self, event, *news):
            if event == "stepped":
                os.kill(os.getpid(), signal.SIGINT)
            return tell(self, event, *news)

        Trainer._tell = told
        return run()

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 128 + signal.SIGINT
    assert "SIGINT again: ended at once" in log.read_text()
    assert pickles.read(tmp_path / "run" / "latest.states")["global_step"] == 3
    resume = ["Global.resume=auto", "Global.resume_override=true", "Global.epoch_num=2"]
    assert tiny.in_child(lambda: tiny.train(rec, *resume)) == 0


def test_p4_kill_of_the_run_leaves_no_worker_and_no_shared_memory(rec, tmp_path):
    # a process of its own: a fork would share the tests' tracker of shared memory, which lives on
    run = started(rec, "Train.loader.num_workers=2", "Train.loader.batch_size_per_card=6")
    below = descendants(run.pid)
    assert len(below) >= 2
    run.kill()
    run.communicate(timeout=240)
    assert run.returncode == -signal.SIGKILL
    assert gone(below)
    deadline = time.monotonic() + 60
    while left := [one for one in shared.FOLDER.glob("ppocr-*") if owner(one) in below]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def owner(segment: Path) -> int:
    return int(segment.name.split("-")[2])


def test_p4_what_nobody_could_remove_is_removed_by_the_next_loader(tmp_path, monkeypatch):
    # a folder of its own: loaders of other tests clear the real one at the same time
    monkeypatch.setattr(shared, "FOLDER", tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    stale = tmp_path / f"{shared._family()}{dead.pid}-abc123"
    alive = tmp_path / f"{shared._family()}{os.getpid()}-abc123"
    for path in (stale, alive):
        path.write_bytes(b"x")
    assert shared.sweep() == 1
    assert list(tmp_path.iterdir()) == [alive]


def troubled(folder: Path, kind: str, workers: int = 1) -> Any:
    config = rec_config(lines(folder), num_workers=workers, stall_s=3.0)
    loader = build_dataloader(config, "Eval")
    loader.fetcher._chain = Compose([Trouble(kind), *loader.fetcher.ops], defer=True)
    return loader


def fails(folder: Path, kind: str, workers: int = 1) -> str:
    loader = troubled(folder, kind, workers)
    try:
        with pytest.raises(InternalError) as caught:
            list(loader.epoch(0))
    finally:
        loader.close()
    assert caught.value.exit_code == 70
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "said"), [("killed", "SIGKILL"), ("segfault", "SIGSEGV"), ("leaves", "ended (3)")]
)
def test_p5_a_worker_that_dies_ends_the_run_and_names_the_sample(tmp_path, kind, said):
    text = fails(tmp_path, kind)
    assert "loader worker 0" in text
    assert said in text
    assert "sample 5, " in text
    assert "rows.txt:6" in text


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("kind", "said"),
    [("raise", "ValueError: of this sample"), ("unpicklable", "cannot be pickled")],
)
def test_p6_a_transform_that_raises_is_told_with_index_file_and_line(tmp_path, kind, said, workers):
    text = fails(tmp_path, kind, workers)
    assert said in text
    assert "sample 5 of epoch 1" in text
    assert "rows.txt:6" in text


def test_p7_a_worker_that_is_stuck_is_given_up_with_its_stack(tmp_path, capfd):
    loader = troubled(tmp_path, "stuck")
    batches = iter(loader.epoch(0))
    next(batches)  # the start of the process is over: from now on patience is that of stall_s
    with pytest.raises(InternalError, match=r"gave no answer for 3 s; at .*sample 5, .*rows.txt:6"):
        list(batches)
    loader.close()
    assert "in __call__" in capfd.readouterr().err


CRASH = """
from ppocr.utils import runtime
with runtime.quiet_paddle_import():
    import paddle
import ctypes
paddle.ones([2])
ctypes.string_at(8)
"""


def test_p5_a_crash_of_the_run_itself_ends_it_and_shows_where():
    done = subprocess.run(
        [sys.executable, "-c", CRASH],
        env=tiny.ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in done.stderr
    assert "string_at" in done.stderr
    assert "FatalError" not in done.stderr  # of paddle's handler


def test_p7_a_run_that_is_stuck_ends_itself_and_says_where(rec, tmp_path):
    def work() -> int:
        from ppocr.training.trainer import Trainer

        tell = Trainer._tell

        def told(self, event, *news):
            tell(self, event, *news)
            if event == "stepped" and self.state.step == 4:
                time.sleep(60)

        Trainer._tell = told
        return tiny.train(rec, "Global.stall_s=1.5")

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 70
    said = log.read_text()
    assert "nothing has moved for 1.5 s (Global.stall_s) after step 4" in said
    assert "in told" in said  # the stack
    last = json.loads((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["exit"]) == ("failed", 70)
    assert tiny.in_child(lambda: tiny.train(rec, "Global.resume=auto")) == 0


def test_p8_every_batch_has_an_image_and_every_epoch_all_of_them(tmp_path, monkeypatch):
    labels = lines(tmp_path)
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(b"not an image")
    loader = build_dataloader(rec_config(labels), "Eval")
    batches = list(loader.epoch(0))
    assert [len(batch["image"]) for batch in batches] == [4, 4]  # the first had nothing left
    assert loader.tally.total == 4
    whole = type(loader.sampler).epoch
    monkeypatch.setattr(
        type(loader.sampler), "epoch", lambda self, number: iter(list(whole(self, number))[:-1])
    )
    with pytest.raises(InternalError, match="gave 2 of 3 batches"):
        list(loader.epoch(0))


SMALL = """
mount -t tmpfs -o size=64k none /dev/shm || exit 90
exec "$@"
"""


def test_p9_a_small_shared_memory_is_noticed_and_pipes_are_used(tmp_path):
    probe = ["unshare", "-m", "sh", "-c", SMALL, "sh", "true"]
    if not sys.platform.startswith("linux") or subprocess.run(probe, check=False).returncode:
        pytest.skip("needs the right to mount (root): /dev/shm cannot be made small here")
    path = tiny.config(tmp_path, "rec")
    words = tiny.command(
        ["train.py", "-c", str(path), "-o", "Global.epoch_num=1", "Train.loader.num_workers=1",
         "Train.loader.batch_size_per_card=6"]
    )  # fmt: skip
    done = subprocess.run(
        [*probe[:-1], *words],
        env=tiny.ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "shared memory is too small" in done.stdout


def test_p9_without_shared_memory_batches_are_the_same(tmp_path):
    loader = build_dataloader(rec_config(lines(tmp_path)), "Eval")
    expected = [batch["index"].tolist() for batch in loader.epoch(0)]
    workers = Workers(loader.fetcher, 1, shared_memory=False)
    found = [one.batch["index"].tolist() for one in workers.run(loader.sampler.epoch(0))]
    workers.close()
    assert found == expected


def test_p6_data_errors_keep_their_status(tmp_path):
    labels = lines(tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.png").unlink()
    loader = build_dataloader(rec_config(labels, num_workers=1), "Train")
    with pytest.raises(DataError, match="max_bad_ratio"):
        list(loader.epoch(0))
    loader.close()
