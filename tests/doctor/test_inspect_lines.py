"""What the doctor finds in lines: length, width, characters; what it recommends helps."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from ppocr.config import load
from ppocr.doctor import report as pages
from ppocr.doctor.findings import RUIN, WARN
from ppocr.utils.files import find_file
from tests.doctor import material
from tests.doctor.asked import accepted, codes, found, line_rows
from tools import dictionary


def test_long_lines_are_counted_and_length_and_width_recommended(tmp_path: Path, report_on):
    def text(n):
        return "abcdefgh" * 4 if n % 20 < 3 else "abcdefgh"

    rows = line_rows(tmp_path, 40, text, lambda n: 400 if n % 20 < 3 else 80)
    path = material.config(tmp_path, "rec", rows)
    report = report_on(path)
    long = found(report, "text-too-long")
    assert (long.level, long.gain) == (RUIN, 0.15)
    assert "15 %" in long.title
    assert long.overrides == ("Global.max_text_length=35",)
    wide = found(report, "line-too-wide")
    assert wide.overrides == tuple(
        f"{mode}.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]"
        for mode in ("Train", "Eval")
    )
    assert report.exit_code == 65
    accepted(report)
    again = report_on(path, *long.overrides, *wide.overrides)
    assert again.fit
    assert not codes(again) & {"text-too-long", "line-too-wide", "no-ctc-path"}


def test_ctc_needs_a_step_between_equal_characters(tmp_path: Path, report_on):
    # 100 pixels are 25 steps: 20 equal characters need 39, 20 different ones 20
    same = line_rows(tmp_path, 8, lambda n: "aaaaaaaaaaaaaaaaaaaa")
    other = line_rows(tmp_path, 8, lambda n: "abababababababababab", first=8)
    report = report_on(material.config(tmp_path, "rec", [*same, *other]))
    numbers = report.numbers()["chapters"]["Length and width of the lines"]["ctc"]
    assert numbers["time_steps"] == 25
    assert numbers["without_path"] == 8
    short = found(report, "no-ctc-path")
    assert (short.level, short.gain) == (RUIN, 0.5)
    accepted(report)
    assert "no-ctc-path" not in codes(report_on(Path(report.case.path), *short.overrides))


def test_a_dictionary_with_the_missing_characters_is_written(tmp_path: Path, report_on):
    rows = line_rows(tmp_path, 10, lambda n: "5 €" if n < 3 else "５00")
    report = report_on(material.config(tmp_path, "rec", rows))
    unknown = found(report, "unknown-characters")
    assert unknown.level == RUIN
    assert unknown.gain == 1.0
    (override,) = unknown.overrides
    lines = Path(override.partition("=")[2]).read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["５", "€"], "the most frequent first, behind what was there"
    accepted(report)
    assert "unknown-characters" not in codes(report_on(Path(report.case.path), override))
    html = pages.render(report)
    assert "euro sign" in html
    assert "U+FF15" in html


def test_space_and_rare_characters(tmp_path: Path, report_on):
    report = report_on(material.config(tmp_path, "rec", line_rows(tmp_path, 10, lambda n: "ab")))
    assert found(report, "space-never-seen").level == WARN
    (command,) = found(report, "rare-characters").commands
    words = shlex.split(command)
    assert dictionary.main(words[2:]) == 0
    assert {"a", "b"} <= set(Path(words[-1]).read_text().split())
    numbers = report.numbers()["chapters"]["Characters"]["coverage"]
    assert numbers["rare"] == {"a": 10, "b": 10}
    assert len(numbers["never"]) == numbers["dictionary"] - 2
    assert numbers["lacking_samples"] == 2 * 190 + len(numbers["never"]) * 200
    spaced = report_on(material.config(tmp_path, "rec", line_rows(tmp_path, 4, lambda n: "a b")))
    assert "space-never-seen" not in codes(spaced)


def test_lines_for_rare_characters_are_drawn_by_a_command(tmp_path: Path, report_on):
    everything = "".join(map(chr, range(33, 127)))
    rows = line_rows(tmp_path, 6, lambda n: everything[16 * n : 16 * n + 16])
    (command,) = found(
        report_on(material.config(tmp_path, "rec", rows)), "rare-characters"
    ).commands
    words = shlex.split(command)
    assert words[:2] == ["python", "tools/synthesize.py"]
    settings = words[words.index("-o") + 1 :]
    config = load(find_file(words[words.index("-c") + 1]), settings)
    assert config["Gaps"]["labels"] == [str(tmp_path / "train.txt")]
    assert config["Text"]["dictionary"] == "ppocr/utils/en_dict.txt"


def test_width_and_length_are_recommended_for_each_other(tmp_path: Path, report_on):
    """A longer text needs more time steps: the width reckons with the lines the length lets in."""
    rows = line_rows(tmp_path, 10, lambda n: "abcdefgh" * 4 + "ab" if n < 2 else "ab")
    report = report_on(material.config(tmp_path, "rec", rows))
    assert found(report, "text-too-long").overrides == ("Global.max_text_length=35",)
    short = found(report, "no-ctc-path")
    assert short.level == RUIN
    recommended = [one for finding in report.findings for one in finding.overrides]
    assert report_on(Path(report.case.path), *recommended).fit


def test_a_set_in_several_shapes(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", line_rows(tmp_path, 8, str, lambda n: 400))
    content = yaml.safe_load(path.read_text())
    content["Train"]["dataset"]["name"] = "MultiScaleDataSet"
    steps = content["Train"]["dataset"]["transforms"]
    content["Train"]["dataset"]["transforms"] = [one for one in steps if "RecResizeImg" not in one]
    content["Train"]["sampler"] = {
        "name": "MultiScaleSampler",
        "scales": [[128, 32], [128, 48]],
        "first_bs": 2,
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    report = report_on(path)
    wide = found(report, "line-too-wide")
    assert wide.overrides[-1] == "Train.sampler.scales=[[320, 32], [320, 48]]"
    accepted(report)


def test_the_width_is_set_wherever_it_stands(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", line_rows(tmp_path, 8, str, lambda n: 400))
    content = yaml.safe_load(path.read_text())
    steps = content["Train"]["dataset"]["transforms"]
    join = {"prob": 0.5, "ext_data_num": 1, "image_shape": [32, 100, 3], "max_text_length": 25}
    steps.insert(1, {"RecConAug": join})
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    report = report_on(path)
    assert found(report, "line-too-wide").overrides == (
        "Train.dataset.transforms.RecConAug.image_shape=[32, 320, 3]",
        "Train.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]",
        "Eval.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]",
    )
    accepted(report)
