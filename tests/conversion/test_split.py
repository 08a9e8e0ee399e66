"""Splits: nothing in two parts, nothing lost, parts alike, nothing overwritten."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.config import load
from ppocr.conversion.stratify import PARTS, assign, features, ratios
from ppocr.conversion.tailor import LEAST_STEPS
from ppocr.pipeline import checks
from ppocr.utils.exits import DataError, OutputError, UsageError
from ppocr.utils.files import REPOSITORY, find_images
from tests.conversion.conftest import convert, picture
from tools import split_data

BOX = [[10, 10], [110, 10], [110, 40], [10, 40]]


def project(folder: Path, pages: int, lines: int = 3, documents: int = 0) -> Path:
    """Write a PPOCRLabel folder by hand; its pages are called like pages of documents."""
    picture(folder / "page.jpg", 40, 24)
    (folder / "crop_img").mkdir()
    det, rec = [], []
    for page in range(pages):
        name = f"doc{page % documents}_page{page}" if documents else f"page{page}"
        shutil.copy(folder / "page.jpg", folder / f"{name}.jpg")
        texts = [f"line {page} {line}" for line in range(lines)]
        regions = [{"transcription": t, "points": BOX, "difficult": False} for t in texts]
        det.append(f"{folder.name}/{name}.jpg\t{json.dumps(regions)}")
        for number, text in enumerate(texts):
            shutil.copy(folder / "page.jpg", folder / f"crop_img/{name}_crop_{number}.jpg")
            rec.append(f"crop_img/{name}_crop_{number}.jpg\t{text}")
    (folder / "page.jpg").unlink()
    (folder / "Label.txt").write_text("\n".join(det))  # without a line end, as some tools do
    (folder / "rec_gt.txt").write_text("\n".join(rec) + "\n")
    return folder


def split(dataset: Path, out: Path, *more: str) -> dict[str, dict[str, str]]:
    """Run the command; return the rows of each part of det and rec by name."""
    words = ["--datasetRootPath", str(dataset), "--detRootPath", str(out / "det")]
    assert split_data.main([*words, "--recRootPath", str(out / "rec"), "--quiet", *more]) == 0
    found = {}
    for kind in ("det", "rec"):
        for part in PARTS:
            path = out / kind / f"{part}.txt"
            rows = path.read_text().splitlines() if path.is_file() else []
            found[f"{kind}/{part}"] = dict(row.split("\t") for row in rows)
    return found


def _page(name: str) -> str:
    return Path(name).stem.partition("_crop_")[0]


def test_crops_stay_with_their_page(root, tmp_path):
    found = split(project(root / "p", 10), tmp_path / "out")
    assert [len(found[f"det/{part}"]) for part in PARTS] == [6, 2, 2]
    for part in PARTS:
        pages = {_page(name) for name in found[f"det/{part}"]}
        assert pages == {_page(name) for name in found[f"rec/{part}"]}
        for kind in ("det", "rec"):
            for name in found[f"{kind}/{part}"]:
                assert name.startswith(f"{part}/")
                assert (tmp_path / "out" / kind / name).is_file()
    every = [name for part in PARTS for name in found[f"det/{part}"]]
    assert len({_page(name) for name in every}) == 10
    assert sum(len(found[f"rec/{part}"]) for part in PARTS) == 30


def test_pages_of_a_document_stay_together(root, tmp_path):
    dataset = project(root / "p", 20, documents=5)
    found = split(dataset, tmp_path / "out", "--group", r"(doc\d+)_")
    where = {}
    for part in PARTS:
        for name in found[f"det/{part}"]:
            where.setdefault(Path(name).name.partition("_")[0], set()).add(part)
    assert len(where) == 5
    assert all(len(parts) == 1 for parts in where.values())


def test_equal_names_in_two_projects_do_not_meet(root, tmp_path):
    project(root / "one", 5)
    project(root / "two", 5)
    found = split(root, tmp_path / "out")
    files = [name for part in PARTS for name in found[f"det/{part}"]]
    assert len(set(files)) == 10
    assert {name.split("/")[1] for name in files} == {"one", "two"}


def test_the_seed_decides(root, tmp_path):
    dataset = project(root / "p", 12)
    first = split(dataset, tmp_path / "a", "--seed", "1")
    assert split(dataset, tmp_path / "b", "--seed", "1") == first
    others = [split(dataset, tmp_path / f"c{n}", "--seed", f"{n}") for n in (2, 3, 4)]
    assert any(other != first for other in others)


def test_an_earlier_split_is_replaced_only_with_force(root, tmp_path):
    dataset, out = project(root / "p", 10), tmp_path / "out"
    split(dataset, out)
    (out / "det/mine.txt").write_text("kept")
    (out / "det/train/old.jpg").write_text("old")
    (out / "det/.split/train").mkdir(parents=True)  # of a run that was killed
    with pytest.raises(OutputError, match="--force"):
        split(dataset, out)
    assert (out / "det/train/old.jpg").is_file()
    split(dataset, out, "--force", "--seed", "5")
    assert (out / "det/mine.txt").read_text() == "kept"
    assert not (out / "det/train/old.jpg").exists()
    assert not [path for path in (out / "det").iterdir() if path.name.startswith(".")]


def test_rows_that_cannot_be_used_are_named(root, tmp_path, capsys):
    dataset = project(root / "p", 10)
    with (dataset / "Label.txt").open("a") as file:
        file.write("\np/gone.jpg\t[]\np/page1.jpg\tnot json\n../../etc/passwd\t[]\n")
    found = split(dataset, tmp_path / "out")
    told = capsys.readouterr().out
    assert f"missing image ({dataset}/Label.txt:11" in told
    assert f"bad label ({dataset}/Label.txt:12" in told
    assert sum(len(found[f"det/{part}"]) for part in PARTS) == 10


def test_difficult_regions_are_marked_for_training(root, tmp_path):
    dataset = project(root / "p", 3, lines=1)
    label = dataset / "Label.txt"
    label.write_text(label.read_text().replace("false", "true", 1))
    found = split(dataset, tmp_path / "out")
    rows = [json.loads(row)[0] for part in PARTS for row in found[f"det/{part}"].values()]
    assert sorted(row["transcription"] == "###" for row in rows) == [False, False, True]


@pytest.mark.parametrize("text", ["6:2", "a:b:c", "0:5:5", "1:-1:1", "", "nan:1:1", "inf:1:1"])
def test_ratios_without_sense(text):
    with pytest.raises(UsageError, match="trainValTestRatio"):
        ratios(text)


def test_parts_may_be_left_out(root, tmp_path):
    found = split(project(root / "p", 10), tmp_path / "out", "--trainValTestRatio", "8:2:0")
    assert [len(found[f"det/{part}"]) for part in PARTS] == [8, 2, 0]
    assert not (tmp_path / "out/det/test.txt").exists()


def test_too_few_documents():
    with pytest.raises(DataError, match="2 documents"):
        assign({"a": features(1, ["x"]), "b": features(1, ["y"])}, (0.6, 0.2, 0.2), 0)


def test_rare_characters_and_lengths_are_shared():
    groups = {}
    for number in range(100):
        rare = "§" if number % 10 == 0 else "a"
        groups[f"{number:03d}"] = features(1, [rare, "b" * (60 if number % 5 == 0 else 2)])
    parts = assign(groups, (0.6, 0.2, 0.2), seed=3)
    sizes = Counter(parts.values())
    assert all(abs(sizes[part] - n) <= 2 for part, n in zip(PARTS, (60, 20, 20), strict=True))
    having = Counter(parts[name] for name in groups if groups[name]["character §"])
    assert [having[part] for part in PARTS] == [6, 2, 2]
    long = Counter(parts[name] for name in groups if groups[name]["length 5"])
    assert all(abs(long[part] - n) <= 1 for part, n in zip(PARTS, (12, 4, 4), strict=True))


def test_lines_are_cut_where_nobody_has(root, tmp_path):
    """Of two projects one has its crops; those of the other are what prediction would cut."""
    has, lacks = project(root / "has", 5), project(root / "lacks", 5)
    shutil.rmtree(lacks / "crop_img")
    (lacks / "rec_gt.txt").unlink()
    for number in range(5):
        picture(lacks / f"page{number}.jpg", seed=number)
    found = split(root, tmp_path / "out")
    rows = {k: v for part in PARTS for k, v in found[f"rec/{part}"].items()}
    assert len(rows) == 30
    assert {name.split("/")[1] for name in rows} == {"has", "lacks"}
    for part in PARTS:
        cut = [name for name in found[f"rec/{part}"] if "/lacks/" in name]
        pages = {f"{part}/lacks/{Path(name).parent.name}" for name in cut}
        assert pages == {name for name in found[f"det/{part}"] if "/lacks/" in name}
    name, text = next((k, v) for k, v in rows.items() if "lacks/page3.jpg/0002" in k)
    assert text == "line 3 1"
    page_HWC = cv2.imread(str(lacks / "page3.jpg"))
    crop_HWC = cv2.imread(str(tmp_path / "out/rec" / name))
    np.testing.assert_array_equal(crop_HWC, page_HWC[10:40, 10:110])
    assert (has / "crop_img").is_dir(), "nothing is taken away"


def test_an_empty_list_of_lines_has_them_cut_and_a_partial_one_is_told(root, tmp_path, capsys):
    """PPOCRLabel and others leave an empty rec_gt.txt; one of last week lacks the newer pages."""
    (project(root / "p", 10) / "rec_gt.txt").write_text("")
    for number in range(10):
        picture(root / f"p/page{number}.jpg", seed=number)
    found = split(root, tmp_path / "out")
    assert sum(len(found[f"rec/{part}"]) for part in PARTS) == 30
    rows = (project(root / "q", 10) / "rec_gt.txt").read_text().splitlines()
    (root / "q/rec_gt.txt").write_text("\n".join(rows[:24]))
    capsys.readouterr()
    split(root / "q", tmp_path / "second")
    assert "skipped 2: no line in rec_gt.txt" in capsys.readouterr().out


def test_what_was_converted_is_split_page_by_page(root, tmp_path):
    """Crops of our converter are called 0001.png on every page: the folder says which page."""
    project(root / "p", 10)
    for number in range(10):
        picture(root / f"p/page{number}.jpg", seed=number)
    convert("ppocrlabel", "ppocr", root / "p", tmp_path / "converted")
    found = split(tmp_path / "converted", tmp_path / "out")
    assert sum(len(found[f"rec/{part}"]) for part in PARTS) == 30
    for part in PARTS:
        pages = {Path(name).stem for name in found[f"det/{part}"]}
        assert pages == {Path(name).parent.stem for name in found[f"rec/{part}"]}
    assert [len(found[f"det/{part}"]) for part in PARTS] == [6, 2, 2]


@pytest.fixture
def configs(tmp_path, monkeypatch) -> list[str]:
    """Copies of the quickstart's configs whose results are nowhere yet, and a folder to work in."""
    monkeypatch.chdir(tmp_path)
    for task in ("det", "rec"):
        text = (REPOSITORY / f"configs/quickstart/{task}.yml").read_text()
        Path(f"{task}_base.yml").write_text(text.replace("output/quickstart", "output/of_a_test"))
    return ["det_base.yml", "rec_base.yml"]


