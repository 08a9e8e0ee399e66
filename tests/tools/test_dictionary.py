"""tools/dictionary.py as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr.utils import exits
from tools import dictionary


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> tuple[int, str]:
        status = exits.run(dictionary.main, argv)
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


def _labels(folder: Path) -> None:
    (folder / "rec.txt").write_text("a.jpg\tBAD\nb.jpg\tA CAFE\nc.jpg no tab\n", encoding="utf-8")
    boxes = [
        {"transcription": text, "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}
        for text in ("ÉD", "###")
    ]
    row = f"p.jpg\t{json.dumps(boxes, ensure_ascii=False)}\n"
    (folder / "det.txt").write_text(row, encoding="utf-8")


def test_build_counts_and_reports(call, tmp_path: Path) -> None:
    _labels(tmp_path)
    status, told = call("build", "rec.txt", "det.txt", "--output", "d.txt", "--report", "n.tsv")
    assert status == 0
    assert (tmp_path / "d.txt").read_text(encoding="utf-8").split("\n") == [*"ABCDEFÉ", ""]
    assert "3 texts, 11 characters, 8 different" in told
    assert "rec.txt:3" in told  # the row that was left out
    assert "use_space_char: true" in told
    rows = (tmp_path / "n.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[1] == "A\tU+0041\tLATIN CAPITAL LETTER A\t3\tTrue\trec.txt:1"


def test_build_extends_a_dictionary_at_its_end(call, tmp_path: Path) -> None:
    _labels(tmp_path)
    (tmp_path / "old.txt").write_text("Z\nA\n", encoding="utf-8")
    argv = ("build", "rec.txt", "--output", "d.txt", "--base", "old.txt", "--min-count", "2")
    status, told = call(*argv)
    assert status == 0
    assert (tmp_path / "d.txt").read_text(encoding="utf-8") == "Z\nA\n"
    assert "left out, seen less than 2 times: 5: " in told
    assert call(*argv)[0] == 73  # nothing is replaced unasked


def test_build_names_what_is_probably_not_meant(call, tmp_path: Path) -> None:
    (tmp_path / "rec.txt").write_text("a.jpg\tA\u200bＡ\n", encoding="utf-8")
    status, told = call("build", "rec.txt", "--output", "d.txt")
    assert status == 0
    assert "d.txt:2: note: U+200B" in told
    assert "d.txt:3: note: 'Ａ' looks like 'A'" in told


def test_check_names_file_and_line(call, tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_bytes("a\n\nb\na\n\u3000\n".encode())
    status, told = call("check", "d.txt")
    assert status == 65
    assert "d.txt:2: error: blank line" in told
    assert "d.txt:4: error: 'a' is already on line 1" in told
    assert "d.txt:5: note: ideographic space" in told


def test_check_says_what_a_corpus_needs(call, tmp_path: Path) -> None:
    _labels(tmp_path)
    (tmp_path / "d.txt").write_text("A\nB\nC\nE\n", encoding="utf-8")
    status, told = call("check", "d.txt", "--corpus", "rec.txt")
    assert status == 0
    assert "coverage: 7 of 9 characters (77.78 %)" in told
    assert "not in d.txt: D U+0044 x 1, first rec.txt:1" in told
    assert "use_space_char has to be true" in told


def test_a_file_of_an_official_name_with_other_content_is_told(call, tmp_path: Path) -> None:
    path = tmp_path / "ppocr/utils/dict/kazakh_dict.txt"
    path.parent.mkdir(parents=True)
    path.write_text("a\n", encoding="utf-8")
    status, told = call("check", str(path))
    assert "NOT the official file of this name: 1 lines instead of 42" in told
    assert status == 0


def test_diff_says_what_becomes_of_a_model(call, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("a\nb\nc\n", encoding="utf-8")
    (tmp_path / "new.txt").write_text("c\na\nx\n", encoding="utf-8")
    status, told = call("diff", "old.txt", "new.txt")
    assert status == 0
    assert "classes: 2 kept, 1 (x) new, 1 (b) dropped" in told
    assert "Global.pretrained_character_dict_path=old.txt" in told


def test_merge_keeps_the_order_of_the_first(call, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("c\na\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("a\nb\n", encoding="utf-8")
    assert call("merge", "old.txt", "more.txt", "--output", "new.txt")[0] == 0
    assert (tmp_path / "new.txt").read_text(encoding="utf-8") == "c\na\nb\n"


def test_get_and_list_know_the_official_ones(call, tmp_path: Path) -> None:
    status, told = call("get", "kazakh_dict", "--output", "k.txt")
    assert status == 0
    assert "42 lines" in told
    assert "SHA-256 are those of the official file" in told
    status, told = call("get", "kazakh")
    assert status == 2
    assert "did you mean kazakh_dict" in told
    status, told = call("list")
    assert "6623 ppocr_keys_v1" in told
