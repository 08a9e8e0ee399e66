"""Slips in a synthesis config: found all together, with file and line, before anything is drawn."""

from __future__ import annotations

import json

import pytest

from ppocr import config
from ppocr.config import ConfigError
from ppocr.synthesis import is_synthesis, settings
from ppocr.utils.files import REPOSITORY
from tests.synthesis.drawing import config as small

LINES = REPOSITORY / "configs/synth/lines.yml"


def said(*overrides: str) -> str:
    return "\n".join(map(str, settings.check(config.load(LINES, overrides)).all()))


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("Global.numbr=5", "Global has no setting 'numbr'; did you mean 'number'?"),
        ("Global.number=many", "Global.number should be int, not 'many'"),
        ("Global.number=-1", "number should be between 0"),
        ("Global.format=zip", "Global.format should be 'files' or 'lmdb'"),
        ("Global.jpeg_quality=[90, 60]", "jpeg_quality should be [low, high] between 1 and 100"),
        ("Text.lengths=[[5, 2, 1]]", "each of lengths should be [least, most, share]"),
        ("Text.sources=[]", "Text.sources needs at least one source"),
        ("Text.sources[0]={Corpu: {files: []}}", "no Text called 'Corpu'; did you mean 'Corpus'?"),
        ("Text.sources[0]={Corpus: {}}", "Corpus needs 'files'"),
        ("Text.sources[0].Invented.wieght=2", "did you mean 'weight'?"),
        ("Text.sources[0].Invented.weight=-2", "Invented.weight should be a number 0 or more"),
        ("Fonts.size=[3, 4]", "Fonts has no setting 'size'; did you mean 'sizes'?"),
        ("Fonts.sizes=[30, 20]", "sizes should be [low, high] between 6 and 400"),
        ("Ink.dark=2", "dark should be between 0 and 1"),
        ("Backgrounds={Plain: {}}", "Backgrounds should be a list"),
        ("Backgrounds[0].Plain.lihgt=[1, 2]", "did you mean 'light'?"),
        ("Effects[0].Thicken.probability=3", "probability should be a number between 0 and 1"),
        ("Effects[0].Thicken.probabilty=0.3", "did you mean 'probability'?"),
        ("Effects[0].Thicken.amount=[0.3, 0.1]", "Thicken.amount should be [low, high]"),
        ("Effects[0].Thicken.amount=[1, 2, 3]", "Thicken.amount should be [low, high]"),
        ("Layout.along=7", "along should be between 0 and 1, not 7"),
        ("Layout.beside=[2, 1]", "beside should be [low, high] between -0.3 and 3"),
        ("Layout={name: Pages, columns: [0, 2]}", "columns should be [low, high] between 1 and 20"),
        ("Effects[0]=Thickn", "no Effect called 'Thickn'; did you mean 'Thicken'?"),
        ("Layout.name=Line", "no Layout called 'Line'; did you mean 'Lines'?"),
        ("Layout.vertcal=1", "Lines has no setting 'vertcal'; did you mean 'vertical'?"),
        ("Effect=[]", "there is no section 'Effect'; did you mean 'Effects'?"),
        ("Gaps={at_least: 5}", "Gaps needs 'labels'"),
    ],
)
def test_a_slip_is_named_and_what_was_meant(override, what):
    assert what in said(override)


def test_another_layout_is_fine_with_the_same_sections():
    assert not said("Layout={name: Pages}")


def test_places_are_file_and_line_and_all_problems_come_together(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(
        "Global:\n  output: out\n  sed: 3\nText:\n  sources:\n    - Invented: {nubers: 1}\n"
        "Effects:\n  - Blurr\n  - Rotation: {degrees: [1, 2], probability: 7}\nLayout: {}\n"
    )
    with pytest.raises(ConfigError) as caught:
        settings.read(config.load(path))
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0].rpartition(":")[2] for line in lines] == ["3", "6", "8", "9", "10"]
    assert all(line.startswith(str(path)) for line in lines)


def test_missing_sections_are_named_and_others_have_defaults():
    found = settings.check({"Global": {"output": "x"}})
    assert {one.text for one in found.problems} == {
        "section Text is missing",
        "section Layout is missing",
    }
    text = {"sources": ["Invented"]}
    made = settings.read({"Global": {"output": "x"}, "Text": text, "Layout": {"name": "Lines"}})
    assert made.ink.min_contrast == 60
    assert [one.section["name"] for one in made.backgrounds] == list(settings.USUAL_BACKGROUNDS)
    assert not made.effects
    assert made.gaps is None


def test_gaps_are_for_lines_only():
    found = settings.check(small(Gaps={"labels": "x.txt"}, Layout={"name": "Pages"}))
    assert "Gaps are filled with lines" in found.problems[0].text


def test_a_training_config_is_no_synthesis_config():
    assert is_synthesis(config.load(LINES))
    assert not is_synthesis(config.load(REPOSITORY / "configs/quickstart/rec.yml"))


def test_settings_survive_the_way_to_another_process():
    made = settings.read(config.load(LINES))
    again = settings.read(json.loads(made.config))
    assert again.config == made.config
    assert again.general == made.general
    assert [(one.section["name"], one.share) for one in again.effects] == [
        (one.section["name"], one.share) for one in made.effects
    ]


def test_what_pictures_depend_on_leaves_out_where_to_and_how_many():
    one = settings.drawing(small(Global={"number": 5, "workers": 3, "output": "a"}))
    other = settings.drawing(small(Global={"number": 9, "workers": 1, "output": "b"}))
    assert one == other
    assert one != settings.drawing(small(Global={"seed": 6}))
