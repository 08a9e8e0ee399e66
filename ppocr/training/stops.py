"""Hooks that end a run early, after the step under way and with a checkpoint written."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from ppocr.training import ranks
from ppocr.training.hooks import PREEMPTED, Hook
from ppocr.training.state import TrainState
from ppocr.utils import dist
from ppocr.utils.logs import get_logger

REPEATED_S = 2.0  # within which several processes take a signal again for the same one
SIGNALLED = 128  # what a shell adds to the number of the signal that ended a process


class TimeLimit(Hook):
    """Stops after so many hours; the run can be resumed. A skipped step is not the last one."""

    def __init__(self, hours: float) -> None:
        self.seconds = hours * 3600
        self._begun = time.monotonic()

    def stepped(self, state, batch, news) -> None:
        over = time.monotonic() - self._begun > self.seconds
        if ranks.anybody(over and not news.get("skipped")):
            state.stop_reason = f"max_hours: {self.seconds / 3600:g} are over"


class Signals(Hook):
    """SIGTERM and Ctrl-C end the run after the current step, checkpoint written.

    An evaluation under way is broken off (``seen``), and done again by the run that goes on. A
    step that was skipped is not one to stop after: the next good one is. A second signal ends
    the process at once; what was saved before stays whole. The launcher of several processes
    sends each of its signals up to three times, which counts as once.
    """

    def __init__(self) -> None:
        self._seen, self._first = 0, 0.0
        self._before: dict[int, Any] = {}

    def seen(self) -> bool:
        """Return whether somebody wants the run to stop."""
        return self._seen > 0

    def start(self, state: TrainState) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._caught)

    def stepped(self, state, batch, news) -> None:
        if ranks.anybody(self.seen() and not news.get("skipped")):
            state.stop_reason = PREEMPTED

    def stop(self, state: TrainState) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _caught(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._seen and dist.world_size() > 1 and now - self._first < REPEATED_S:
            return
        self._seen, self._first = self._seen + 1, now
        if self._seen > 1:
            # not an exception: whatever would catch or clean up could take its time
            sys.stderr.write(f"{signal.Signals(number).name} again: ended at once\n")
            os._exit(SIGNALLED + number)
        get_logger().warning("%s: stopping after this step", signal.Signals(number).name)
