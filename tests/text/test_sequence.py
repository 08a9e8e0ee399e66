"""Labels between a start and an end mark: attention, SAR, NRTR."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.text.attention import AttentionCodec
from ppocr.text.charset import Charset, without_symbols
from ppocr.text.codecs import CODECS, class_counts
from ppocr.text.nrtr import NRTRCodec
from ppocr.text.sar import SARCodec
from ppocr.text.sequence import SequenceCodec

ALL = (AttentionCodec, SARCodec, NRTRCodec)
LETTERS = Charset.of("abcdef", use_space_char=True)


@pytest.fixture(params=ALL, ids=lambda one: one.__name__)
def codec(request) -> SequenceCodec:
    return request.param(LETTERS)


def test_every_text_returns_from_its_label(codec):
    random = np.random.default_rng(0)
    for _ in range(100):
        text = "".join(random.choice(list("abcdef "), size=random.integers(1, 12)))
        ids, unknown = codec.encode(text)
        assert not unknown
        assert len(ids) == len(text) + codec.marks
        assert codec.decode_labels(codec.padded(ids, 20)[None]) == [(text, 1.0)]
        assert codec.decode(ids[None, 1:]) == [(text, 1.0)]  # a network writes no start mark


def test_unknown_characters_are_left_out_and_named(codec):
    ids, unknown = codec.encode("a€b中")
    assert unknown == ("€", "中")
    assert codec.decode_labels(ids[None]) == [("ab", 1.0)]


def test_classes_name_every_class_once(codec):
    assert len(codec.classes) == codec.num_classes == len(set(codec.classes))
    for name, place in codec.specials.items():
        assert codec.classes[place] == name
    assert {codec.start, codec.end, codec.padding} <= set(codec.specials.values())
    ids = codec.encode("ab f").ids
    assert "".join(codec.classes[one] for one in ids[1:-1]) == "ab f"


def test_confidence_is_the_mean_of_the_steps_that_gave_a_character(codec):
    ids = np.array([[*codec.encode("ab").ids[1:], codec.padding]])
    probs = np.array([[0.5, 0.7, 0.1, 0.2]])
    assert codec.decode(ids, probs) == [("ab", pytest.approx(0.6))]
    nothing = np.full((2, 3), codec.end)
    assert codec.decode(nothing, np.ones((2, 3))) == [("", 0.0), ("", 0.0)]


def test_after_the_end_mark_nothing_is_read_unless_asked_to():
    for codec in (SARCodec(LETTERS), NRTRCodec(LETTERS), AttentionCodec(LETTERS, stop_at_end=True)):
        a, b = codec.encode("ab").ids[1:-1]
        assert codec.decode(np.array([[a, codec.end, b, b]])) == [("a", 1.0)]
    codec = AttentionCodec(LETTERS)
    a, b = codec.encode("ab").ids[1:-1]
    assert codec.decode(np.array([[a, codec.end, b, b]])) == [("abb", 1.0)]
    assert codec.decode_labels(np.array([[0, a, codec.end, b]])) == [("a", 1.0)]


def test_a_class_for_unknown_is_shown_and_other_marks_are_not():
    nrtr, sar = NRTRCodec(LETTERS), SARCodec(LETTERS)
    a = nrtr.encode("a").ids[1]
    assert nrtr.decode(np.array([[2, a, 1, 0, a, 3]])) == [("a<unk>a", 1.0)]
    assert sar.decode(np.array([[0, 7, 9, 0, 8]])) == [("a<UKN>a", 1.0)]


def test_a_class_that_nothing_stands_for_gives_nothing():
    codec = NRTRCodec(LETTERS)
    a = codec.encode("a").ids[1]
    assert codec.decode(np.array([[a, codec.num_classes, a, -1]])) == [("aa", 1.0)]


def test_right_to_left_text_is_turned_round(codec):
    turned = type(codec)(Charset.of("اب1", reverse=True))
    label = turned.encode("با").ids
    assert turned.decode(label[None, 1:]) == [("اب", 1.0)]


def test_symbols_are_taken_from_both_sides():
    codec = SARCodec(Charset(tuple("aB*^中"), letters_only=True))
    ids = codec.encode("a*B^中").ids
    assert codec.decode(ids[None, 1:]) == [("ab中", 1.0)]
    assert codec.charset.comparable("a*B^中 é") == "ab中"
    assert without_symbols("(Ab-1) 中。") == "ab1中"


def test_a_label_that_does_not_fit_is_refused(codec):
    with pytest.raises(ValueError, match="5 classes do not fit into 4"):
        codec.padded(codec.encode("abc").ids, 4)


def test_each_decoder_counts_its_own_classes():
    counts = class_counts(LETTERS)
    assert set(counts) == set(CODECS)
    beyond = {name: count - len(LETTERS) for name, count in counts.items()}
    assert beyond == {
        "CTCLabelDecode": 1,
        "AttnLabelDecode": 2,
        "SARLabelDecode": 3,
        "NRTRLabelDecode": 4,
    }
