"""Sources of texts, and what is refused of them."""

from __future__ import annotations

import json
import re
from collections import Counter

import numpy as np
import pytest

from ppocr.synthesis.supply import EMPTY, NO_FONT, TOO_LONG, UNKNOWN
from ppocr.synthesis.texts import Corpus, Invented, Patterns, RandomCharacters, cut
from ppocr.utils.exits import DataError, MissingInput
from tests.synthesis.drawing import SANS, plan

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_a_piece_is_made_of_whole_words_and_not_longer_than_wanted(rng):
    text = " ".join(WORDS)
    pieces = [cut(rng, text, int(rng.integers(5, 30))) for _ in range(300)]
    assert all(set(piece.split()) <= set(WORDS) for piece in pieces)
    assert len(set(pieces)) > 30
    for length in range(1, 40):
        assert 1 <= len(cut(rng, text, length)) <= length
        assert len(cut(rng, "abcdefghijklmnopqrstuvwxyz", length)) == min(length, 26)
    assert cut(rng, "  short ", 20) == "short"


def test_a_corpus_is_read_by_what_its_rows_are(tmp_path, rng):
    plain, lines, pages = (tmp_path / name for name in ("plain.txt", "rec.txt", "det.txt"))
    plain.write_text("alpha\n\nbeta\n", encoding="utf-8")
    lines.write_text("a/1.jpg\tgamma\nno tab here\na/2.jpg\tdelta\n", encoding="utf-8")
    boxes = [{"transcription": text, "points": []} for text in ("epsilon", "###")]
    pages.write_text(f"p.jpg\t{json.dumps(boxes)}\n", encoding="utf-8")
    one = Corpus([str(plain), str(lines), str(pages)])
    drawn = Counter(one.draw(rng, 20) for _ in range(400))
    assert set(drawn) == {"alpha", "beta", "gamma", "delta", "epsilon"}
    assert min(drawn.values()) > 30
    with pytest.raises(MissingInput, match=r"nothing\.txt"):
        Corpus([str(tmp_path / "nothing.txt")])
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(DataError, match=r"no texts in .*empty\.txt"):
        Corpus(str(tmp_path / "empty.txt"))


def test_patterns_are_filled_in_and_a_backslash_keeps_a_sign(rng):
    one = Patterns(["@@-###~?", r"\#\@ no. #"])
    drawn = [one.draw(rng, 5) for _ in range(100)]
    first = re.compile(r"[A-Z]{2}-\d{3}[a-z][A-Z0-9]")
    second = re.compile(r"#@ no\. \d")
    assert all(first.fullmatch(text) or second.fullmatch(text) for text in drawn)
    assert any(map(first.fullmatch, drawn))
    assert any(map(second.fullmatch, drawn))


def test_random_characters_are_equally_likely_and_never_end_in_a_space(rng):
    one = RandomCharacters("abcd", spaces=0.3)
    drawn = [one.draw(rng, 12) for _ in range(400)]
    assert all(text == " ".join(text.split()) for text in drawn)
    counts = Counter("".join(drawn).replace(" ", ""))
    assert max(counts.values()) < 1.2 * min(counts.values())
    assert any(" " in text for text in drawn)
    assert len(one.draw(rng, 1)) == 1


def test_invented_texts_have_words_and_figures_of_the_length_asked_for(rng):
    drawn = [Invented(numbers=0.5).draw(rng, 20) for _ in range(200)]
    assert all(1 <= len(text) <= 20 for text in drawn)
    assert sum(any(char.isdigit() for char in text) for text in drawn) > 100
    assert not any(char.isdigit() for _ in range(50) for char in Invented(0.0).draw(rng, 20))


def test_lengths_follow_their_shares():
    lengths = [[1, 2, 0.25], [10, 12, 0.75], [20, 25, 0]]
    supply = plan(Text={"sources": [{"Invented": {}}], "lengths": lengths}).supply
    rng = np.random.default_rng(1)
    drawn = [supply.length(rng) for _ in range(2000)]
    short = sum(length <= 2 for length in drawn) / 2000
    assert short == pytest.approx(0.25, abs=0.04)
    assert set(drawn) == {1, 2, 10, 11, 12}


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path):
    (tmp_path / "dict.txt").write_text("a\nb\n中\n", encoding="utf-8")
    text = {"sources": [{"Invented": {}}], "dictionary": str(tmp_path / "dict.txt")}
    supply = plan(Text=text, Fonts={"files": [SANS]}).supply
    for given in ("ab ba", "abz", "a中", "  ", "a\u200bb", "ab" * 20):
        supply.judge(given, 12)
    counts = supply.refused.counts
    assert counts == {UNKNOWN: 1, NO_FONT: 1, EMPTY: 2, TOO_LONG: 1}
    assert supply.refused.characters[UNKNOWN] == {"z": 1}
    assert supply.refused.characters[NO_FONT] == {"中": 1}
    assert supply.refused.examples[NO_FONT] == ["a中"]
    with pytest.raises(DataError, match="characters that the dictionary lacks"):
        supply.draw(np.random.default_rng(0))


def test_capitals_are_a_share_of_the_texts():
    text = {"sources": [{"Patterns": {"patterns": ["~~~~"]}}], "capitals": 0.3}
    found = plan(Text=text, Global={"number": 400})
    upper = sum(job.text.isupper() for job in found)
    assert 80 < upper < 160
