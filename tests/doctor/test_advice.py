"""Advice is worth its price, and following it once is enough."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from ppocr.doctor.findings import NOTE
from ppocr.text.charset import read_dictionary
from tests.doctor import material
from tests.doctor.asked import codes, found, line_rows
from tools import dictionary

Y_PX = (5, 27, 49, 71)


def test_a_few_lines_beyond_the_length_to_recommend_are_left_alone(tmp_path: Path, report_on):
    rows = line_rows(tmp_path, 120, lambda n: "x" * 90 if n == 7 else "a line")
    report = report_on(material.config(tmp_path, "rec", rows))
    long = found(report, "text-too-long")
    assert (long.level, long.overrides) == (NOTE, ())
    assert "25 keeps 99 % of them (the longest has 90)" in long.text


def test_larger_crops_are_large_enough_at_once_and_have_a_price(tmp_path: Path, report_on):
    material.rows_of("det", 12, tmp_path)
    rows = []
    for number in range(12):  # one box in sixteen is lower than the others that are too low
        heights = [5 if number < 3 else 7, 7, 10, 14]
        boxes = [
            [[9, y], [90, y], [90, y + h], [9, y + h]] for y, h in zip(Y_PX, heights, strict=True)
        ]
        rows.append(f"{number}.png\t{material.page(*map(material.region, boxes))}")
    path = material.config(tmp_path, "det", rows)
    small = found(report_on(path), "small-boxes")
    assert small.overrides == ("Train.dataset.transforms.EastRandomCropData.size=[192, 192]",)
    assert small.text.endswith("A step of training then takes about 2.2 times as long.")
    assert "small-boxes" not in codes(report_on(path, *small.overrides))


def test_labels_in_capitals_are_not_given_small_letters(tmp_path: Path, report_on):
    """The pictures may well show them: whoever typed the labels wrote capitals for all."""
    rows = line_rows(
        tmp_path, 8, lambda n: "THE QUICK BROWN FOX, JUMPS OVER 123 LAZY DOGS"[n:][:25]
    )
    signs = "".join(chr(code) for code in range(33, 97))
    rows += line_rows(tmp_path, 3, lambda n: signs[(n - 8) * 22 :][:22], first=8)
    rare = found(report_on(material.config(tmp_path, "rec", rows, rows[:2])), "rare-characters")
    assert "The labels have no small letters" in rare.text
    own, drawn = map(shlex.split, rare.commands)
    assert dictionary.main(own[2:]) == 0
    assert drawn[-2:] == [f"Text.dictionary={own[-1]}", "Text.capitals=1"]
    assert not any(one.islower() for one in read_dictionary(own[-1]))


def test_a_text_of_nothing_but_spaces_is_told(tmp_path: Path):
    rows = line_rows(tmp_path, 2, lambda n: "  " if n else "text")
    _, facts = material.look(material.config(tmp_path, "rec", rows))
    assert [(one.kind, one.row) for one in facts.troubles] == [("space-at-edge", 1)]


def test_start_and_end_mark_take_of_the_length(tmp_path: Path, report_on):
    """An attention head, also one that guides CTC, writes two marks beside the characters."""
    rows = line_rows(tmp_path, 10, lambda n: "x" * 24 if n < 2 else "a line")
    path = material.config(tmp_path, "rec", rows)
    content = yaml.safe_load(path.read_text())
    content["Architecture"]["Head"] = {"name": "AttentionHead", "hidden_size": 16}
    content["Loss"], content["PostProcess"] = {"name": "AttentionLoss"}, {"name": "AttnLabelDecode"}
    for mode in ("Train", "Eval"):
        content[mode]["dataset"]["transforms"][1] = {"AttnLabelEncode": None}
    path.write_text(yaml.safe_dump(content))
    report = report_on(path)
    long = found(report, "text-too-long")
    assert long.title.startswith("20 % of the training lines")
    assert long.title.endswith("max_text_length 25 less 2 marks")
    assert report.case.train.counts["text-too-long"] == 2
    assert long.overrides == ("Global.max_text_length=30",)
    again = report_on(path, *long.overrides)
    assert "text-too-long" not in codes(again)
    assert again.case.train.refused == 0
