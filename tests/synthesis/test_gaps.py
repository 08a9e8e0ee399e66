"""Gaps: each character of the dictionary has been seen often enough in the end."""

from __future__ import annotations

from collections import Counter

import pytest

from ppocr.synthesis.gaps import _mixed
from ppocr.utils.exits import MissingInput
from tests.synthesis.drawing import SANS, plan


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "train.txt"
    rows = ["x.jpg\tabba abba"] * 30 + ["y.jpg\tcab c"] * 10 + ["no tab"]
    path.write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "dict.txt").write_text("\n".join("abcdéЖß中文"), encoding="utf-8")
    return tmp_path


def filled(folder, **gaps):
    text = {"dictionary": str(folder / "dict.txt"), "sources": [{"RandomCharacters": {}}]}
    return plan(
        Global={"number": 0},
        Text={**text, "lengths": [[2, 9, 1]]},
        Fonts={"files": [SANS]},
        Gaps={"labels": str(folder / "train.txt"), "at_least": 25, **gaps},
    )


def test_what_is_missing_is_counted_from_the_labels(labels):
    need = filled(labels).need
    assert need.missing == {"c": 25 - 20, "d": 25, "é": 25, "Ж": 25, "ß": 25}
    assert need.undrawable == ["中", "文"]
    assert need.before["a"] == 30 * 4 + 10
    assert need.texts == 40
    assert len(need.rejected) == 1


def test_every_character_is_drawn_as_often_as_it_lacks(labels):
    found = filled(labels, per_line=[1, 3])
    jobs = list(found)
    made = Counter(char for job in jobs for char in set(job.text))
    for char, missing in found.need.missing.items():
        assert made[char] >= missing
    assert not any(set(job.text) & set("中文") for job in jobs)
    assert all(1 <= len(job.text) <= 9 for job in jobs)
    assert len(jobs) == len(found)
    assert found.made.sources == {"Gaps": len(jobs)}


def test_more_of_them_in_a_line_need_fewer_lines(labels):
    assert len(filled(labels, per_line=[1, 1])) == 105
    assert len(filled(labels, per_line=[3, 3])) < 60


def test_they_stand_in_texts_of_the_sources_or_among_themselves(labels):
    alone = filled(labels, in_text=0.0, per_line=[2, 2])
    assert {len(job.text) for job in alone} <= {1, 2}
    within = [job.text for job in filled(labels, in_text=1.0, per_line=[1, 1])]
    assert sum(len(text) > 2 for text in within) > 80


def test_the_same_number_gives_the_same_line_in_any_order(labels):
    one, other = filled(labels), filled(labels)
    assert [other.job(number) for number in reversed(range(len(other)))] == list(one)[::-1]


def test_without_a_dictionary_the_labels_characters_are_meant(labels):
    found = plan(
        Global={"number": 3},
        Fonts={"files": [SANS]},
        Gaps={"labels": [str(labels / "train.txt")], "at_least": 22, "per_line": [1, 1]},
    )
    assert found.need.missing == {"c": 2}
    assert len(found) == 2 + 3


def test_capitals_count_for_a_dictionary_of_small_letters(tmp_path):
    (tmp_path / "train.txt").write_text("a.jpg\tAaBb\n", encoding="utf-8")
    found = filled_lower(tmp_path)
    assert found.need.before["a"] == 2
    assert "a" not in found.need.missing
    assert found.need.missing["c"] == 2


def filled_lower(folder):
    from dataclasses import replace

    from ppocr.synthesis import gaps
    from ppocr.text.charset import Charset

    found = plan(Gaps={"labels": str(folder / "train.txt"), "at_least": 2})
    found.supply.charset = replace(Charset.of("abc"), lower=True)
    found.need = gaps.find(found.settings.gaps, found.supply)
    return found


def test_a_missing_label_file_is_named():
    with pytest.raises(MissingInput, match=r"nowhere\.txt"):
        plan(Gaps={"labels": "nowhere.txt"})


def test_mixing_keeps_what_is_rare_and_makes_room_for_it():
    import numpy as np

    rng = np.random.default_rng(0)
    for _ in range(100):
        text = _mixed(rng, "common words", ("Ж", "é", "ß"), 8)
        assert set("Жéß") <= set(text)
        assert len(text) <= 8
    assert set(_mixed(rng, "", ("Ж", "é"), 1)) == {"Ж", "é"}
