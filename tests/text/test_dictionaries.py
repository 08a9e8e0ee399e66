"""What is said of a dictionary file, how two differ and how they are joined."""

from __future__ import annotations

import pytest

from ppocr.text.dictionaries import coverage, difference, merge, origin, remarks
from ppocr.text.rules import RULES, content


def _said(data: bytes) -> list[tuple[int, str, bool]]:
    return [(one.line, one.what, one.is_error) for one in remarks(data)]


@pytest.mark.parametrize(
    ("data", "line", "words", "is_error"),
    [
        (b"a\n\nb\n", 2, "blank line", True),
        (b"a\nb\na\n", 3, "'a' is already on line 1", True),
        (b"a\n\xc0\nb\n", 2, "byte 1 of the line is not UTF-8", True),
        ("a\n中文\n".encode("gb18030"), 2, "perhaps gb18030", True),
        (b"\xff\xfea\0\n\0", 1, "UTF-16", True),
        (b"", 1, "empty", True),
        (b"\xef\xbb\xbfa\n", 1, "byte order mark", False),
        (b"a\nb\r\nc\r\n", 2, "2 of 3 lines end in CR LF", False),
        (b"a\nb \n", 2, "spaces around 'b'", False),
        (b"a\n\tb\n", 2, "spaces around 'b'", False),
        ("a\n\u3000\n".encode(), 2, "ideographic space U+3000: a character like any other", False),
        ("a\n\u200b\n".encode(), 2, "U+200B has no picture", False),
        ("e\u0301\n".encode(), 1, "a letter and a mark", False),
        (b"<td>\n", 1, "4 characters: one class", False),
        ("A\nＡ\n".encode(), 2, "'Ａ' looks like 'A' of line 1", False),
    ],
)
def test_each_problem_has_its_line(data: bytes, line: int, words: str, is_error: bool) -> None:
    (found,) = [one for one in _said(data) if words in one[1]]
    assert (found[0], found[2]) == (line, is_error)


def test_a_clean_dictionary_gets_no_remark() -> None:
    assert remarks("a\n \n中\n".encode()) == []


def test_all_errors_are_listed_in_order() -> None:
    assert [line for line, _, _ in _said(b"a\na\n\n\xff\nb\n\n")] == [2, 3, 4, 6]


def test_difference_counts_kept_new_dropped_and_moved() -> None:
    change = difference("abc", "xcab")
    assert (change.kept, change.new, change.dropped, change.moved) == (3, ("x",), (), 3)
    assert str(difference("ab", "b ")) == "classes: 1 kept, 1 (space) new, 1 (a) dropped"


def test_of_two_spaces_the_last_is_the_one_that_was_trained() -> None:
    change = difference("a  ", "a ")
    assert (change.kept, change.dropped) == (2, (" ",))


def test_merge_keeps_the_lines_of_the_first() -> None:
    assert merge("cab", "abxy", "yz") == tuple("cabxyz")


def test_coverage_counts_occurrences() -> None:
    covered, unknown = coverage({"a": 5, "b": 2, "c": 3}, "a")
    assert covered == 5
    assert list(unknown.items()) == [("c", 3), ("b", 2)]


def test_an_official_file_is_known_wherever_it_lies() -> None:
    entry = origin(content(RULES["ppocr/utils/dict/kazakh_dict.txt"]))
    assert entry is not None
    assert entry.lines == 42
    assert origin(b"a\n") is None