def test_configs_for_the_parts(root, tmp_path, configs, capsys):
    dataset = project(root / "p", 20)
    words = ["--datasetRootPath", str(dataset), "--output", "mine", "--quiet"]
    assert split_data.main([*words, "--config", *configs]) == 0
    told = capsys.readouterr().out
    for task in ("det", "rec"):
        assert f"next: python tools/check_data.py -c mine/{task}.yml" in told
        config = load(tmp_path / f"mine/{task}.yml")
        base = load(configs[task == "rec"])
        for mode, part in (("Train", "train"), ("Eval", "val")):
            dataset = config[mode]["dataset"]
            (labels,) = dataset["label_file_list"]
            assert labels == f"mine/{task}/{part}.txt"
            first = Path(labels).read_text().partition("\t")[0]
            assert (Path(dataset["data_dir"]) / first).is_file()
            assert dataset["transforms"] == base[mode]["dataset"]["transforms"]
        general = config["Global"]
        assert general["save_model_dir"] == f"./output/mine/{task}/"
        assert general["save_inference_dir"] == f"./inference/mine/{task}/"
        assert find_images(general["infer_img"]), "the export is compared on these"
        rows = len(Path(f"mine/{task}/train.txt").read_text().splitlines())
        steps = -(-rows // config["Train"]["loader"]["batch_size_per_card"])
        assert general["epoch_num"] * steps >= LEAST_STEPS[task]
        assert general["pretrained_model"] is None
        assert checks.check(config).fine
        text = Path(f"mine/{task}.yml").read_text()
        assert "Quickstart" not in text, "that comment is of the quickstart's data"
        assert "# a run to resume" in text, "the others stay"


def test_a_config_that_was_trained_is_gone_on_from(root, tmp_path, configs, capsys):
    weights = tmp_path / "output/of_a_test/rec/best_accuracy.pdparams"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"")
    words = ["--datasetRootPath", str(project(root / "p", 20)), "--output", "mine", "--quiet"]
    split_data.main([*words, "--config", configs[1]])
    assert "starts from output/of_a_test/rec/best_accuracy" in capsys.readouterr().out
    start = load("mine/rec.yml")["Global"]["pretrained_model"]
    assert start == "output/of_a_test/rec/best_accuracy"
    shutil.rmtree("mine/det")
    shutil.rmtree("mine/rec")
    with pytest.raises(OutputError, match=r"rec\.yml exists"):
        split_data.main([*words, "--config", configs[1]])


def test_configs_that_do_not_fit_a_split(root, configs):
    words = ["--datasetRootPath", str(project(root / "p", 20)), "--quiet", "--config"]
    with pytest.raises(UsageError, match="both for det"):
        split_data.main([*words, configs[0], configs[0]])
    with pytest.raises(UsageError, match="is for cls"):
        split_data.main([*words, str(REPOSITORY / "configs/cls/cls_mv3.yml")])
    with pytest.raises(UsageError, match="val of det would be empty"):
        split_data.main([*words, configs[0], "--trainValTestRatio", "8:0:2", "--force"])


def test_parts_that_a_config_lacks_are_told_before_anything_is_written(root, configs):
    dataset = project(root / "p", 5)
    (dataset / "Label.txt").unlink()
    words = ["--datasetRootPath", str(dataset), "--output", "mine", "--config", *configs]
    with pytest.raises(UsageError, match="train and val of det would be empty"):
        split_data.main([*words, "--quiet"])
    assert not Path("mine").exists()
