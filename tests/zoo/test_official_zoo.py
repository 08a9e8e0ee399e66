"""Official files, as they are: checked, trained two steps, exported in every format.

Run with ``--official DIR``; files that name a component which is not here yet are left out, by
name. Only sizes, counts and paths are changed, by ``small.py``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ppocr import config
from ppocr.config.errors import ConfigError
from ppocr.pipeline import checks
from tests.zoo import life

REPEATED = "is written twice"
KINDS = (("json", True), ("pdmodel", False))
TASKS = ("det", "rec", "cls")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "official" in metafunc.fixturenames:
        folder = metafunc.config.getoption("--official")
        found = sorted(Path(folder).rglob("*.yml")) if folder else []
        metafunc.parametrize("official", found, ids=[path.name for path in found])


def test_it_runs_unmodified(official, data, tmp_path):
    try:
        root, notes = config.read(official)
    except ConfigError as error:
        pytest.skip(f"{official.name} does not parse: {error}")
    report = checks.check(root)
    if report.absent:
        pytest.skip(f"not here yet: {report.absent[0].text}")
    if root["Architecture"].get("model_type") not in TASKS:
        pytest.skip(f"no task of the zoo: {root['Architecture'].get('model_type')}")
    said = [str(one) for one in (*notes, *report.notes, *report.problems)]
    assert [one for one in said if REPEATED not in one] == []
    life.whole(life.begin(official, data, tmp_path), KINDS)
    shutil.rmtree(tmp_path)
