"""Parity tests read their cases through `cases.py`; this file adds the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity import cases


@pytest.fixture
def golden() -> Path:
    """Return the directory of recorded cases in use."""
    return cases.directory()


@pytest.fixture
def dictionary_path(tmp_path: Path) -> Callable[[str | None], str | None]:
    """Return a function from the dictionary a case names to the path of a file with its lines.

    It is the same path where the file is part of the project; None stays None.
    """

    def written(path: str | None) -> str | None:
        if path is None or (cases.DEFAULT_DIRECTORY.parents[1] / path).is_file():
            return path
        target = tmp_path / Path(path).name
        target.write_text("".join(f"{line}\n" for line in cases.dictionary_lines(path)), "utf-8")
        return str(target)

    return written
