"""Every config that ships: reads, checks without a remark, derives a spec, says what it is."""

from __future__ import annotations

import itertools

import pytest

from ppocr.config import read
from ppocr.pipeline import checks
from ppocr.pipeline.derive import derive
from ppocr.synthesis import is_synthesis, settings
from tests.house.house import ROOT, complain

SYNTHESIS = sorted((ROOT / "configs/synth").glob("*.yml"))
CONFIGS = sorted(set((ROOT / "configs").rglob("*.yml")) - set(SYNTHESIS))
NAMES = [str(path.relative_to(ROOT)) for path in CONFIGS]


@pytest.fixture(params=NAMES)
def name(request):
    """The path of a config below the repository."""
    return request.param


def test_the_folder_is_not_empty():
    assert len(NAMES) >= 12


def test_it_is_fine_and_leaves_nothing_to_remark(name):
    config, notes = read(ROOT / name)
    report = checks.check(config)
    said = [f"{one.place}: {one.text}" for one in (*notes, *report.notes, *report.all())]
    complain("a config that ships is checked without a remark", said, "mend the config")


def test_it_begins_with_what_it_is_and_how_to_run_it(name):
    head = head_of(name)
    said = "\n".join(head)
    lacking = [] if f"tools/train.py -c {name}" in said and len(head) >= 6 else [name]
    complain(
        "a config begins with what it is, its command, and what to expect",
        lacking,
        "see configs/quickstart/det.yml",
    )


def test_it_derives_what_an_export_would_carry(name):
    given, _ = read(ROOT / name)
    if not (ROOT / (given["Global"].get("character_dict_path") or "README.md")).is_file():
        # a dictionary that is not part of the project
        given, _ = read(ROOT / name, ["Global.character_dict_path=ppocr/utils/en_dict.txt"])
    spec = derive(given)
    assert spec.task == given["Architecture"]["model_type"]
    assert spec.inputs[0].shape[1] == 3
    assert [step.name for step in spec.pre][0] == "DecodeImage"
    assert not any("Label" in step.name for step in spec.pre)
    assert bool(spec.characters) == (spec.task == "rec")


@pytest.mark.parametrize("path", SYNTHESIS, ids=lambda path: path.name)
def test_configs_of_drawn_data_are_fine_and_say_how_they_are_used(path):
    name = str(path.relative_to(ROOT))
    root, notes = read(path)
    report = settings.check(root)
    said = [f"{one.place}: {one.text}" for one in (*notes, *report.notes, *report.all())]
    complain("a config that ships is checked without a remark", said, "mend the config")
    assert is_synthesis(root)
    assert f"tools/synthesize.py -c {name}" in "\n".join(head_of(name))


def head_of(name: str) -> list[str]:
    """Return the comment that a config begins with."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return list(itertools.takewhile(lambda line: line.startswith("#"), lines))
