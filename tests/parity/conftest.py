"""Parity tests read their cases through `cases.py`; this file adds the fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity import cases


@pytest.fixture
def golden() -> Path:
    """Return the directory of recorded cases in use."""
    return cases.directory()
