"""Dictionaries: what is read, what is refused, what is said."""

from __future__ import annotations

import hashlib
import pickle

import pytest

from ppocr.text import official
from ppocr.text.charset import (
    Charset,
    charset_of,
    is_right_to_left,
    read_dictionary,
    turn_round,
)
from ppocr.text.rules import RULES
from ppocr.text.rules import content as rule_content
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.files import REPOSITORY

IDEOGRAPHIC_SPACE = "\u3000"


@pytest.fixture
def write(tmp_path):
    def written(content: bytes, name: str = "dict.txt") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return written


def test_only_the_line_end_is_taken_off(write):
    lines = ("a", " ", IDEOGRAPHIC_SPACE, "\u2028", "\x0b", "\x85", "\t", "\u00a0", "é")
    path = write("".join(f"{line}\n" for line in lines).encode())
    assert read_dictionary(path) == lines


@pytest.mark.parametrize("content", [b"a\nb\n", b"a\nb", b"a\r\nb\r\n", b"\xef\xbb\xbfa\r\nb"])
def test_line_ends_and_byte_order_mark_are_not_characters(write, content):
    assert read_dictionary(write(content)) == ("a", "b")


def test_a_byte_order_mark_further_on_is_a_character(write):
    assert read_dictionary(write(b"a\n\xef\xbb\xbf\n")) == ("a", "\ufeff")


def test_blank_and_repeated_lines_are_listed_with_their_places(write):
    path = write(b"a\n\nb\na\n")
    with pytest.raises(DataError) as caught:
        read_dictionary(path)
    first, second, hint = str(caught.value).splitlines()
    assert "character_dict" in hint
    assert first.startswith(f"{path}:2: blank line")
    assert second == f"{path}:4: 'a' is already on line 1"


def test_a_long_list_of_problems_is_cut(write):
    path = write(b"a\n" * 100)
    with pytest.raises(DataError) as caught:
        read_dictionary(path)
    said = str(caught.value).splitlines()
    assert len(said) == 12
    assert said[10] == "... and 89 more"


def test_a_line_that_is_not_utf8_is_named(write):
    path = write("a\nä\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"dict\.txt:2: not UTF-8"):
        read_dictionary(path)


def test_an_empty_dictionary_is_refused(write):
    with pytest.raises(DataError, match="empty"):
        read_dictionary(write(b""))


def test_a_missing_official_dictionary_says_how_to_get_it():
    with pytest.raises(MissingInput) as caught:
        read_dictionary("./ppocr/utils/ppocr_keys_v1.txt")
    command = "python tools/dictionary.py get ppocr_keys_v1"
    for part in ("./ppocr/utils/ppocr_keys_v1.txt", "6623 lines", "inference.yml", command):
        assert part in str(caught.value)


def test_a_missing_dictionary_of_ones_own_is_named():
    with pytest.raises(MissingInput, match=r"no such dictionary: my/dict\.txt"):
        read_dictionary("my/dict.txt")


SHIPPED = [entry for entry in official.ENTRIES if (REPOSITORY / entry.path).is_file()]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.path)
def test_shipped_dictionaries_are_the_official_ones(entry):
    content = (REPOSITORY / entry.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry.sha256
    assert len(content) == entry.bytes
    assert len(read_dictionary(entry.path)) == entry.lines
    assert official.by_sha256(entry.sha256).lines == entry.lines


@pytest.mark.parametrize("path", RULES)
def test_the_dictionaries_that_follow_a_rule_are_shipped(path):
    entry = official.find(path)
    content = rule_content(RULES[path])
    assert hashlib.sha256(content).hexdigest() == entry.sha256
    assert (REPOSITORY / path).read_bytes() == content


def test_two_files_of_one_name_are_told_apart():
    assert official.find("/anywhere/ppocr/utils/dict/en_dict.txt").lines == 63
    assert official.find("/anywhere/ppocr/utils/en_dict.txt").lines == 95
    assert official.find("mine/en_dict.txt") is None


def test_a_second_space_is_added_and_the_later_one_is_written():
    charset = Charset.read("ppocr/utils/en_dict.txt", use_space_char=True)
    assert len(charset) == 96
    assert charset.characters[-2:] == (" ", " ")
    assert charset.split("a b") == ([49, 95, 50], [])
    assert len(charset.lines) == 95


def test_without_a_dictionary_there_are_36_small_characters():
    charset = Charset.read(None, use_space_char=True)
    assert (len(charset), charset.lower, charset.space_added) == (36, True, False)
    assert charset.split("Ab 9") == ([10, 11, 9], [" "])


def test_unknown_characters_are_returned_not_lost():
    charset = Charset.of("abc")
    assert charset.split("axbyy") == ([0, 1], ["x", "y", "y"])
    assert charset.known("axbyy") == "ab"


def test_entries_of_several_characters_are_written_before_their_parts():
    charset = Charset.of(["s", "h", "sh", "c", "sch"])
    assert charset.split("schshs") == ([4, 2, 0], [])
    assert charset.split("xsh") == ([2], ["x"])


@pytest.mark.parametrize("use_space_char", [False, True])
@pytest.mark.parametrize("path", [None, "ppocr/utils/en_dict.txt", "ppocr/utils/ic15_dict.txt"])
def test_settings_make_the_same_set_without_a_file(path, use_space_char):
    charset = charset_of(path, use_space_char)
    assert charset_of(None, **charset.settings()) == charset


def test_direction_is_decided_by_the_path_once_and_then_stored(write):
    path = write("ا\nب\n".encode(), "arabic_dict.txt")
    charset = Charset.read(path)
    assert charset.reverse
    assert charset_of(None, **charset.settings()).reverse
    assert not Charset.read(path, reverse=False).reverse
    assert not is_right_to_left("ppocr/utils/en_dict.txt")
    assert not is_right_to_left(None)


def test_turning_round_keeps_latin_runs():
    assert turn_round("ابج") == "جبا"
    assert turn_round("اب12.5ج") == "ج12.5با"
    assert turn_round("") == ""


@pytest.mark.parametrize("text", ["ابج", "اب12.5ج", "abc", "ا b2 ج"])
def test_turning_round_twice_changes_nothing(text):
    assert turn_round(turn_round(text)) == text


def test_truths_are_compared_as_the_decoder_writes():
    assert Charset.read(None).comparable("Ab€") == "ab€"
    assert Charset.of("اب", reverse=True).comparable("اب") == "با"
    assert Charset.of("ab").comparable("AB ") == "AB "


def test_a_set_travels_to_workers():
    charset = Charset.of("abc", use_space_char=True)
    assert charset.index["c"] == 2
    assert pickle.loads(pickle.dumps(charset)) == charset
