"""Post-processing against the recorded boxes and labels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ppocr.postprocess import POSTPROCESSES, build_post_process
from tests.parity.cases import Case, case_list, case_rows, cases, need

TESTED = {
    "AttnLabelDecode",
    "CTCLabelDecode",
    "ClsPostProcess",
    "DistillationCTCLabelDecode",
    "NRTRLabelDecode",
    "SARLabelDecode",
}
OTHER_KINDS = (
    "decode",
    "det_post_ct",
    "det_post_east",
    "det_post_fce",
    "det_post_pse",
    "det_post_sast",
    "e2e_post_pg",
)


def db_maps() -> dict[str, np.ndarray]:
    """Return the shared maps; a directory of held-back rows may use those of this project."""
    return {case.name: case.arrays["maps"] for case in case_list("db_maps", shared=True)}


@pytest.fixture(scope="module")
def maps() -> dict[str, np.ndarray]:
    return db_maps()


def as_lists(points) -> list:
    return [np.asarray(one).tolist() for one in points]


@pytest.mark.parametrize("row", case_rows("det_post_db", op="DBPostProcess"))
def test_boxes_are_the_recorded_ones(row, maps):
    post = build_post_process({"name": row["op"], **row["params"]})
    (found,) = post({"maps": maps[row["map"]]}, {"shape": np.array(row["shape_list"])})
    assert as_lists(found["points"]) == row["points"]
    assert len(found["scores"]) == len(row["points"])
    assert isinstance(found["points"], np.ndarray) == (row["container"] == "ndarray")
    if row["dtype"] is not None:
        assert {str(np.asarray(one).dtype) for one in found["points"]} == {row["dtype"]}


@pytest.mark.parametrize("row", case_rows("det_post_db", op="DistillationDBPostProcess"))
def test_boxes_of_each_network_are_the_recorded_ones(row, maps):
    post = build_post_process({"name": row["op"], **row["params"]})
    outputs = {
        name: {"maps": np.concatenate([maps[one] for one in re.split(r",\s*", listed)])}
        for name, listed in re.findall(r"(\w+): \[([^\]]*)\]", row["map"])
    }
    found = post(outputs, {"shape": np.array(row["shape_list"])})
    for name, wanted in row["points"].items():
        assert [as_lists(one["points"]) for one in found[name]] == wanted


@pytest.mark.parametrize("case", cases("decode", op="ClsPostProcess"))
def test_classes_are_the_recorded_ones(case: Case):
    post = build_post_process({"name": case["op"], **with_numbers(case["params"])})
    key = case["params"].get("key")
    probs = case.arrays["in/preds"]
    found = post({key: probs} if key else probs)
    assert [list(one) for one in found] == [[a, pytest.approx(b)] for a, b in case["result"]]
    if "result_labelled" in case.meta:
        labels = [list(one) for one in post.decode_labels(case.arrays["in/label"])]
        assert labels == case["result_labelled"][1]


def with_numbers(params: dict) -> dict:
    """JSON has turned the numbers that name classes into text."""
    labels = params.get("label_list")
    if isinstance(labels, dict):
        return {**params, "label_list": {int(key): value for key, value in labels.items()}}
    return params


@pytest.mark.parametrize("case", cases("decode", op="DistillationCTCLabelDecode"))
def test_texts_of_each_network_are_the_recorded_ones(case: Case):
    params = case["params"]
    post = build_post_process({"name": case["op"], **params})
    outputs = {}
    for name, probs in case.part("in").items():
        output = {"ctc": probs} if params.get("multi_head") else probs
        outputs[name] = {params["key"]: output} if params.get("key") else output
    for name, wanted in case["result"].items():
        found = [list(one) for one in post(outputs)[name]]
        assert found == [[text, pytest.approx(score, abs=1e-6)] for text, score in wanted]


@pytest.mark.parametrize("case", [one for kind in OTHER_KINDS for one in cases(kind)])
def test_others_are_tested_when_they_exist(case: Case):
    need(POSTPROCESSES, case["op"])
    assert case["op"] in TESTED, f"{case['op']} is registered: compare it with its cases"
