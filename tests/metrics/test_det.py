"""Matching of polygons, against the serial way and in its corners."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import scenes, serial
from ppocr.metrics.det import Counts, DetMetric, compare

QUAD = np.array([[0, 0], [50, 0], [50, 20], [0, 20]])


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_the_serial_way(seed):
    random = np.random.default_rng(seed)
    truths = scenes.boxes(40, seed, side_px=400)
    found = truths + random.integers(-9, 10, size=truths.shape)
    found = np.concatenate([found, found[:9] + 1])[random.permutation(49)]
    ignored = random.random(40) < 0.2
    counts = compare(found, truths, ignored)
    assert (counts.truths, counts.detections, counts.matched) == serial.det_counts(
        found, truths, ignored
    )
    assert 0 < counts.matched < 40


def test_padded_and_ragged_polygons_count_alike():
    curved = np.array([[0, 0], [30, 5], [60, 0], [60, 20], [30, 25], [0, 20]])
    padded = np.stack([curved, np.concatenate([QUAD + (90, 0), [QUAD[-1] + (90, 0)] * 2])])
    ragged = [curved, QUAD + (90, 0)]
    for truths in (padded, ragged):
        assert compare(ragged, truths, [False, False]).matched == 2


def test_a_detection_in_an_ignored_truth_counts_neither_way():
    counts = compare([QUAD, QUAD + (200, 0)], [QUAD, QUAD + (200, 0)], [True, False])
    assert (counts.truths, counts.detections, counts.matched, counts.ignored) == (1, 1, 1, 1)


def test_half_a_detection_in_an_ignored_truth_still_counts():
    assert compare([QUAD], [QUAD + (25, 0)], [True]).detections == 1


def test_counts_from_workers_add_up_to_the_same_figures():
    together, apart = DetMetric(), DetMetric()
    images = [(scenes.boxes(9, seed), scenes.boxes(9, seed) + seed * 3) for seed in range(4)]
    for truths, found in images:
        batch = {"polys": [truths], "ignore_tags": [np.zeros(9, dtype=bool)]}
        together([{"points": found}], batch)
        apart.add(compare(found, truths, np.zeros(9, dtype=bool)))
    assert together.get_metric() == apart.get_metric()


def test_figures_are_reset_after_reading():
    metric = DetMetric()
    metric([{"points": QUAD[None]}], {"polys": [QUAD[None]], "ignore_tags": [[False]]})
    assert metric.get_metric() == {"precision": 1.0, "recall": 1.0, "hmean": 1.0}
    assert metric.get_metric() == {"precision": 0.0, "recall": 0.0, "hmean": 0.0}


@pytest.mark.parametrize(
    ("found", "truths", "ignored", "words"),
    [
        ([], [QUAD], [False], "nothing was detected"),
        ([QUAD + (500, 0)], [QUAD], [False], "no detection even touches"),
        ([QUAD + (40, 0)], [QUAD], [False], "the best overlap is 0.11"),
        ([QUAD], [QUAD], [True], "marked to be ignored"),
        ([QUAD[[0, 2, 1, 3]]], [QUAD], [False], "1 detections cross themselves"),
    ],
)
def test_zero_is_explained(found, truths, ignored, words):
    metric = DetMetric()
    metric([{"points": found}], {"polys": [truths], "ignore_tags": [ignored]})
    before = metric.explain()
    assert words in before
    metric.get_metric()
    assert metric.explain() == before


def test_no_image_is_explained():
    assert "no sample" in DetMetric().explain()


def test_counts_add():
    total = Counts(1, 2, 1, 0, 0, 0.6) + Counts(3, 1, 1, 2, 1, 0.4)
    assert total == Counts(4, 3, 2, 2, 1, 0.6)


def test_parts_counted_apart_give_the_same_figures():
    whole, parts = DetMetric(), [DetMetric(), DetMetric()]
    for number in range(5):
        truths = [QUAD + (60 * k, 0) for k in range(4)]
        found = [{"points": truths[: 1 + number % 4]}]
        batch = {"polys": [truths], "ignore_tags": [[number == 3] + [False] * 3]}
        whole(found, batch)
        parts[number % 2](found, batch)
    first, second = parts
    first.merge(second.state())
    assert first.explain() == whole.explain()
    assert first.get_metric() == whole.get_metric()


def test_an_image_that_could_not_be_read_lowers_the_recall_only():
    metric = DetMetric()
    batch = {"polys": [[QUAD, QUAD + (60, 0)]], "ignore_tags": [[False, False]]}
    metric([{"points": batch["polys"][0]}], batch)
    metric.miss({"polys": [[QUAD, QUAD + (60, 0)]], "ignore_tags": [[False, True]]})
    figures = metric.get_metric()
    assert figures["precision"] == 1.0
    assert figures["recall"] == 2 / 3
