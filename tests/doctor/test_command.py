"""The command: exit status, what it prints, where it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ppocr.config import load
from ppocr.doctor import likeness, sets
from ppocr.utils import exits
from tests.doctor import material
from tests.doctor.conftest import InThisProcess
from tools import check_data


@pytest.fixture
def run(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(sets, "Workers", InThisProcess)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        return exits.run(check_data.main, [*arguments, "--quiet"])

    return call


def test_fit_unfit_and_wrong(run, tmp_path: Path, capsys):
    rows = material.rows_of("cls", 6, tmp_path)
    path = material.config(tmp_path, "cls", rows, label_list=["0", "180"])
    assert run("-c", str(path)) == 0
    folder = tmp_path / "output" / "check_data" / "config"
    assert sorted(one.name for one in folder.iterdir()) == [
        "report.html",
        "report.json",
        "rows.tsv",
    ]
    assert "fit to train on: see" in capsys.readouterr().out
    broken = material.config(tmp_path, "cls", [*rows, "gone.png\t0"], label_list=["0", "180"])
    assert run("-c", str(broken), "--output", "elsewhere") == 65
    said = capsys.readouterr().out
    assert "STOPS  14.3 % of the rows of Train cannot be read" in said
    assert "-o 'Train.dataset.label_file_list=[elsewhere/clean/Train_0_train.txt]'" in said
    assert json.loads(Path("elsewhere/report.json").read_text())["exit_code"] == 65
    clean = Path("elsewhere/clean/Train_0_train.txt").read_text().splitlines()
    assert clean == rows
    assert run("-c", str(path), "-o", "Global.no_such_key=1") == 78
    assert run("-c", "nowhere.yml") == 66


def test_hashes_forgive_small_changes_only():
    gray = [material.picture(160, 32, seed)[:, :, 0] for seed in range(30)]
    looks = [likeness.of_pixels(one) for one in gray]
    brighter = likeness.of_pixels((gray[3] * 0.7 + 40).astype("uint8"))
    pairs = likeness.alike(np.array([*looks, brighter], np.uint64))
    assert pairs.tolist() == [[3, 30]]
    flat = np.zeros((4, 2), np.uint64)
    assert len(likeness.alike(flat)) == 0, "pictures without structure are not alike"


def test_digests_of_nothing_are_equal_to_nothing():
    found = likeness.groups(np.array([5, 0, 7, 0, 5], np.uint64))
    assert found.tolist() == [0, 1, 2, 3, 0]


def test_broken_rows_are_named_with_file_line_and_reason(run, tmp_path: Path, capsys):
    rows = [*material.rows_of("rec", 6, tmp_path), "gone.png\tx", "0.png,comma", "6.png  two"]
    assert run("-c", str(material.config(tmp_path, "rec", rows))) == 65
    said = capsys.readouterr().out
    labels = tmp_path / "train.txt"
    assert f"at {labels}:7: the image is not there (" in said
    assert f"at {labels}:8: no tab between path and label" in said
    assert f"at {labels}:9: spaces between path and label where a tab belongs" in said
    html = (tmp_path / "output/check_data/config/report.html").read_text()
    assert f"{labels}:8: no tab between path and label" in html


def test_what_is_recommended_is_written_into_a_config(run, tmp_path: Path, capsys):
    rows = material.rows_of("rec", 8, tmp_path)
    rows[0] = f"0.png\t{'long ' * 6}end"
    path = material.config(tmp_path, "rec", rows)
    path.write_text("# mine\n" + path.read_text())
    assert run("-c", str(path)) == 65
    said = capsys.readouterr().out
    assert "with everything that is recommended:\n  python tools/train.py -c" in said
    better = tmp_path / "better.yml"
    assert run("-c", str(path), "--write", str(better)) == 0
    assert f"fit to train on: python tools/train.py -c {better}" in capsys.readouterr().out
    assert load(better)["Global"]["max_text_length"] == 35
    assert better.read_text().startswith("# mine")
    assert run("-c", str(better)) == 0
    capsys.readouterr()
    nothing = material.config(tmp_path, "rec", ["gone.png\tx"])
    assert run("-c", str(nothing), "--write", str(nothing)) == 65
    assert "not fit to train on yet, no setting mends this: not one row" in capsys.readouterr().out


@pytest.mark.parametrize("before", ["pages/", "", "its_old_name/"])
def test_labels_are_looked_at_before_the_split(run, tmp_path: Path, capsys, before):
    folder = tmp_path / "pages"
    rows = material.rows_of("det", 6, folder)
    (folder / "Label.txt").write_text("".join(f"{before}{row}\n" for row in rows))
    path = material.config(tmp_path, "det", ["nowhere.png\t[]"], ["nowhere.png\t[]"])
    assert run("-c", str(path), "--labels", str(folder)) == 0
    said = capsys.readouterr().out
    assert ("names its images in its_old_name/" in said) == before.startswith("its")
    assert "next: python tools/split_data.py --datasetRootPath" in said
    report = json.loads(Path("output/check_data/config/report.json").read_text())
    assert report["chapters"]["Rows"]["Train"] == {
        "rows": 6,
        "looked_at": 6,
        "refused": 0,
        "blank_lines": 0,
        "kinds": {},
    }
    assert "Eval" not in report["chapters"]["Rows"]
    assert run("-c", str(path), "--labels", str(folder / "Label.txt")) == 0
    lines = material.config(tmp_path, "rec", ["nowhere.png\tx"])
    assert run("-c", str(lines), "--labels", str(folder)) == 66
    assert "tools/split_data.py cuts the lines" in capsys.readouterr().err
    assert run("-c", str(path), "--labels", str(tmp_path / "nowhere")) == 66
