"""Rows are looked at in this process: what they hold is tested here, not the workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.config import load
from ppocr.doctor import inspect, sets


class InThisProcess:
    """Stands in for the loader's workers."""

    def __init__(self, team, count, shared_memory, stall_s) -> None:
        self.team = team

    def run(self, requests):
        return map(self.team, requests)

    def close(self) -> None:
        pass


@pytest.fixture
def report_on(monkeypatch):
    """Return what makes the report on a config, with overrides."""
    monkeypatch.setattr(sets, "Workers", InThisProcess)

    def make(path: Path, *overrides: str, limit: int = 0):
        folder = path.parent / "report"
        return inspect.run(load(path, overrides), str(path), overrides, folder, limit, True)

    return make
