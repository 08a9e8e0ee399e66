"""Small configs of our own, and a way to write one from a string."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def fixtures() -> Path:
    """Return the folder of the example configs."""
    return FIXTURES


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a text, dedented, as ``my.yml`` and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "my.yml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write
