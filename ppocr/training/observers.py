"""Hooks that only look on: a bar in a terminal, a profile of some steps."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paddle
from paddle import profiler
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from ppocr.config import as_section, signatures
from ppocr.config.schema import match
from ppocr.pipeline import fixed
from ppocr.pipeline.fixed import ProfilerOptions
from ppocr.training.hooks import PROFILED, Hook
from ppocr.training.state import TrainState
from ppocr.utils.logs import get_logger

PROFILE_FOLDER = Path("profiler_log")
DEFAULT_RANGE = (10, 20)


class Bar(Hook):
    """A bar per epoch; log lines are printed above it."""

    def __init__(self, batches: int) -> None:
        self.batches = batches
        self._bar: Any = None
        self._redirected = ExitStack()

    def start(self, state: TrainState) -> None:
        logger: logging.Logger = get_logger()
        self._redirected.enter_context(logging_redirect_tqdm([logger]))

    def stepped(self, state, batch, news) -> None:
        if self._bar is None:
            self._bar = tqdm(total=self.batches, initial=state.batch - 1, leave=False, unit="batch")
            self._bar.set_description(f"epoch {state.epoch + 1}")
        self._bar.set_postfix(loss=f"{news['losses']['loss']:.4g}", refresh=False)
        self._bar.update()

    def epoch_done(self, state: TrainState) -> None:
        self._close()

    def stop(self, state: TrainState) -> None:
        self._close()
        self._redirected.close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Profile(Hook):
    """Measures the steps of ``batch_range`` and prints where their time went.

    A trace for chrome://tracing is left in ``profiler_log/``, unless only the timer is wanted.
    """

    def __init__(self, options: ProfilerOptions, folder: Path = PROFILE_FOLDER) -> None:
        self.options, self.folder = options, folder
        self.begin, self.end = options.batch_range or DEFAULT_RANGE
        self._seen = 0
        self._profiler: Any = None

    def stepped(self, state, batch, news) -> None:
        self._seen += 1
        if self._seen == self.begin:
            self._profiler = self._started()
        elif self._profiler is not None:
            self._profiler.step(num_samples=len(batch["image"]))
            if self._seen >= self.end:
                self._report()
                if self.options.exit_on_finished:
                    state.stop_reason = PROFILED

    def stop(self, state: TrainState) -> None:
        if self._profiler is not None:
            self._profiler.stop()

    def _started(self) -> Any:
        tracing = None
        if not self.options.timer_only:
            tracing = profiler.export_chrome_tracing(str(self.folder))
        found = profiler.Profiler(on_trace_ready=tracing, timer_only=self.options.timer_only)
        found.start()
        return found

    def _report(self) -> None:
        get_logger().info("profile: %s", self._profiler.step_info(unit="samples"))
        self._profiler.stop()
        if not self.options.timer_only:
            self._profiler.summary(op_detail=True, thread_sep=False, time_unit="ms")
        self._profiler = None


def memory_report(wanted: bool, device: str) -> Callable[[], str]:
    """Return what gives the end of a log line: peak memory of the device, or of the process."""

    def of_device() -> str:
        reserved = paddle.device.cuda.max_memory_reserved() >> 20
        allocated = paddle.device.cuda.max_memory_allocated() >> 20
        return f", max_mem_reserved: {reserved} MB, max_mem_allocated: {allocated} MB"

    def of_process() -> str:
        try:
            import resource
        except ImportError:  # Windows
            return ""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        megabytes = peak >> 20 if sys.platform == "darwin" else peak >> 10
        return f", max_mem_resident: {megabytes} MB"

    if not wanted:
        return lambda: ""
    return of_device if device.startswith("gpu") else of_process


def profiler_options(section: Any) -> ProfilerOptions:
    """Return the typed section; it was checked with the rest of the config."""
    signature = signatures.need(fixed.__name__, ProfilerOptions.__name__)
    return ProfilerOptions(**match(signature, as_section(section)).arguments)
