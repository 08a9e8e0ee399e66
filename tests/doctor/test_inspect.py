"""What the doctor finds, and that what it recommends is accepted and helps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr.doctor import report as pages
from ppocr.doctor.findings import NOTE, RUIN, STOP, WARN
from tests.doctor import material
from tests.doctor.asked import CLASSES, accepted, codes, found, line_rows
from tests.doctor.material import page, region


@pytest.mark.parametrize("task", material.TASKS)
def test_good_data_is_fit(task: str, tmp_path: Path, report_on):
    train = material.rows_of(task, 12, tmp_path)
    test = material.rows_of(task, 4, tmp_path, 100)
    path = material.config(tmp_path, task, train, test, **(CLASSES if task == "cls" else {}))
    report = report_on(path)
    assert report.fit
    assert report.exit_code == 0
    assert {one.level for one in report.findings} <= {WARN, NOTE}
    rows = report.numbers()["chapters"]["Rows"]
    assert (rows["Train"]["rows"], rows["Eval"]["rows"]) == (12, 4)
    assert rows["Train"]["refused"] == rows["Eval"]["refused"] == 0


def test_broken_rows_stop_and_the_clean_lists_help(tmp_path: Path, report_on):
    train = [*material.rows_of("rec", 10, tmp_path), "nowhere.png\tab", "no tab at all"]
    test = [*material.rows_of("rec", 4, tmp_path, 50), "nowhere.png\tab"]
    path = material.config(tmp_path, "rec", train, test)
    report = report_on(path)
    broken = [one for one in report.findings if one.code == "broken-rows"]
    assert [one.level for one in broken] == [STOP, STOP]
    assert report.exit_code == 65
    accepted(report)
    again = report_on(path, *(override for one in broken for override in one.overrides))
    assert again.fit
    assert again.numbers()["chapters"]["Rows"]["Train"]["rows"] == 10
    one_of_many = [*material.rows_of("rec", 200, tmp_path, 100), "nowhere.png\tab"]
    report = report_on(material.config(tmp_path, "rec", one_of_many))
    assert found(report, "broken-rows").level == WARN, "under Global.max_bad_ratio"


def test_sets_that_do_not_start(tmp_path: Path, report_on):
    rows = material.rows_of("rec", 3, tmp_path)
    path = material.config(tmp_path, "rec", rows)
    missing = report_on(path, f"Train.dataset.label_file_list=[{tmp_path}/none.txt]")
    assert "no such label file" in found(missing, "set-unusable").text
    (tmp_path / "utf16.txt").write_text("0.png\tab\n", encoding="utf-16")
    wide = report_on(path, f"Train.dataset.label_file_list=[{tmp_path}/utf16.txt]")
    assert "UTF-16" in found(wide, "set-unusable").text
    (tmp_path / "empty.txt").write_text("\n\n")
    empty = report_on(path, f"Train.dataset.label_file_list=[{tmp_path}/empty.txt]")
    assert found(empty, "set-empty").level == STOP
    few = ["Train.loader.drop_last=true", "Train.loader.batch_size_per_card=4"]
    small = report_on(path, *few)
    assert found(small, "less-than-a-batch").overrides == ("Train.loader.drop_last=false",)
    useless = report_on(material.config(tmp_path, "rec", ["a.png\tb", "c.png\td"]))
    assert found(useless, "nothing-usable").level == STOP
    for report in (missing, wide, empty, small, useless):
        assert report.exit_code == 65
        assert "<html" in pages.render(report)


def test_boxes(tmp_path: Path, report_on):
    rows = material.rows_of("det", 4, tmp_path)
    ignored = [row.replace("word", "###") for row in rows]
    report = report_on(material.config(tmp_path, "det", ignored, rows))
    assert found(report, "ignored-boxes").level == STOP
    none = report_on(material.config(tmp_path, "det", [f"{n}.png\t[]" for n in range(3)]))
    assert found(none, "no-boxes").level == STOP
    tiny = page(region([[10, 10], [60, 10], [60, 13], [10, 13]]))
    small = report_on(material.config(tmp_path, "det", [f"{n}.png\t{tiny}" for n in range(4)]))
    assert found(small, "small-boxes").overrides
    accepted(small)


def test_words_against_lines(tmp_path: Path, report_on):
    def words(y):
        return [
            region([[x, y], [x + 18, y], [x + 18, y + 10], [x, y + 10]], "word")
            for x in range(2, 100, 22)
        ]

    def line(y):
        return region([[2, y], [110, y], [110, y + 10], [2, y + 10]], "one two three")

    material.rows_of("det", 12, tmp_path)
    in_words = [f"{n}.png\t{page(*words(10), *words(40))}" for n in range(6)]
    in_lines = [f"{n}.png\t{page(*(line(y) for y in (10, 30, 50, 70)))}" for n in range(6, 12)]
    report = report_on(material.config(tmp_path, "det", in_words, in_lines))
    numbers = report.numbers()["chapters"]["Boxes"]["granularity"]
    assert (numbers["Train"]["looks_like"], numbers["Eval"]["looks_like"]) == ("words", "lines")
    assert found(report, "mixed-granularity").level == RUIN
    (tmp_path / "w.pdparams").write_bytes(b"")
    tuned = material.config(
        tmp_path, "det", in_words, pretrained_model=str(tmp_path / "w.pdparams")
    )
    assert found(report_on(tuned), "words-not-lines").level == WARN


def test_exif_against_boxes_is_mended_by_its_override(tmp_path: Path, report_on):
    from tests.doctor.test_kinds import CASES

    rows = [CASES["exif-against-boxes"][1](tmp_path)] * 3
    path = material.config(tmp_path, "det", rows)
    report = report_on(path)
    exif = found(report, "exif-against-boxes")
    assert exif.level == RUIN
    assert exif.overrides == tuple(
        f"{mode}.dataset.transforms.DecodeImage.ignore_orientation=true"
        for mode in ("Train", "Eval")
    )
    accepted(report)
    assert "exif-against-boxes" not in codes(report_on(path, *exif.overrides))


def test_classes(tmp_path: Path, report_on):
    rows = material.rows_of("cls", 10, tmp_path)
    one_class = [row.replace("\t180", "\t0") for row in rows]
    report = report_on(material.config(tmp_path, "cls", one_class, **CLASSES))
    assert found(report, "class-never-seen").level == STOP
    uneven = [*one_class[:9], rows[1]]
    report = report_on(material.config(tmp_path, "cls", uneven, **CLASSES))
    assert found(report, "unbalanced-classes").level == WARN


def test_the_page_stands_alone_and_runs_nothing(tmp_path: Path, report_on):
    rows = material.rows_of("rec", 3, tmp_path)
    rows += ["0.png\t<script>alert('it runs')</script>", "<img src=x onerror=alert(2)>.png\tab"]
    report = report_on(material.config(tmp_path, "rec", rows))
    page_path, numbers_path = pages.write(report, tmp_path / "report")
    html = page_path.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "src='http" not in html
    assert "data:image/jpeg;base64," in html
    assert "<svg" in html
    numbers = json.loads(numbers_path.read_text(encoding="utf-8"))
    assert numbers["exit_code"] == report.exit_code == 65
    assert [row["kind"] for row in numbers["rows"]] == ["text-too-long", "missing-file"]
    table = (tmp_path / "report" / pages.ROW_FILE).read_text(encoding="utf-8").splitlines()
    assert len(table) == 3


def test_gravest_first_then_by_gain(tmp_path: Path, report_on):
    rows = [*line_rows(tmp_path, 10, lambda n: "x" * 40 if n < 5 else "a b"), "gone.png\tab"]
    report = report_on(material.config(tmp_path, "rec", rows))
    weights = [one.weight for one in report.findings]
    assert weights == sorted(weights)
    assert report.findings[0].level == STOP
