"""Splits: nothing in two parts, nothing lost, parts alike, nothing overwritten."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from ppocr.conversion.stratify import PARTS, assign, features, ratios
from ppocr.utils.exits import DataError, OutputError, UsageError
from tests.conversion.conftest import picture
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
