"""What the doctor finds between rows, files and sets: copies, leaks, contradictions, sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
import yaml

from ppocr.doctor.findings import RUIN
from tests.doctor import material
from tests.doctor.asked import CLASSES, accepted, codes, found, line_rows
from tests.doctor.material import page, region


def test_copies_leaks_and_contradictions(tmp_path: Path, report_on):
    train = line_rows(tmp_path, 20, lambda n: f"text {n}")
    (tmp_path / "copy.png").write_bytes((tmp_path / "3.png").read_bytes())
    train.append("copy.png\tother")
    test = line_rows(tmp_path, 3, lambda n: f"text {n}", first=50)
    (tmp_path / "leak.png").write_bytes((tmp_path / "5.png").read_bytes())
    image = cv2.imread(str(tmp_path / "7.png"))
    cv2.imwrite(str(tmp_path / "near.jpg"), cv2.resize(image, (90, 30)))
    test += ["leak.png\ttext 5", "near.jpg\ttext 7"]
    report = report_on(material.config(tmp_path, "rec", train, test))
    leak, near = found(report, "leak"), found(report, "near-leak")
    assert (leak.level, leak.gain) == (RUIN, 0.2)
    assert leak.places == (f"{tmp_path / 'eval.txt'}:4",)
    assert near.places == (f"{tmp_path / 'eval.txt'}:5",)
    assert found(report, "contradicting-labels").places == (f"{tmp_path / 'train.txt'}:21",)
    assert "copies" not in codes(report), "a contradiction is not a copy"
    numbers = report.numbers()["chapters"]["Sources, copies and leaks"]
    assert numbers["leaks"] == {"exact": 1, "near": 1, "of": 5, "shared_files": []}
    assert numbers["copies_Train"] == {"exact": 1, "with_other_label": 1, "near": 0}


@pytest.mark.parametrize("task", material.TASKS)
def test_copies_leave_the_list_and_contradictions_stay(task: str, tmp_path: Path, report_on):
    rows = material.rows_of(task, 10, tmp_path)
    other = {"rec": "else", "det": page(region(text="else")), "cls": "180"}[task]
    twice = [*rows, rows[4], rows[5], f"0.png\t{other}"]
    more = CLASSES if task == "cls" else {}
    report = report_on(material.config(tmp_path, task, twice, **more))
    copies = found(report, "copies")
    assert copies.places == (f"{tmp_path / 'train.txt'}:11", f"{tmp_path / 'train.txt'}:12")
    assert found(report, "contradicting-labels").places == (f"{tmp_path / 'train.txt'}:13",)
    clean = tmp_path / "report" / "clean" / "Train_0_train.txt"
    assert clean.read_text().splitlines() == [*rows, twice[-1]]
    accepted(report)


def test_near_copies_within_a_set(tmp_path: Path, report_on):
    rows = line_rows(tmp_path, 10, lambda n: f"text {n}")
    image = cv2.imread(str(tmp_path / "4.png"))
    cv2.imwrite(str(tmp_path / "again.jpg"), image)
    cv2.imwrite(str(tmp_path / "other.jpg"), image)
    rows += ["again.jpg\ttext 4", "other.jpg\tanother text"]
    report = report_on(material.config(tmp_path, "rec", rows))
    near = found(report, "near-copies")
    assert near.places == (f"{tmp_path / 'train.txt'}:11",)


def test_sources_are_weighed(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 4, tmp_path))
    synthetic = tmp_path / "synthetic.txt"
    synthetic.write_text("".join(f"{row}\n" for row in material.rows_of("rec", 24, tmp_path, 50)))
    files = f"Train.dataset.label_file_list=[{tmp_path}/train.txt, {synthetic}]"
    report = report_on(path, files)
    assert found(report, "mostly-synthetic").overrides == ("Train.dataset.ratio_list=[1.0, 0.5]",)
    accepted(report)


@pytest.mark.parametrize(
    ("given", "advised"),
    [
        ("[1, 4]", "Train.sampler.weights=[1.0, 3.0]"),
        ("{train.txt: 1, synthetic: 4}", "Train.sampler.weights={train.txt: 1.0, synthetic: 3.0}"),
    ],
)
def test_what_a_sampler_mixes_counts_not_what_files_hold(tmp_path: Path, report_on, given, advised):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 40, tmp_path))
    home = tmp_path / "synthetic"
    home.mkdir()
    rows = material.rows_of("rec", 4, tmp_path, 50)
    (home / "rows.txt").write_text("".join(f"{row}\n" for row in rows))
    content = yaml.safe_load(path.read_text())
    content["Train"]["sampler"] = {"name": "MixedSampler", "weights": yaml.safe_load(given)}
    content["Train"]["dataset"]["label_file_list"].append(str(home / "rows.txt"))
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    report = report_on(path)
    numbers = report.numbers()["chapters"]["Sources, copies and leaks"]["sources_Train"]
    assert numbers["synthetic"] == 4 * numbers["real"] == 160
    assert found(report, "mostly-synthetic").overrides == (advised,)
    accepted(report)


def lmdb_set(folder: Path, count: int, says: bytes) -> None:
    folder.mkdir()
    with (
        lmdb.open(str(folder), map_size=1 << 24) as environment,
        environment.begin(write=True) as tr,
    ):
        for number in range(1, count + 1):
            image = material.encoded(material.picture(seed=number))
            tr.put(b"image-%09d" % number, image)
            tr.put(b"label-%09d" % number, b"text")
        tr.put(b"num-samples", says)


def test_lmdb(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", [])
    content = yaml.safe_load(path.read_text())
    dataset = content["Train"]["dataset"]
    del dataset["label_file_list"]
    dataset["name"] = "LMDBDataSet"
    for name, says in (("good", b"5"), ("lies", b"500"), ("joke", b"__import__('os')")):
        lmdb_set(tmp_path / name, 5, says)
        dataset["data_dir"] = str(tmp_path / name)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        report = report_on(path)
        if name == "good":
            assert report.fit
            assert report.case.train is not None
            assert report.case.train.looked_at == 5
        else:
            assert "num-samples is" in found(report, "set-unusable").text


def test_a_part_of_a_large_set_is_drawn_by_the_seed(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 30, tmp_path))
    first, second = (report_on(path, limit=10) for _ in range(2))
    assert first.case.train is not None
    assert second.case.train is not None
    rows = first.case.train.column("row")
    assert len(rows) == 10
    assert np.array_equal(rows, second.case.train.column("row"))
    assert not np.array_equal(rows, np.arange(10))
