"""The command: exit status, what it prints, where it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

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
    assert "STOPS  14 % of the rows of Train cannot be read" in said
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
