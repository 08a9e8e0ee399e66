"""Rows D: data of every kind of wrong is named and counted; nothing is replaced in silence."""

from __future__ import annotations

import codecs
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data import build_dataloader
from ppocr.data.labels import LabelFile, decode, locate, parse
from ppocr.data.source import read_image
from ppocr.transforms import create_operators
from ppocr.transforms.base import Compose, Rejected
from ppocr.utils.exits import DataError
from tests.data.sets import TEXTS, lines, rec_config
from tests.faults import tiny

SIZE = 160


def rejected(work, *given: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        work(*given)
    return caught.value


def outcome(work, *given: Any) -> Any:
    """Return what ``work`` gives, or why it refuses."""
    try:
        return work(*given)
    except Rejected as reason:
        return reason


def test_d1_missing_images_are_counted_by_line_and_never_substituted(tmp_path):
    labels = lines(tmp_path, 12)
    (tmp_path / "3.png").unlink()
    valid = build_dataloader(rec_config(labels), "Eval")
    seen = [place for batch in valid.epoch(0) for place in batch["place"]]
    assert seen == [f"{labels}:{number}" for number in range(1, 13) if number != 4]
    assert valid.tally.broken_places == {f"{labels}:4"}
    config = rec_config(labels)
    config["Global"]["max_bad_ratio"] = 0.1
    train = build_dataloader(config, "Train")
    assert sum(len(batch["place"]) for batch in train.epoch(0)) == 12
    assert train.tally.reasons["missing file"] >= 1


def test_d1_an_evaluation_that_lacks_an_image_ends_with_65(rec, tmp_path):
    (tmp_path / "data" / "3.png").unlink()
    log = tmp_path / "log"
    more = ["Global.epoch_num=1", "Global.max_bad_ratio=0.5"]
    assert tiny.in_child(lambda: tiny.train(rec, *more), log) == 65
    assert "1 of 12 samples to evaluate cannot be read" in log.read_text()
    assert "rows.txt:4" in log.read_text()


@pytest.mark.parametrize("task", tiny.TASKS)
def test_d1_by_choice_what_cannot_be_read_counts_as_wrong(tmp_path, task):
    path, log = tiny.config(tmp_path, task), tmp_path / "log"
    labels = tmp_path / "data" / "rows.txt"
    (tmp_path / "data" / "3.png").unlink()
    (tmp_path / "data" / "7.png").write_bytes(b"junk")
    more = ["Global.epoch_num=1", "Global.max_bad_ratio=0.5", "Global.eval_unreadable=wrong"]
    assert tiny.in_child(lambda: tiny.train(path, *more), log) == 0, log.read_text()
    assert "2 of 12 samples cannot be read and count as wrong: " in log.read_text()
    found = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert (found["evaluated"], found["rejected"]) == (10, 2)
    labels.write_text(labels.read_text().replace("3.png\t", "3.png "))  # nobody knows the truth
    assert tiny.in_child(lambda: tiny.train(path, *more), log) == 65
    said = log.read_text().partition("error[65]")[2]
    assert "1 of 12 samples to evaluate cannot be read" in said
    assert f"{labels}:4" in said


@pytest.mark.parametrize("kind", ["empty", "junk", "truncated png", "truncated jpeg"])
def test_d2_images_that_cannot_be_read_have_a_reason(tmp_path, kind):
    labels = lines(tmp_path, 4)
    image = np.random.default_rng(0).integers(0, 256, (64, 200, 3), np.uint8)
    whole = cv2.imencode(".jpg" if "jpeg" in kind else ".png", image)[1].tobytes()
    content = {"empty": b"", "junk": b"junk" * 50}.get(kind, whole[: len(whole) // 2])
    (tmp_path / "2.png").write_bytes(content)
    loader = build_dataloader(rec_config(labels), "Eval")
    assert sum(len(batch["image"]) for batch in loader.epoch(0)) == 3
    assert sum(loader.tally.reasons.values()) == 1
    assert loader.tally.broken_places == {f"{labels}:3"}


@pytest.mark.parametrize("raw", [b"a.png hello", b"\thello", b"a.png\tx\ty\tz", b"a.png\tx\t1"])
def test_d3_a_malformed_row_is_refused_with_its_line(raw):
    found = rejected(parse, decode(raw, "rows.txt:7"), "\t", "rows.txt:7")
    assert found.reason == "malformed row"
    assert "rows.txt:7" in found.detail


def test_d4_line_ends_and_byte_order_mark_by_rule_everything_else_as_it_is(tmp_path):
    rows = ["a.png\t end ", "b.png\tone\u2028two", "c.png\tx\u00a0", "d.png\ttab\u3000"]
    path = tmp_path / "rows.txt"
    path.write_bytes(codecs.BOM_UTF8 + "\r\n".join(rows).encode() + b"\r\n\r\n")
    found = list(LabelFile(path))
    assert [row.label for row in found] == [row.split("\t")[1] for row in rows]
    assert found[0].paths == ("a.png",)


field = st.text(max_size=30)
row = st.one_of(
    st.binary(max_size=150),
    st.builds(lambda path, text: f"{path}\t{text}".encode("utf-8", "surrogatepass"), field, field),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(row)
def test_d3_any_row_is_a_row_or_a_reason(raw):
    found = outcome(lambda: parse(decode(raw, "x:1"), "\t", "x:1"))
    if isinstance(found, Rejected):
        assert "x:1" in found.detail
    else:
        text = raw.decode("utf-8")
        assert found.label in text
        assert all(found.paths)


@pytest.mark.parametrize(
    ("raw", "said"),
    [("中文".encode("gb18030"), "gb18030"), (b"a\0b", "NUL"), (b"ab\xff", "byte 9 is not UTF-8")],
)
def test_d5_other_encodings_are_refused_by_byte(raw, said):
    found = rejected(decode, b"a.png\t" + raw, "rows.txt:3")
    assert found.reason == "encoding"
    assert "rows.txt:3" in found.detail
    assert said in found.detail


def test_d5_utf_16_is_refused_as_a_whole(tmp_path):
    (tmp_path / "rows.txt").write_text("a.png\tx\n", encoding="utf-16")
    with pytest.raises(DataError, match=r"rows\.txt:1: UTF-16"):
        LabelFile(tmp_path / "rows.txt")


@pytest.mark.parametrize("how", ["missing", "filtered"])
def test_d6_a_set_of_which_nothing_can_be_used_ends_at_once_with_its_reasons(tmp_path, how):
    labels = lines(tmp_path, 8)
    many = labels.read_text() * 2000
    if how == "filtered":
        for text in TEXTS:
            many = many.replace(f"\t{text}\n", "\tmuch longer than ten characters\n")
    else:
        for path in tmp_path.glob("*.png"):
            path.unlink()
    labels.write_text(many)
    begun = time.process_time()
    with pytest.raises(DataError, match=r"none of 64 samples tried \(of 16000\)") as caught:
        build_dataloader(rec_config(labels), "Train")
    assert time.process_time() - begun < 1
    assert ("missing file 64" if how == "missing" else "too_long 64") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ("", "Train.loader.drop_last=false", "has no samples"),
        ("0.png\tone\n", "Train.loader.drop_last=true", "fewer than one batch"),
    ],
)
def test_d7_nothing_to_train_on_is_65_before_a_model_is_built(rec, tmp_path, content, more, said):
    rows = tmp_path / "few.txt"
    rows.write_text(content)
    log = tmp_path / "log"
    few = f"Train.dataset.label_file_list=['{rows}']"
    assert tiny.in_child(lambda: tiny.train(rec, few, more), log) == 65
    assert said in log.read_text()
    assert "no weights given" not in log.read_text()


def test_d8_a_character_outside_the_dictionary_counts_as_an_error(tmp_path):
    labels = lines(tmp_path, 4)
    labels.write_text(labels.read_text().replace("\tone", "\to中ne"))
    loader = build_dataloader(rec_config(labels), "Eval")
    texts = [text for batch in loader.epoch(0) for text in batch["text"]]
    assert "o中ne" in texts  # whatever is read, it is not this
    from ppocr.metrics import build_metric

    metric = build_metric({"name": "RecMetric", "main_indicator": "acc"})
    metric([(text.replace("中", ""), 0.9) for text in texts], {"text": texts})
    assert metric.get_metric()["acc"] == pytest.approx(0.75, abs=1e-3)
    train = build_dataloader(rec_config(labels), "Train")
    list(train.epoch(0))
    assert train.tally.reasons["unknown_characters"] == 1
    assert "o中ne" in train.tally.summary()


def test_d9_empty_and_too_long_texts_stay_in_the_denominator(tmp_path):
    labels = lines(tmp_path, 4)
    labels.write_text(labels.read_text() + "0.png\tlonger than ten\n1.png\t\n")
    loader = build_dataloader(rec_config(labels), "Eval")
    texts = [text for batch in loader.epoch(0) for text in batch["text"]]
    assert texts[4:] == ["longer than ten", ""]
    assert loader.tally.reasons == {"too_long": 1, "empty": 1}
    assert loader.tally.kept == 2


def targets(label: Any) -> dict[str, Any]:
    """Return the sample that the training transforms of a DB make of a label."""
    config = json.loads(json.dumps(DET))
    ops = create_operators(config)
    image = cv2.imencode(".png", np.full((SIZE, SIZE, 3), 200, np.uint8))[1].tobytes()
    text = label if isinstance(label, str) else json.dumps(label)
    return Compose(ops)(
        {"image": image, "label": text, "rng": np.random.default_rng(0), "index": 0, "epoch": 0,
         "seed": 0, "place": "x:1", "path": "x.png"}
    )  # fmt: skip


DET = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"DetLabelEncode": None},
    {"EastRandomCropData": {"size": [96, 96], "max_tries": 10, "keep_ratio": True}},
    {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
    {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
    {"NormalizeImage": {"scale": "1./255.", "order": "hwc"}},
    {"ToCHWImage": None},
]
SQUARE = [[20, 20], [120, 20], [120, 60], [20, 60]]


def region(points: Any, text: str = "word") -> dict[str, Any]:
    return {"transcription": text, "points": points}


@pytest.mark.parametrize(
    "points",
    [[], [[1, 2], [3]], None, [["a", 2]] * 4, [[float("nan"), 1]] * 4, [[float("inf"), 1]] * 4, 7],
)
def test_d10_points_that_are_none_are_refused_with_a_reason(points):
    label = json.dumps([region(SQUARE), region(points)])
    assert rejected(targets, label).reason == "bad_label"


@pytest.mark.parametrize("points", [SQUARE[:1], SQUARE[:2]])
def test_d10_a_polygon_of_fewer_than_three_points_teaches_nothing_false(points):
    found = outcome(targets, [region(SQUARE), region(points)])
    if not isinstance(found, Rejected):
        assert np.isfinite(found["shrink_map"]).all()
        alone = targets([region(SQUARE)])
        assert found["shrink_map"].sum() <= alone["shrink_map"].sum() + 1


@pytest.mark.parametrize("far", [-50, 5000, 20_000, 10**9, 10**18])
def test_d11_coordinates_outside_cost_neither_time_nor_memory(far):
    targets([region(SQUARE)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    points = [[20, 20], [far, 20], [far, 60], [20, 60]]
    found = outcome(targets, [region(SQUARE), region(points)])
    if not isinstance(found, Rejected):
        assert found["shrink_map"].shape == (96, 96)
        assert np.isfinite(found["threshold_map"]).all()
    assert time.process_time() - begun < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


FLAT = [[10, 10], [60, 10], [110, 10], [150, 10]]
BOW = [[20, 20], [120, 60], [120, 20], [20, 60]]


@pytest.mark.parametrize("points", [FLAT, BOW, [[5, 5]] * 4])
def test_d12_flat_and_crossing_polygons_leave_no_false_background(points):
    """Where nothing is taught as text, nothing is taught as background either."""
    found = targets([region(points)])
    assert np.isfinite(found["shrink_map"]).all()
    taught = found["shrink_map"].sum() > 0
    ignored = (found["shrink_mask"] == 0).any()
    assert taught or ignored or area(points) < 1


def area(points: list[list[int]]) -> float:
    hull = cv2.convexHull(np.array(points, np.float32))
    return float(cv2.contourArea(hull))


coordinate = st.one_of(
    st.sampled_from([10**7, -(10**18), 10**18]),
    st.integers(-20, 200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.none(),
    st.text(max_size=2),
)
polygon = st.lists(st.lists(coordinate, max_size=3), max_size=9)
good = st.lists(st.lists(st.integers(-200, 400), min_size=2, max_size=2), min_size=3, max_size=8)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.one_of(polygon, good), max_size=4))
def test_d10_d11_any_polygons_give_finite_targets_or_a_reason(polygons):
    found = outcome(targets, [region(one) for one in polygons])
    if isinstance(found, Rejected):
        return
    for name in ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask"):
        assert np.isfinite(found[name]).all()
        assert found[name].shape == (96, 96)
        assert 0 <= found[name].min() <= found[name].max() <= 1


def test_d13_a_page_without_text_is_a_sample():
    found = targets([])
    assert found["shrink_map"].sum() == 0
    assert (found["shrink_mask"] == 1).all()


@pytest.mark.parametrize("name", ["../a.png", "sub/../../a.png", "/etc/hostname"])
def test_d14_paths_that_leave_the_root_are_refused_unless_allowed(tmp_path, name):
    assert rejected(locate, tmp_path, name, "x:1").reason == "outside data_dir"
    assert locate(tmp_path, name, "x:1", allow_outside=True)


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "large"])
def test_d14_only_files_of_reasonable_size_are_opened(tmp_path, kind):
    path = tmp_path / "x.png"
    if kind == "fifo":
        os.mkfifo(path)
    if kind == "device":
        path.symlink_to("/dev/zero")
    if kind == "folder":
        path.mkdir()
    if kind == "large":
        with path.open("wb") as file:
            file.truncate(300 << 20)
    assert rejected(read_image, path, "x:1").reason in ("not a file", "file too large")


@pytest.mark.parametrize("text", ["[" * 200_000 + "]" * 200_000, "[" + "1" * 10_000 + "]", "{}"])
def test_d15_deep_and_giant_labels_are_refused(text):
    assert rejected(targets, text).reason == "bad_label"


def test_d15_a_row_of_many_megabytes_is_refused_by_its_size():
    assert rejected(decode, b"a.png\t" + b"[" * (5 << 20), "x:1").reason == "row too long"


def test_d16_an_image_in_training_and_validation_is_found_by_its_digest(tmp_path):
    path = tiny.config(tmp_path / "a", "rec")
    content = yaml.safe_load(path.read_text())
    other = lines(tmp_path / "b", 12)
    image = np.random.default_rng(3).integers(0, 256, (32, 100, 3), np.uint8)
    for folder in (Path(content["Train"]["dataset"]["data_dir"]), other.parent):
        cv2.imwrite(str(folder / "0.png"), image)
    dataset = content["Eval"]["dataset"]
    dataset.update(data_dir=str(other.parent), label_file_list=[str(other)])
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    done = tiny.tool(["check_data.py", "-c", path, "--output", tmp_path / "report"])
    assert done.returncode in (0, 65), done.stderr
    assert "evaluation images are in the training set" in done.stdout, done.stdout
