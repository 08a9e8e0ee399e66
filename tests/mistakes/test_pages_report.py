"""The error report of a detector: kinds of misses, sizes, pages to look at."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.metrics.det import DetMetric
from ppocr.metrics.rec import RecMetric
from ppocr.mistakes import report
from ppocr.mistakes.pages import (
    LOOSE,
    MERGED,
    NOWHERE,
    SPLIT,
    TWICE,
    UNTOUCHED,
    Pages,
    by_size,
    look,
)
from ppocr.mistakes.watch import watch_for
from tests.mistakes.material import loader, quad


def kinds(points, truths, tags=None):
    tags = [False] * len(truths) if tags is None else tags
    page = look({"points": points, "scores": [0.9] * len(points)}, truths, tags, 1.0)
    return [box.kind for box in page[0]], [box.kind for box in page[1]]


WIDE = quad(0, 0, 100, 20)


@pytest.mark.parametrize(
    ("points", "truths", "missed", "spurious"),
    [
        ([WIDE], [WIDE], [""], [""]),
        ([], [WIDE], [UNTOUCHED], []),
        ([quad(0, 200, 90, 20)], [], [], [NOWHERE]),
        ([quad(0, 0, 40, 20)], [WIDE], [LOOSE], [LOOSE]),
        ([quad(0, 0, 45, 20), quad(50, 0, 45, 20)], [WIDE], [SPLIT], [SPLIT, SPLIT]),
        ([quad(0, 0, 100, 44)], [WIDE, quad(0, 24, 100, 20)], [MERGED, MERGED], [MERGED]),
        ([WIDE, quad(10, 2, 60, 16)], [WIDE], [""], ["", TWICE]),
    ],
)
def test_every_mistake_has_a_kind(points, truths, missed, spurious):
    assert kinds(points, truths) == (missed, spurious)


def test_what_is_ignored_is_no_mistake():
    assert kinds([quad(10, 2, 60, 16)], [WIDE], [True]) == ([], [])


def batch():
    return {
        "polys": [np.stack([WIDE, quad(0, 50, 100, 6)]), np.zeros((0, 4, 2), np.float32)],
        "ignore_tags": [np.zeros(2, bool), np.zeros(0, bool)],
        "shape": np.array([[100, 200, 0.5, 0.5], [100, 200, 2, 2]]),
        "index": np.arange(2),
        "place": ["det.txt:1", "det.txt:2"],
    }


def watched(metric):
    watch = Pages(metric)
    results = [
        {"points": np.stack([WIDE]), "scores": [0.9]},
        {"points": np.stack([quad(5, 5, 80, 30)]), "scores": [0.95]},
    ]
    watch.add(results, batch(), loader((100, 200, 3)))
    return watch, metric(results, batch())


def test_the_report_counts_what_the_metric_counts(tmp_path):
    watch, figures = watched(DetMetric())
    found = watch.found()
    boxes = [box for page in watch.pages for box in page.boxes]
    truths = [box for page in watch.pages for box in page.truths]
    assert np.mean([not one.kind for one in boxes]) == figures["precision"]
    assert np.mean([not one.kind for one in truths]) == figures["recall"]
    assert [one["place"] for one in found.mistakes] == ["det.txt:1", "det.txt:2"]
    html = report.write(found, figures, "c.yml", "", tmp_path).read_text(encoding="utf-8")
    assert html.count("data:image/jpeg") == 2


def test_a_sure_box_where_the_label_has_nothing_is_a_page_to_look_at():
    todo = [one for one in watched(DetMetric())[0].found().todo if one.what == "relabel"]
    assert [(one.place, one.score) for one in todo] == [("det.txt:2", 0.95)]


def test_advice_does_not_contradict_itself():
    watch = Pages(DetMetric())
    nothing_there = {"points": np.stack([quad(0, 200, 90, 20)]), "scores": [0.5]}
    watch.add([nothing_there, {"points": []}], batch(), loader((100, 200, 3)))
    advice = " ".join(watch.found().advice)
    assert "try a lower PostProcess.box_thresh" in advice
    assert "1 box lies where there is no text: add pages" in advice
    (row,) = next(one for one in watch.found().chapters if one.title == "Sources").numbers[
        "sources"
    ]
    assert (row["recall"], row["precision"]) == (0.0, 0.0)


def test_sizes_are_those_on_the_networks_input():
    watch, _ = watched(DetMetric())
    truths = [box for page in watch.pages for box in page.truths]
    assert by_size(truths) == [("0 to 6", 1, 0.0), ("10 to 12", 1, 1.0)]
    assert [box.side_px for page in watch.pages for box in page.boxes] == [10.0, 60.0]


def test_the_metric_decides_which_report_is_made():
    class Spec:
        inputs = (type("T", (), {"shape": (-1, 3, 32, 320)}),)
        pre = ()

    assert isinstance(watch_for(DetMetric(), Spec), Pages)
    assert watch_for(RecMetric(), Spec).trained_proportion == 10
