"""There and back again: labels, images, crops and names are as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.conversion import convert as conversion
from ppocr.conversion.page import Line, Picture, Source
from ppocr.conversion.to_lmdb import LMDBWriter
from ppocr.geometry.crop import min_area_crop, rotate_crop
from ppocr.transforms.decode import decode_image
from ppocr.utils.exits import OutputError, StorageError
from tests.conversion.conftest import (
    convert,
    det_rows,
    picture,
    rec_rows,
    skips,
    turned_by_exif,
)

PAGES = {
    "part/a.jpg": [
        {"transcription": "häuser, 价格", "points": [[10, 10], [110, 12], [110, 40], [10, 38]]},
        {"transcription": "###", "points": [[10, 60], [90, 60], [90, 80], [10, 80]]},
        {
            "transcription": "###",
            "points": [[120, 60], [190, 60], [190, 80], [120, 80]],
            "ignored_text": "hidden",
        },
        {
            "transcription": "bow",
            "points": [[10, 95], [60, 90], [110, 95], [110, 115], [60, 110], [10, 115]],
            "id": 4,
            "linking": [[1, 2]],
        },
    ],
    "other/a.jpg": [{"transcription": " x ", "points": [[1.5, 2.25], [60, 2], [60, 9], [2, 9]]}],
    "empty.png": [],
}


@pytest.fixture
def pages(root):
    """A label file of pages with all that labels may hold."""
    rows = []
    for number, (name, regions) in enumerate(PAGES.items()):
        picture(root / name, seed=number)
        rows.append(f"{name}\t{json.dumps(regions, ensure_ascii=False)}\n")
    (root / "det.txt").write_text("".join(rows), encoding="utf-8")
    return root / "det.txt"


def _same_pages(folder: Path, root: Path) -> None:
    rows = det_rows(folder)
    assert rows == {f"images/{name}": regions for name, regions in PAGES.items()}
    for name in PAGES:
        assert (folder / "images" / name).read_bytes() == (root / name).read_bytes()


def test_ppocr_to_ppocrlabel_and_back(pages, tmp_path):
    project, back = tmp_path / "project", tmp_path / "back"
    convert("ppocr", "ppocrlabel", pages, project)
    rows = (project / "Label.txt").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[0] for row in rows] == [
        "project/a.jpg",
        "project/other_a.jpg",
        "project/empty.png",
    ]
    label = json.loads(rows[0].split("\t")[1])
    assert [one["difficult"] for one in label] == [False, True, True, False]
    assert label[2]["transcription"] == "hidden"
    states = (project / "fileState.txt").read_text(encoding="utf-8").splitlines()
    assert states[1] == f"{project.resolve() / 'other_a.jpg'}\t1"
    assert sorted(os.listdir(project / "crop_img")) == [
        "a_crop_0.jpg",
        "a_crop_3.jpg",
        "other_a_crop_0.jpg",
    ]
    convert("ppocrlabel", "ppocr", project, back)
    _same_pages(back, pages.parent)


def test_ppocr_to_lmdb_and_back(pages, tmp_path):
    first = tmp_path / "first"
    convert("ppocr", "ppocr", pages, first)
    convert("ppocr", "lmdb", pages, tmp_path / "lmdb")
    convert("lmdb", "ppocr", tmp_path / "lmdb/det", tmp_path / "back", "--task", "det")
    _same_pages(tmp_path / "back", pages.parent)
    convert("lmdb", "ppocr", tmp_path / "lmdb/rec", tmp_path / "lines")
    lines, crops = rec_rows(tmp_path / "lines"), rec_rows(first)
    assert list(lines.values()) == list(crops.values()) == ["häuser, 价格", "bow", " x "]
    for name, crop in zip(lines, crops, strict=True):
        assert name == crop.replace("crops/", "lines/")
        assert (tmp_path / "lines" / name).read_bytes() == (first / crop).read_bytes()


def test_escapes_and_pages_that_exif_turns_come_back(root, tmp_path):
    """By way of PPOCRLabel and of LMDB: what JSON escapes, what is ignored, what EXIF turns."""
    texts = ('a "b", \\c', "价格\u3000, 5", "tab\there", "*", "line\u2028end", "\U0001f600", "")
    regions = [
        {"transcription": text, "points": [[5, y], [80.5, y], [80.5, y + 15], [5, y + 15]]}
        for text, y in zip(texts, range(10, 185, 25), strict=True)
    ]
    turned_by_exif(root / "t.jpg", orientation=8)  # 120 wide and 200 high as one looks at it
    (root / "det.txt").write_text(f"t.jpg\t{json.dumps(regions)}\n")
    convert("ppocr", "ppocrlabel", root / "det.txt", tmp_path / "project")
    convert("ppocrlabel", "ppocr", tmp_path / "project", tmp_path / "one", "--task", "det")
    convert("ppocr", "lmdb", root / "det.txt", tmp_path / "lmdb")
    convert("lmdb", "ppocr", tmp_path / "lmdb/det", tmp_path / "two", "--task", "det")
    for back in (tmp_path / "one", tmp_path / "two"):
        assert det_rows(back) == {"images/t.jpg": regions}
        assert (back / "images/t.jpg").read_bytes() == (root / "t.jpg").read_bytes()
    convert("lmdb", "ppocr", tmp_path / "lmdb/rec", tmp_path / "lines")
    assert list(rec_rows(tmp_path / "lines").values()) == [*texts[:2], "\U0001f600"]
    assert all(
        cv2.imread(str(path)).shape == (15, 75, 3) for path in (tmp_path / "lines").rglob("*.png")
    )


def test_crops_are_those_of_prediction(pages, tmp_path):
    convert("ppocr", "ppocr", pages, tmp_path / "out")
    page_HWC = decode_image((pages.parent / "part/a.jpg").read_bytes())
    cuts = {0: rotate_crop, 3: min_area_crop}
    for number, cut in cuts.items():
        points = np.array(PAGES["part/a.jpg"][number]["points"], np.float32)
        crop_HWC = cv2.imread(str(tmp_path / f"out/crops/part/a.jpg/{number + 1:04d}.png"))
        np.testing.assert_array_equal(crop_HWC, cut(page_HWC, points))


def test_lmdb_is_what_the_data_set_reads(pages, tmp_path):
    convert("ppocr", "lmdb", pages, tmp_path / "lmdb", "--task", "rec")
    convert("lmdb", "ppocr", tmp_path / "lmdb", tmp_path / "back")  # one below it: no prefix
    assert "lines/part/a.jpg/0001.png" in rec_rows(tmp_path / "back")
    code = (
        "from ppocr.data.lmdb_set import LMDBDataSet; import numpy as np\n"
        f"found = LMDBDataSet({str(tmp_path / 'lmdb')!r}, ())\n"
        "print([found.read(row, np.random.default_rng(0))['label'] for row in range(found.total)])"
    )
    repository = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=repository,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout.strip() == "['häuser, 价格', 'bow', ' x ']"


def _lines(root: Path, count: int, stop: int | None = None, word: str = "text"):
    path = root / "line.png"
    for number in range(count):
        if number == stop:
            raise KeyboardInterrupt
        yield Line(Picture(f"{number}.png", path), f"{word} {number}", f"rows.txt:{number + 1}")


def _samples(folder: Path) -> list[str]:
    import lmdb

    with (
        lmdb.open(str(folder), readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        count = int(transaction.get(b"num-samples"))
        keys = [b"label-%09d" % (number + 1) for number in range(count)]
        assert transaction.get(b"image-%09d" % (count + 1)) is None
        return [transaction.get(key).decode() for key in keys]


def test_lmdb_goes_on_where_it_was_stopped(root, tmp_path, monkeypatch):
    picture(root / "line.png", 60, 24)
    monkeypatch.setattr(conversion, "FLUSH_EVERY", 16)
    out = tmp_path / "lmdb"
    items = Source(_lines(root, 100, stop=70))
    with pytest.raises(KeyboardInterrupt):
        conversion.run(items, LMDBWriter(out, "rec"), out, "same")
    committed = len(_samples(out / "rec"))
    assert 16 <= committed < 70
    summary = conversion.run(Source(_lines(root, 100)), LMDBWriter(out, "rec"), out, "same")
    assert summary.kept == committed
    assert _samples(out / "rec") == [f"text {number}" for number in range(100)]
    shorter = conversion.run(Source(_lines(root, 40)), LMDBWriter(out, "rec"), out, "same")
    assert (shorter.kept, shorter.lines) == (40, 40)
    assert len(_samples(out / "rec")) == 40
    other = Source(_lines(root, 50, word="other"))
    assert conversion.run(other, LMDBWriter(out, "rec"), out, "same").kept == 0
    assert _samples(out / "rec") == [f"other {number}" for number in range(50)]


def test_lmdb_grows_beyond_its_first_map(root, tmp_path, monkeypatch):
    picture(root / "line.png", 60, 24)
    monkeypatch.setattr("ppocr.conversion.to_lmdb.FIRST_MAP_BYTES", 1 << 16)
    out = tmp_path / "lmdb"
    summary = conversion.run(Source(_lines(root, 300)), LMDBWriter(out, "rec"), out, "same")
    assert summary.lines == 300
    assert (out / "rec/data.mdb").stat().st_size > 1 << 16


def test_files_go_on_where_they_were_stopped(pages, tmp_path):
    out = tmp_path / "out"
    convert("ppocr", "ppocr", pages, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    wanted = (out / "rec.txt").read_bytes()
    journal = out / ".conversion/journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])  # cut off while the last entry was written
    (out / "crops/other/a.jpg/0001.png").rename(out / "crops/other/a.jpg/.0001.png.tmp")
    convert("ppocr", "ppocr", pages, out)
    assert not list(out.rglob("*.tmp")), "half a file is not left behind"
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert {path.name for path in after if before[path] != after[path]} == {"0001.png"}
    assert (out / "rec.txt").read_bytes() == wanted


def test_what_cannot_be_written_is_named(pages, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "images").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write .*images/.*jpg: "):
        convert("ppocr", "ppocr", pages, out)


def test_changed_labels_and_images_are_converted_anew(pages, tmp_path, capsys):
    out = tmp_path / "out"
    convert("ppocr", "ppocr", pages, out)
    pages.write_text(pages.read_text(encoding="utf-8").replace('" x "', '"new"'), encoding="utf-8")
    picture(pages.parent / "empty.png", seed=9)
    capsys.readouterr()
    convert("ppocr", "ppocr", pages, out)
    assert "1 items were finished before" in capsys.readouterr().out
    assert "new" in rec_rows(out).values()
    same = (out / "images/empty.png").read_bytes() == (pages.parent / "empty.png").read_bytes()
    assert same


def test_another_conversion_does_not_mix_in(pages, tmp_path):
    out = tmp_path / "out"
    convert("ppocr", "ppocr", pages, out)
    with pytest.raises(OutputError, match="--force"):
        convert("ppocr", "ppocr", pages, out, "--task", "det")
    convert("ppocr", "ppocr", pages, out, "--task", "det", "--force")


def test_corrected_labels_are_not_overwritten(pages, tmp_path):
    project = tmp_path / "project"
    convert("ppocr", "ppocrlabel", pages, project)
    label = project / "Label.txt"
    corrected = label.read_text(encoding="utf-8").replace("bow", "bough")
    label.write_text(corrected, encoding="utf-8")
    with pytest.raises(OutputError, match="edited"):
        convert("ppocr", "ppocrlabel", pages, project)
    assert label.read_text(encoding="utf-8") == corrected
    convert("ppocr", "ppocrlabel", pages, project, "--force")
    assert label.read_text(encoding="utf-8") != corrected


@pytest.mark.parametrize("copy", ["link", "keep"])
def test_images_need_not_be_copied(pages, tmp_path, copy):
    out = tmp_path / "out"
    convert("ppocr", "ppocr", pages, out, "--task", "det", "--copy", copy)
    if copy == "keep":
        assert list(det_rows(out)) == list(PAGES)
        assert not (out / "images").exists()
    else:
        assert (out / "images/empty.png").samefile(pages.parent / "empty.png")


def test_a_second_label_does_not_replace_the_crops_of_the_first(pages, tmp_path):
    second = [{"transcription": "second", "points": [[1, 1], [50, 1], [50, 20], [1, 20]]}]
    with pages.open("a", encoding="utf-8") as file:
        file.write(f"part/a.jpg\t{json.dumps(second)}\n")
    convert("ppocr", "ppocr", pages, tmp_path / "out")
    assert "second" not in rec_rows(tmp_path / "out").values()
    assert ("second label", f"{pages}:4") in {row[:2] for row in skips(tmp_path / "out")}


def test_samples_of_two_lmdb_keep_apart(root, tmp_path):
    for number, name in enumerate(("one", "two")):
        image = picture(root / f"{name}/line.png", 60, 24, seed=number)
        (root / f"{name}/rec.txt").write_text(f"line.png\t{name}\n")
        convert("ppocr", "lmdb", image.parent / "rec.txt", tmp_path / "lmdb" / name)
    convert("lmdb", "ppocr", tmp_path / "lmdb", tmp_path / "out")
    rows = rec_rows(tmp_path / "out")
    assert rows == {"lines/one/rec/line.png": "one", "lines/two/rec/line.png": "two"}
    for name, text in rows.items():
        content = (tmp_path / "out" / name).read_bytes()
        assert content == (root / text / "line.png").read_bytes()


def test_an_output_inside_the_input_is_not_read_again(root):
    picture(root / "img_1.jpg")
    (root / "gt_img_1.txt").write_text("10,10,110,10,110,40,10,40,word\n")
    for _ in range(2):
        convert("icdar2015", "ppocr", root, root / "out")
        assert list(rec_rows(root / "out").values()) == ["word"]
        assert not skips(root / "out")
