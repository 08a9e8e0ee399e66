"""The error report of a recogniser: what is counted, what is asked to be looked at."""

from __future__ import annotations

import json

import pytest

from ppocr.metrics.each_model import DistillationMetric
from ppocr.metrics.rec import RecMetric
from ppocr.mistakes import report
from ppocr.mistakes.lines import LENGTHS, WIDTHS, Letters, Line, Lines, bin_name, kind_of
from tests.mistakes.material import loader, rec_batch

READ = [("cat", 0.99), ("cot", 0.97), ("", 0.0), ("c at", 0.5), ("catx", 0.6)]
TRUTHS = ["cat"] * 5


def watched(metric=None, read=READ, truths=TRUTHS):
    found = Lines(metric or RecMetric(ignore_space=False), 3.0)
    found.add(read, rec_batch(truths), loader())
    return found


def line(text, truth, score=0.5):
    return Line(0, "rec.txt:1", "", truth, text, truth, text, score, 4.0)


@pytest.mark.parametrize(
    ("text", "truth", "kind"),
    [
        ("", "abc", "nothing read"),
        ("ABC", "abc", "upper and lower case only"),
        ("a bc", "abc", "spaces only"),
        ("abc", "abcdef", "cut off"),
        ("zzzz", "abcd", "something else altogether"),
        ("abxd", "abcd", "one character"),
        ("S", "D", "one character"),
        ("abxyef", "abcdef", "two or three"),
        ("abcdwxyz", "abcdefgh", "many characters"),
    ],
)
def test_every_mistake_has_a_kind(text, truth, kind):
    assert kind_of(line(text, truth)) == kind


def test_confusions_come_from_the_shortest_way():
    letters = Letters(
        [line("cot", "cat"), line("cot", "cat"), line("ca", "cat"), line("catx", "cat")]
    )
    assert dict(letters.pairs) == {("a", "o"): 2, ("t", ""): 1, ("", "x"): 1}
    assert letters.share("a") == 0.5
    assert letters.share("c") == 1.0
    assert [one.label for one in letters.to_add()] == ["lines with a"]


def test_the_report_counts_what_the_metric_counts():
    metric = RecMetric(ignore_space=True)
    found = watched(metric).found()
    figures = metric.update(READ, TRUTHS)
    right = 1 - len(found.mistakes) / len(TRUTHS)
    assert right == pytest.approx(figures["acc"])


def test_a_sure_mistake_is_a_label_to_look_at():
    todo = [one for one in watched().found().todo if one.what == "relabel"]
    assert [(one.place, one.path, one.label, one.result) for one in todo] == [
        ("rec.txt:2", "img/1.png", "cat", "cot")
    ]


def test_what_was_read_is_shown_as_it_was_read():
    """A metric that compares without spaces must not make it look as if none had been read."""
    metric = RecMetric(ignore_space=True)
    found = watched(metric, [("on e tow", 0.95)], ["one two"]).found()
    assert [one.result for one in found.todo if one.what == "relabel"] == ["on e tow"]
    assert [one["read"] for one in found.mistakes] == ["on e tow"]
    (picture,) = found.chapters[-1].blocks[0].pictures
    assert "on e tow" in (picture.title, picture.wrong)


def test_the_worst_come_first_with_their_pictures():
    found = watched().found()
    shelf = found.chapters[-1].blocks[0]
    assert [one.place for one in shelf.pictures] == [
        "rec.txt:3", "rec.txt:2", "rec.txt:5", "rec.txt:4"
    ]  # fmt: skip
    assert all(one.uri.startswith("data:image/jpeg") for one in shelf.pictures)


def test_accuracy_by_length_width_and_score():
    chapters = {one.title: one.numbers for one in watched().found().chapters}
    shape = chapters["Length and width"]
    assert shape["Characters of the line"] == [{"name": "3 to 5", "samples": 5, "right": 0.2}]
    assert shape["Width of the image / height"] == [{"name": "4 to 6", "samples": 5, "right": 0.2}]
    sure = next(
        one for one in chapters["How much the score says"]["scores"] if one["drop_score"] == 0.95
    )
    assert sure == {"drop_score": 0.95, "lines": 2, "right": 0.5}


def test_a_distillation_is_reported_for_the_network_that_decides():
    metric = DistillationMetric(key="Student")
    results = [{"Teacher": ("dog", 0.9), "Student": ("cat", 0.9)}]
    found = watched(metric, results, ["cat"])
    assert found.lines[0].right


def test_bins_have_names():
    names = [bin_name(value, LENGTHS) for value in (0, 1, 2, 5, 200)]
    assert names == ["0", "1 to 2", "1 to 2", "3 to 5", "81 and more"]
    assert [bin_name(value, WIDTHS) for value in (0.5, 1.5, 40)] == [
        "0 to 1",
        "1 to 2",
        "32 and more",
    ]


def test_files_are_written_and_hostile_labels_stay_text(tmp_path):
    evil = "<script>alert(1)</script>\tx"
    watch = watched(read=[("<b>", 0.99)], truths=[evil])
    page = report.write(watch.found(), {"acc": 0.0}, "c.yml", "w<i>", tmp_path)
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<b><" not in html
    assert "w<i>" not in html
    assert "http" not in html.replace("http-equiv", "")
    numbers = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert numbers["metrics"] == {"acc": 0.0}
    assert numbers["mistakes"][0]["label"] == evil
    rows = (tmp_path / "relabel.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 2
    assert len(rows[1].split("\t")) == 6
    assert (tmp_path / "add.tsv").is_file()


def test_a_perfect_and_an_empty_evaluation_can_be_reported(tmp_path):
    for truths in (["cat"], []):
        watch = watched(read=[("cat", 0.9)] * len(truths), truths=truths)
        findings = watch.found()
        assert findings.mistakes == []
        assert findings.todo == []
        report.write(findings, {}, "c.yml", "", tmp_path)
