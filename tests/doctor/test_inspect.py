"""What the doctor finds, and that what it recommends is accepted and helps."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
import yaml

from ppocr.config import load
from ppocr.doctor import report as pages
from ppocr.doctor.findings import NOTE, RUIN, STOP, WARN
from ppocr.utils.files import find_file
from tests.doctor import material
from tests.doctor.material import page, region
from tools import check_config, dictionary

CLASSES = {"label_list": ["0", "180"]}


def found(report, code: str):
    """Return the finding of a code; there must be exactly one."""
    matching = [one for one in report.findings if one.code == code]
    assert len(matching) == 1, [one.code for one in report.findings]
    return matching[0]


def codes(report) -> set[str]:
    return {one.code for one in report.findings}


def accepted(report) -> None:
    """Fail unless tools/check_config.py takes everything that is recommended, together."""
    overrides = [one for finding in report.findings for one in finding.overrides]
    assert overrides
    assert check_config.main([report.case.path, "-o", *report.case.overrides, *overrides]) == 0


def line_rows(root: Path, count: int, text, width=lambda n: 96, first: int = 0) -> list[str]:
    rows = []
    for number in range(first, first + count):
        material.save(root / f"{number}.png", width(number), 32, number)
        rows.append(f"{number}.png\t{text(number)}")
    return rows


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


def test_long_lines_are_counted_and_length_and_width_recommended(tmp_path: Path, report_on):
    def text(n):
        return "abcdefgh" * 4 if n % 20 < 3 else "abcdefgh"

    rows = line_rows(tmp_path, 40, text, lambda n: 400 if n % 20 < 3 else 80)
    path = material.config(tmp_path, "rec", rows)
    report = report_on(path)
    long = found(report, "text-too-long")
    assert (long.level, long.gain) == (RUIN, 0.15)
    assert "15 %" in long.title
    assert long.overrides == ("Global.max_text_length=35",)
    wide = found(report, "line-too-wide")
    assert wide.overrides == tuple(
        f"{mode}.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]"
        for mode in ("Train", "Eval")
    )
    assert report.exit_code == 65
    accepted(report)
    again = report_on(path, *long.overrides, *wide.overrides)
    assert again.fit
    assert not codes(again) & {"text-too-long", "line-too-wide", "no-ctc-path"}


def test_ctc_needs_a_step_between_equal_characters(tmp_path: Path, report_on):
    # 100 pixels are 25 steps: 20 equal characters need 39, 20 different ones 20
    same = line_rows(tmp_path, 8, lambda n: "aaaaaaaaaaaaaaaaaaaa")
    other = line_rows(tmp_path, 8, lambda n: "abababababababababab", first=8)
    report = report_on(material.config(tmp_path, "rec", [*same, *other]))
    numbers = report.numbers()["chapters"]["Length and width of the lines"]["ctc"]
    assert numbers["time_steps"] == 25
    assert numbers["without_path"] == 8
    short = found(report, "no-ctc-path")
    assert (short.level, short.gain) == (RUIN, 0.5)
    accepted(report)
    assert "no-ctc-path" not in codes(report_on(Path(report.case.path), *short.overrides))


def test_a_dictionary_with_the_missing_characters_is_written(tmp_path: Path, report_on):
    rows = line_rows(tmp_path, 10, lambda n: "5 €" if n < 3 else "５00")
    report = report_on(material.config(tmp_path, "rec", rows))
    unknown = found(report, "unknown-characters")
    assert unknown.level == RUIN
    assert unknown.gain == 1.0
    (override,) = unknown.overrides
    lines = Path(override.partition("=")[2]).read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["５", "€"], "the most frequent first, behind what was there"
    accepted(report)
    assert "unknown-characters" not in codes(report_on(Path(report.case.path), override))
    html = pages.render(report)
    assert "euro sign" in html
    assert "U+FF15" in html


def test_space_and_rare_characters(tmp_path: Path, report_on):
    report = report_on(material.config(tmp_path, "rec", line_rows(tmp_path, 10, lambda n: "ab")))
    assert found(report, "space-never-seen").level == WARN
    (command,) = found(report, "rare-characters").commands
    words = shlex.split(command)
    assert dictionary.main(words[2:]) == 0
    assert {"a", "b"} <= set(Path(words[-1]).read_text().split())
    numbers = report.numbers()["chapters"]["Characters"]["coverage"]
    assert numbers["rare"] == {"a": 10, "b": 10}
    assert len(numbers["never"]) == numbers["dictionary"] - 2
    assert numbers["lacking_samples"] == 2 * 190 + len(numbers["never"]) * 200
    spaced = report_on(material.config(tmp_path, "rec", line_rows(tmp_path, 4, lambda n: "a b")))
    assert "space-never-seen" not in codes(spaced)


def test_lines_for_rare_characters_are_drawn_by_a_command(tmp_path: Path, report_on):
    everything = "".join(map(chr, range(33, 127)))
    rows = line_rows(tmp_path, 6, lambda n: everything[16 * n : 16 * n + 16])
    (command,) = found(
        report_on(material.config(tmp_path, "rec", rows)), "rare-characters"
    ).commands
    words = shlex.split(command)
    assert words[:2] == ["python", "tools/synthesize.py"]
    settings = words[words.index("-o") + 1 :]
    config = load(find_file(words[words.index("-c") + 1]), settings)
    assert config["Gaps"]["labels"] == [str(tmp_path / "train.txt")]
    assert config["Text"]["dictionary"] == "ppocr/utils/en_dict.txt"


def test_width_and_length_are_recommended_for_each_other(tmp_path: Path, report_on):
    """A longer text needs more time steps: the width reckons with the lines the length lets in."""
    rows = line_rows(tmp_path, 10, lambda n: "abcdefgh" * 4 + "ab" if n < 2 else "ab")
    report = report_on(material.config(tmp_path, "rec", rows))
    assert found(report, "text-too-long").overrides == ("Global.max_text_length=35",)
    short = found(report, "no-ctc-path")
    assert short.level == RUIN
    recommended = [one for finding in report.findings for one in finding.overrides]
    assert report_on(Path(report.case.path), *recommended).fit


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


def test_a_set_in_several_shapes(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", line_rows(tmp_path, 8, str, lambda n: 400))
    content = yaml.safe_load(path.read_text())
    content["Train"]["dataset"]["name"] = "MultiScaleDataSet"
    steps = content["Train"]["dataset"]["transforms"]
    content["Train"]["dataset"]["transforms"] = [one for one in steps if "RecResizeImg" not in one]
    content["Train"]["sampler"] = {
        "name": "MultiScaleSampler",
        "scales": [[128, 32], [128, 48]],
        "first_bs": 2,
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    report = report_on(path)
    wide = found(report, "line-too-wide")
    assert wide.overrides[-1] == "Train.sampler.scales=[[320, 32], [320, 48]]"
    accepted(report)


def test_the_width_is_set_wherever_it_stands(tmp_path: Path, report_on):
    path = material.config(tmp_path, "rec", line_rows(tmp_path, 8, str, lambda n: 400))
    content = yaml.safe_load(path.read_text())
    steps = content["Train"]["dataset"]["transforms"]
    join = {"prob": 0.5, "ext_data_num": 1, "image_shape": [32, 100, 3], "max_text_length": 25}
    steps.insert(1, {"RecConAug": join})
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    report = report_on(path)
    assert found(report, "line-too-wide").overrides == (
        "Train.dataset.transforms.RecConAug.image_shape=[32, 320, 3]",
        "Train.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]",
        "Eval.dataset.transforms.RecResizeImg.image_shape=[3, 32, 320]",
    )
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
