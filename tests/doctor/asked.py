"""What the tests ask of a report, and lines to make one of."""

from __future__ import annotations

from pathlib import Path

from tests.doctor import material
from tools import check_config

CLASSES = {"label_list": ["0", "180"]}


def found(report, code: str):
    """Return the finding of a code; there must be exactly one."""
    matching = [one for one in report.findings if one.code == code]
    assert len(matching) == 1, [one.code for one in report.findings]
    return matching[0]


def codes(report) -> set[str]:
    return {one.code for one in report.findings}


def accepted(report) -> None:
    """Fail unless tools/check_config.py takes everything that is recommended, together."""
    overrides = [one for finding in report.findings for one in finding.overrides]
    assert overrides
    assert check_config.main([report.case.path, "-o", *report.case.overrides, *overrides]) == 0


def line_rows(root: Path, count: int, text, width=lambda n: 96, first: int = 0) -> list[str]:
    rows = []
    for number in range(first, first + count):
        material.save(root / f"{number}.png", width(number), 32, number)
        rows.append(f"{number}.png\t{text(number)}")
    return rows
