"""Curves of runs: what is drawn, and what is said when there is nothing to draw."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from ppocr.utils import exits
from tools import plot_log


def run(folder, rows) -> str:
    folder.mkdir(parents=True)
    lines = [json.dumps(row) if isinstance(row, dict) else row for row in rows]
    (folder / "metrics.jsonl").write_text("\n".join(lines))
    return str(folder)


def rows(best: float, loss: float = 2.0) -> list[dict]:
    train = [
        {"kind": "train", "step": step, "epoch": 1, "lr": 0.1 / step, "loss": loss / step}
        for step in range(1, 41)
    ]
    scores = (0.1, best, best - 0.05)
    found = [
        {"kind": "eval", "step": 10 * number, "epoch": 1, "hmean": score, "fps": 3.0, "recall": 0.5}
        for number, score in enumerate(scores, 1)
    ]
    return [*train, *found]


def call(*words: str) -> int:
    return exits.run(plot_log.main, list(words))


def colours(path) -> set[tuple[int, ...]]:
    image = cv2.imread(str(path))
    assert image.shape[0] > 500
    return {tuple(int(one) for one in pixel) for pixel in image.reshape(-1, 3)}


BLUE, ORANGE = (180, 119, 31), (14, 127, 255)  # matplotlib's first two, as OpenCV has them


def test_one_run_is_drawn_into_its_folder(tmp_path, capsys):
    folder = run(tmp_path / "a", rows(0.75))
    assert call(folder) == 0
    said = capsys.readouterr().out
    assert "a: 40 steps, loss 2 -> 0.05, best hmean 0.7500 at step 20 (3 evaluations)" in said
    seen = colours(tmp_path / "a" / "curves.png")
    assert BLUE in seen
    assert ORANGE not in seen


def test_several_runs_have_a_colour_and_a_name_each(tmp_path, capsys):
    folders = [run(tmp_path / one / "det", rows(score)) for one, score in (("x", 0.5), ("y", 0.6))]
    out = tmp_path / "both.png"
    assert call(*folders, "--out", str(out), "--metric", "recall", "--smooth", "1") == 0
    said = capsys.readouterr().out
    assert "x/det: 40 steps" in said
    assert "y/det: 40 steps" in said
    assert {BLUE, ORANGE} <= colours(out)


def test_half_a_line_and_numbers_that_are_none_are_left_out(tmp_path, capsys):
    odd = [{"kind": "train", "step": 41, "loss": float("nan")}, '{"kind": "tra']
    assert call(run(tmp_path / "a", [*rows(0.75), *odd])) == 0
    said = capsys.readouterr().out
    assert "loss 2 -> 0.05" in said
    assert "1 lines cannot be read" in said


def test_smoothing_does_not_lag_and_keeps_the_ends():
    line = [float(one) for one in range(20)]
    assert plot_log.smoothed(line, 5) == pytest.approx(line)
    noise = np.random.default_rng(1).normal(size=200)
    assert np.std(plot_log.smoothed(list(noise), 9)) < 0.6 * np.std(noise)
    assert plot_log.smoothed(list(noise), 1) == pytest.approx(noise)


def test_what_cannot_be_drawn_is_said(tmp_path, capsys):
    good = run(tmp_path / "good", rows(0.75))
    empty = run(tmp_path / "empty", [""])
    blocked = tmp_path / "file"
    blocked.write_text("")
    for words, status, said in [
        ([str(tmp_path / "nowhere")], 66, "there is no such log"),
        ([empty], 65, "no losses"),
        ([good, "--metric", "hmaen"], 2, "did you mean 'hmean'"),
        ([good, "--metric", "zzz"], 2, "there are hmean, recall"),
        ([good, "--smooth", "0"], 2, "at least 1"),
        ([good, "--out", str(blocked / "a.png")], 73, "file"),
    ]:
        assert call(*words) == status, words
        assert said in capsys.readouterr().err
