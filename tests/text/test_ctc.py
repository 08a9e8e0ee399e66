"""Encoding and decoding by CTC, against the plain way and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.text.charset import Charset
from ppocr.text.ctc import BLANK, CTCCodec
from ppocr.text.words import words_of


@pytest.fixture
def codec() -> CTCCodec:
    return CTCCodec(Charset.of("abcdef", use_space_char=True))


def plain_decode(codec: CTCCodec, ids, probs) -> tuple[str, float]:
    """One step after the other."""
    text, kept, before = "", [], BLANK
    for one, prob in zip(ids, probs, strict=True):
        if one not in (BLANK, before):
            text += codec.charset.characters[one - 1]
            kept.append(prob)
        before = one
    return text, float(np.mean(kept)) if kept else 0.0


def test_random_paths_decode_as_step_by_step(codec):
    random = np.random.default_rng(0)
    for steps in (1, 2, 25):
        ids_NT = random.integers(0, 4, size=(50, steps)).astype(np.int64)
        probs_NT = random.random((50, steps), dtype=np.float32)
        for (text, score), ids, probs in zip(
            codec.decode(ids_NT, probs_NT), ids_NT, probs_NT, strict=True
        ):
            wanted, wanted_score = plain_decode(codec, ids, probs)
            assert text == wanted
            assert score == pytest.approx(wanted_score, abs=1e-6)


def test_every_text_returns_from_a_path_with_blanks(codec):
    random = np.random.default_rng(1)
    for _ in range(100):
        text = "".join(random.choice(list("abcdef "), size=random.integers(1, 12)))
        path = []
        for one in codec.encode(text).ids:
            path += [BLANK] * random.integers(1, 3) + [one] * random.integers(1, 4)
        assert codec.decode(np.array([path]))[0] == (text, 1.0)


def test_decoding_leaves_its_input_alone(codec):
    ids_NT = np.array([[1, 1, 0, 2]])
    codec.decode(ids_NT, np.ones((1, 4), dtype=np.float32))
    assert ids_NT.tolist() == [[1, 1, 0, 2]]


def test_no_lines_and_no_steps_give_no_text(codec):
    assert codec.decode(np.zeros((0, 5), dtype=np.int64)) == []
    assert codec.decode(np.zeros((2, 0), dtype=np.int64)) == [("", 0.0)] * 2


def test_unknown_characters_are_told(codec):
    encoded = codec.encode("aXb")
    assert encoded.ids.tolist() == [1, 2]
    assert encoded.ids.dtype == np.int64
    assert encoded.unknown == ("X",)


def test_repeated_classes_of_a_label_are_real(codec):
    ids = codec.encode("aabb").ids
    assert codec.decode_labels([[*ids, 0, 0]]) == [("aabb", 1.0)]
    assert codec.decode(ids[None])[0][0] == "ab"


def test_right_to_left_text_is_turned_round():
    codec = CTCCodec(Charset.of("اب1", reverse=True))
    assert codec.decode(np.array([[1, 2, 3, 0, 3]]))[0][0] == "11با"


def test_the_best_path_has_the_probability_of_each_step(codec):
    random = np.random.default_rng(2)
    probs_NTC = random.random((3, 7, codec.num_classes), dtype=np.float32)
    ids_NT, probs_NT = codec.best_path(probs_NTC)
    np.testing.assert_array_equal(ids_NT, probs_NTC.argmax(axis=2))
    np.testing.assert_array_equal(probs_NT, probs_NTC.max(axis=2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ab cd", ["ab", "cd"]),
        ("3.14 x-y.", ["3.14", "x-y"]),
        ("中文ab", ["中文", "ab"]),
        ("a.b", ["a", "b"]),
        ("-a", ["a"]),
        ("!?", []),
        ("", []),
    ],
)
def test_words_of_a_line(text, words):
    found = words_of(text, range(len(text)))
    assert ["".join(word.characters) for word in found] == words
    assert all("".join(text[c] for c in word.columns) == "".join(word.characters) for word in found)
