"""Every config of a directory given by ``--official DIR``: read, checked, explained, derived.

The official files of PaddleOCR 2.x are not ours to ship. Point the option at their
``configs`` folder and each of them must come out as fine, or as a precise list of the
components that do not exist here yet, with no complaint about a key that the original
reads.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ppocr import config
from ppocr.config import explain
from ppocr.config.errors import ConfigError
from ppocr.pipeline import checks
from tests.config import typos

ROOT = Path(__file__).resolve().parents[2]

# what is wrong in the official files themselves
THEIR_OWN = (
    re.compile(r"alias \*max_text_length stands for nothing"),
    re.compile(r"no Backbone called 'repvit_svtr'"),
)
NAMES_ALIKE = 0.02  # share of slips that turn one existing word into something like another
SECONDS = 3.0


def files(request_or_config) -> list[Path]:
    folder = request_or_config.getoption("--official")
    return sorted(Path(folder).rglob("*.yml")) if folder else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "official" in metafunc.fixturenames:
        found = files(metafunc.config)
        metafunc.parametrize("official", found, ids=[path.name for path in found])


@pytest.fixture
def folder(request) -> Path:
    given = request.config.getoption("--official")
    if not given:
        pytest.skip("no directory of official configs (--official DIR)")
    return Path(given)


def test_reads_to_the_values_of_pyyaml(official):
    text = official.read_text(encoding="utf-8")
    try:
        expected = yaml.safe_load(text)
    except yaml.YAMLError:
        with pytest.raises(ConfigError):
            config.read(official)
        return
    assert_same(config.read(official)[0], expected)


def assert_same(ours, theirs):
    """Equal, but for numbers such as 1e-6 that YAML 1.1 takes for text."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            assert_same(ours[key], value)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for mine, value in zip(ours, theirs, strict=True):
            assert_same(mine, value)
    elif isinstance(ours, float) and isinstance(theirs, str):
        assert ours == float(theirs)
    else:
        assert (type(ours), ours) == (type(theirs), theirs)


def test_is_fine_or_a_list_of_what_is_not_here_yet(official):
    try:
        root = config.read(official)[0]
    except ConfigError as error:
        problems = error.problems
    else:
        problems = checks.check(root).problems
    ours = [str(one) for one in problems if not any(rule.search(one.text) for rule in THEIR_OWN)]
    assert ours == []
    assert all(one.place.line > 0 for one in problems)


def test_can_be_explained_and_recorded(official, tmp_path):
    try:
        root = config.read(official)[0]
    except ConfigError:
        pytest.skip(f"{official.name} does not parse")
    parts = checks.check(root).parts
    assert len(explain.view(parts)) > 50
    again = tmp_path / "config.yml"
    again.write_text(explain.as_yaml(root, parts), encoding="utf-8")
    assert config.read(again)[0] == root


def test_all_together_are_quick(folder, request):
    names = [str(path) for path in files(request.config)]
    before = os.times()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check_config.py"), *names],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    after = os.times()  # processor time: what else the machine does is not our business
    taken = after.children_user - before.children_user
    taken += after.children_system - before.children_system
    assert done.returncode in (0, ConfigError.exit_code), done.stderr
    assert f"{len(names)} configs: " in done.stdout
    assert done.stderr == ""
    assert taken < SECONDS * max(1, len(names) / 81), f"{taken:.1f} s"


def test_slips_in_their_keys_are_caught(folder, request):
    draw = random.Random(11)
    slips = []
    for seed, path in enumerate(files(request.config)):
        try:
            root = config.read(path)[0]
        except ConfigError:
            continue
        found = list(typos.slips(root, seed))
        slips += [(path, root, one) for one in draw.sample(found, min(4, len(found)))]
    missed = [f"{path.name} {one}" for path, root, one in slips if typos.found(root, one)]
    assert len(slips) >= 50
    assert len(missed) <= NAMES_ALIKE * len(slips), missed
