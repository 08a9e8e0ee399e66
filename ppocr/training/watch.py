"""Ends a run that has stopped moving: a device, a collective or a file system that never answers.

The loader watches its own workers (``loader.stall_s``); this watches the process that trains. It
says where every thread is, notes it among the events and leaves with the status of a defect, so
that a scheduler can start the run again from its last checkpoint.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from typing import NoReturn

from ppocr.training.events import Events
from ppocr.training.hooks import Hook
from ppocr.training.state import TrainState
from ppocr.utils.exits import InternalError


class Watchdog(Hook):
    """Ends the process when ``beat`` was not called for ``patience_s`` seconds."""

    def __init__(self, patience_s: float, events: Events) -> None:
        self.patience_s, self.events = patience_s, events
        self._last = time.monotonic()
        self._step = 0
        self._over = threading.Event()

    def beat(self) -> None:
        """Say that the run is alive."""
        self._last = time.monotonic()

    def start(self, state: TrainState) -> None:
        self._step = state.step
        self.beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stepped(self, state, batch, news) -> None:
        self._step = state.step
        self.beat()

    def epoch_done(self, state: TrainState) -> None:
        self.beat()

    def stop(self, state: TrainState) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self.patience_s / 4)):
            if time.monotonic() - self._last > self.patience_s:
                self._end()

    def _end(self) -> None:
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
        ended(
            self.events,
            InternalError.exit_code,
            f"nothing has moved for {self.patience_s:g} s (Global.stall_s) after step "
            f"{self._step}; where every thread is stands above, the last checkpoint is whole",
        )


def ended(events: Events, code: int, text: str) -> NoReturn:
    """End this process at once, with its diagnosis: the main thread may never come back."""
    events.write("failed", {"exit": code, "error": text})
    sys.stderr.write(f"error[{code}] {text}\n")
    sys.stderr.flush()
    os._exit(code)
