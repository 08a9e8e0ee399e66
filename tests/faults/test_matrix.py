"""The matrix is complete: every row has a test of its name and a line in docs/reliability.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ppocr.utils.files import REPOSITORY

ROWS = {"c": 15, "r": 11, "d": 16, "i": 7, "l": 4, "y": 7, "x": 10, "p": 10, "t": 3}


def rows_with_tests() -> set[str]:
    """Return the rows that tests of this folder are named after."""
    found: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                words = re.match(r"test((?:_[a-z]\d+)+)_", node.name)
                found.update(words.group(1).strip("_").split("_") if words else ())
    return found


def test_every_row_has_a_test_and_a_line():
    rows = {f"{letter}{number}" for letter, last in ROWS.items() for number in range(1, last + 1)}
    assert rows_with_tests() == rows
    text = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    lines = {row.lower() for row in re.findall(r"^\| ([A-Z]\d+) \|", text, re.MULTILINE)}
    assert lines == rows
