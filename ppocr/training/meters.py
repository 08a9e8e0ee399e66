"""Smoothing of what is logged, and the guess of how long it still takes."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Mapping
from statistics import fmean, median


class Window:
    """The last values of several series; ``smooth`` gives the median of each."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        self.series: dict[str, deque[float]] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """Append one value per series."""
        for name, value in values.items():
            self.series.setdefault(name, deque(maxlen=self.size)).append(float(value))

    def smooth(self) -> dict[str, float]:
        """Return the median of each series."""
        return {name: median(values) for name, values in self.series.items() if values}

    def state(self) -> dict[str, list[float]]:
        """Return the values as plain lists."""
        return {name: list(values) for name, values in self.series.items()}

    def load(self, state: Mapping[str, list[float]]) -> None:
        """Take over saved values."""
        self.series = {name: deque(values, maxlen=self.size) for name, values in state.items()}


class Pace:
    """Seconds and samples since the last report."""

    def __init__(self) -> None:
        self._reader: list[float] = []
        self._batch: list[float] = []
        self._samples: list[int] = []

    def add(self, read_s: float, batch_s: float, samples: int) -> None:
        """Count one step."""
        self._reader.append(read_s)
        self._batch.append(batch_s)
        self._samples.append(samples)

    def report(self) -> dict[str, float]:
        """Return means since the last report, and begin anew."""
        if not self._batch:
            return {"reader_s": 0.0, "batch_s": 0.0, "samples": 0.0, "ips": 0.0}
        found = {
            "reader_s": fmean(self._reader),
            "batch_s": fmean(self._batch),
            "samples": fmean(self._samples),
            "ips": sum(self._samples) / max(sum(self._batch), 1e-9),
        }
        self.__init__()
        return found


def duration(seconds: float) -> str:
    """Return '1 day, 2:03:04' for a number of seconds."""
    return str(datetime.timedelta(seconds=int(max(0.0, seconds))))
