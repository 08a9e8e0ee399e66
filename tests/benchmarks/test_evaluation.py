"""The benchmark of evaluation compares what it measures, on small pages."""

from __future__ import annotations

import pytest

from benchmarks import evaluation
from ppocr.utils.exits import InternalError


def test_both_ways_give_the_same_figures(capsys):
    words = ["--images", "4", "--boxes", "20", "--side", "320", "--serial-images", "2"]
    assert evaluation.main(words) == 0
    said = capsys.readouterr().out
    assert "4 images of 20 boxes" in said
    assert "hmean 0.0000" not in said
    assert "times faster" in said


def test_other_counts_are_noticed():
    pages = evaluation.Pages(2, 20, 320)
    plain, *_ = evaluation.plainly(pages, 2)
    evaluation.check(pages, plain)
    truths, detections, matched = plain[0]
    with pytest.raises(InternalError):
        evaluation.check(pages, [(truths, detections, matched - 1), plain[1]])
