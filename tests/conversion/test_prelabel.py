"""Predictions as labels to correct: the same lines as predict_system, in a project that is safe."""

from __future__ import annotations

import json
import shutil

import cv2
import pytest

from ppocr.utils.exits import DataError, OutputError
from tests.conversion.conftest import convert, det_rows
from tests.serving import graphs
from tools import prelabel
from tools.infer import predict_system


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    graphs.detector(folder / "det")
    graphs.recogniser(folder / "rec")
    return [f"--{stage}_model_dir={folder / stage}" for stage in ("det", "rec")]


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        done, encoded = cv2.imencode(".png", graphs.page(number))
        assert done
        (folder / name).write_bytes(encoded.tobytes())
    return folder


def label(models, pages, output, *more) -> int:
    words = [f"--image_dir={pages}", *models, f"--output={output}", "--quiet", *more]
    return prelabel.main(words)


def cached(project) -> dict[str, list[dict]]:
    rows = (project / "Cache.cach").read_text(encoding="utf-8").split("\n")[:-1]
    return {row.split("\t")[0]: json.loads(row.split("\t")[1]) for row in rows}


def test_labels_are_what_the_system_reads(models, pages, tmp_path):
    project, results = tmp_path / "project", tmp_path / "results"
    assert label(models, pages, project) == 0
    words = [f"--image_dir={pages}", *models, "--drop_score=0", f"--draw_img_save_dir={results}"]
    assert predict_system.main(words) == 0
    rows = (results / "system_results.txt").read_text(encoding="utf-8").splitlines()
    assert rows
    for row in rows:
        name, lines = row.split("\t")
        wanted = [(one["transcription"], one["points"]) for one in json.loads(lines)]
        found = cached(project)[f"project/{name}"]
        assert [(one["transcription"], one["points"]) for one in found] == wanted
        assert not any(one["difficult"] for one in found)
    assert (project / "Label.txt").read_text() == ""
    assert not (project / "rec_gt.txt").exists(), "split_data would take it for: no lines"
    assert (project / "a.png").read_bytes() == (pages / "a.png").read_bytes()
    scores = (project / "worst_first.tsv").read_text().splitlines()
    assert {row.split("\t")[0] for row in scores} == {"a.png", "b.png"}


def test_confirmed_pages_become_training_data(models, pages, tmp_path):
    label(models, pages, pages)  # beside the images, as a folder is opened in PPOCRLabel
    (pages / "fileState.txt").write_text(f"{pages / 'a.png'}\t1\n")
    convert("ppocrlabel", "ppocr", pages, tmp_path / "out", "--task", "det")
    assert list(det_rows(tmp_path / "out")) == ["images/a.png"]


def test_corrections_are_kept(models, pages, tmp_path):
    project = tmp_path / "project"
    label(models, pages, project)
    (project / "Label.txt").write_text(f"project/a.png\t{json.dumps([])}\n")
    with pytest.raises(OutputError, match="--force"):
        label(models, pages, project)
    assert (project / "Label.txt").read_text().startswith("project/a.png")


def test_broken_images_are_told_and_the_others_labelled(models, pages, tmp_path):
    (pages / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    shutil.copy(pages / "a.png", pages / "c.png")
    with pytest.raises(DataError, match="1 of 4 files"):
        label(models, pages, tmp_path / "project")
    assert len(cached(tmp_path / "project")) == 3
