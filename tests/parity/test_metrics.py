"""Metrics against the recorded figures.

The original adds 1e-5 to the number of lines; ours does so on request (`smoothing`).
"""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.metrics import METRICS, build_metric
from ppocr.metrics.det import compare
from tests.parity.cases import case_rows, need

ORIGINAL = {"smoothing": 1e-5}
COMPARED = {
    "RecMetric",
    "ClsMetric",
    "DetMetric",
    "DetectionIoUEvaluator.evaluate_image",
    "DistillationMetric",
}


def close(figures: dict, wanted: dict) -> None:
    for name, value in wanted.items():
        assert figures[name] == pytest.approx(value, rel=1e-12, abs=1e-12), name


def rec(metric, pairs) -> dict:
    results = [(text, 1.0) for text, _ in pairs]
    return metric(results, {"text": [truth for _, truth in pairs]})


@pytest.mark.parametrize("row", case_rows("metric", op="RecMetric"))
def test_line_accuracy_is_the_recorded_one(row):
    metric = build_metric({"name": row["op"], **row["params"], **ORIGINAL})
    for pair, wanted in zip(row["pairs"], row["per_call"], strict=True):
        close(rec(metric, [pair]), wanted)
    close(metric.get_metric(), row["total"])
    close(metric.get_metric(), row["total_again_after_reset"])
    rec(metric, row["pairs"][:5])
    rec(metric, row["pairs"][5:7])
    close(metric.get_metric(), row["two_batches_5_and_2"])


@pytest.mark.parametrize("row", case_rows("metric", op="ClsMetric"))
def test_class_accuracy_is_the_recorded_one(row):
    metric = build_metric({"name": row["op"], **row["params"], **ORIGINAL})
    close(metric([(one, 1.0) for one in row["preds"]], {"text": row["labels"]}), row["call"])
    close(metric.get_metric(), row["total"])


@pytest.mark.parametrize("row", case_rows("metric", op="DetMetric"))
def test_hmean_is_the_recorded_one(row):
    metric = build_metric({"name": row["op"], **row["params"]})
    for image in row["images"]:
        batch = {"polys": [image["gt"]], "ignore_tags": [image["ignore"]]}
        metric([{"points": image["det"]}], batch)
    close(metric.get_metric(), row["total"])


@pytest.mark.parametrize("row", case_rows("metric", op="DetectionIoUEvaluator.evaluate_image"))
def test_counts_of_an_image_are_the_recorded_ones(row):
    counts = compare(row["det"], row["gt"], row["ignore"])
    found = {
        "gtCare": counts.truths,
        "detCare": counts.detections,
        "detMatched": counts.matched,
    }
    assert found == row["out"]


@pytest.mark.parametrize("row", case_rows("metric", op="DistillationMetric"))
def test_figures_of_each_network_are_the_recorded_ones(row):
    base = row["params"]["base_metric_name"]
    extra = ORIGINAL if base == "RecMetric" else {}
    metric = build_metric({"name": row["op"], **row["params"], **extra})
    if base == "RecMetric":
        results = {name: pair[0] for name, pair in row["preds"].items()}
        (truths,) = {tuple(text for text, _ in pair[1]) for pair in row["preds"].values()}
        metric(results, {"text": list(truths)})
    else:
        results = {name: [{"points": np.array(one)}] for name, one in row["preds"].items()}
        metric(results, {"polys": [row["gt"]], "ignore_tags": [row["ignore"]]})
    close(metric.get_metric(), row["total"])


@pytest.mark.parametrize("row", case_rows("metric"))
def test_other_metrics_are_tested_when_they_exist(row):
    if row["op"] not in COMPARED:
        need(METRICS, row["op"])
        pytest.fail(f"{row['op']} is registered: compare it with its cases")
