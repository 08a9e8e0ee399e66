"""The loop tells every hook that it is over, also when it never began; when a time limit stops."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from ppocr.training import stops, writers
from ppocr.training.events import Events
from ppocr.training.hooks import Hook
from ppocr.training.state import TrainState
from ppocr.training.trainer import Trainer
from ppocr.training.watch import Watchdog
from ppocr.utils.exits import StorageError

FULL = Path("/dev/full")


class NoRoom(Hook):
    """Finds the disk full before the first step, as saving does."""

    def start(self, state) -> None:
        raise StorageError("no room")


def test_a_run_that_fails_before_its_first_step_leaves_no_watch_behind():
    handler, threads = signal.getsignal(signal.SIGTERM), threading.active_count()
    watchdog = Watchdog(3600, Events())
    loader = SimpleNamespace(epoch=lambda number, start: iter(()))
    hooks = [watchdog, stops.Signals(), NoRoom()]
    with pytest.raises(StorageError):
        Trainer(None, loader, TrainState(), hooks).fit(1)
    for thread in threading.enumerate():
        if thread.name == "watchdog":
            thread.join(5)
    assert threading.active_count() == threads
    assert signal.getsignal(signal.SIGTERM) is handler


def test_a_time_limit_stops_after_a_step_that_was_not_skipped():
    state, limit = TrainState(), stops.TimeLimit(0.0)
    limit.stepped(state, {}, {"skipped": True})
    assert not state.stop_reason
    limit.stepped(state, {}, {"skipped": False})
    assert state.stop_reason == "max_hours: 0 are over"
    state, later = TrainState(), stops.TimeLimit(1.0)
    later.stepped(state, {}, {})
    assert not state.stop_reason


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_figures_that_cannot_be_written_do_not_end_a_run(tmp_path, caplog):
    path = tmp_path / "metrics.jsonl"
    os.symlink(FULL, path)
    found = writers.JsonLines(path)
    for step in range(3):
        found.write("train", step, {"loss": 0.5})
    found.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: {os.strerror(28)}; training goes on"
    ]
