"""Fonts: which can draw what, which are left out, how one is chosen."""

from __future__ import annotations

import shutil
from collections import Counter

import numpy as np
import pytest

from ppocr.synthesis.typefaces import FontSet, FontSettings
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.fonts import Font, needs_shaping, with_matplotlib
from tests.synthesis.drawing import SANS, SERIF, stand_in

MONO = str(with_matplotlib("DejaVuSansMono.ttf"))
STIX = str(with_matplotlib("STIXGeneral.ttf"))


def fonts(*files: str, **more) -> FontSet:
    return FontSet.of(FontSettings(files=list(files), **more))


def test_only_fonts_with_all_characters_are_able():
    found = fonts(SANS, STIX)
    assert found.able("Total 12.50") == 0b11
    assert found.able("سلام") & 0b01  # DejaVu Sans has Arabic
    assert found.able("中") == 0
    assert found.undrawable("a中b文a") == ["中", "文"]
    assert found.able("a\u200bb") == 0  # has a glyph, but no ink


def test_a_font_is_taken_by_its_weight_among_the_able_ones():
    found = fonts(SANS, SERIF, MONO, weights={"*serif*": 3, "*Mono*": 0.5})
    rng = np.random.default_rng(0)
    counts = Counter(found.faces[found.pick(rng, 0b111)].name for _ in range(3000))
    assert counts["DejaVuSerif"] / 3000 == pytest.approx(3 / 4.5, abs=0.04)
    assert counts["DejaVuSansMono"] / 3000 == pytest.approx(0.5 / 4.5, abs=0.04)
    assert {found.pick(rng, 0b100) for _ in range(20)} == {2}


def test_what_would_teach_nonsense_is_left_out_and_named(tmp_path):
    stand_in(tmp_path)
    for name in ("DejaVuSans", "cmex10", "STIXSizOneSymReg"):
        shutil.copy(with_matplotlib(f"{name}.ttf"), tmp_path)
    (tmp_path / "broken.ttf").write_bytes(b"\0\1\0\0 nothing")
    (tmp_path / "readme.txt").write_text("no font")
    found = FontSet.of(FontSettings(folders=str(tmp_path), weights={"cmex*": 0}))
    assert [one.name for one in found.faces] == ["DejaVuSans"]
    assert "stand-in" in found.left_out["StandIn.ttf"]
    assert "not a font" in found.left_out["broken.ttf"]
    assert found.left_out["cmex10.ttf"] == "weight 0"
    assert "readme.txt" not in found.left_out


def test_missing_folders_and_files_are_named(tmp_path):
    with pytest.raises(MissingInput, match=r"no such folder: .*nowhere"):
        FontSet.of(FontSettings(folders=str(tmp_path / "nowhere")))
    with pytest.raises(MissingInput, match="no font"):
        FontSet.of(FontSettings(folders=str(tmp_path)))
    with pytest.raises(MissingInput, match=r"no such file: .*x\.ttf"):
        fonts(str(tmp_path / "x.ttf"))
    with pytest.raises(DataError, match="weight 0"):
        fonts(SANS, weights={"*": 0})


def test_without_fonts_of_ones_own_there_are_some():
    found = FontSet.of(FontSettings())
    assert len(found.faces) >= 10
    assert not found.left_out
    assert len(FontSet.of(FontSettings(files=[SANS], with_usual=True)).faces) >= 10


def test_scripts_that_need_shaping_are_told_from_others():
    assert needs_shaping("شكرا")
    assert needs_shaping("हिन्दी")
    assert not any(map(needs_shaping, ("plain", "Ünïcode", "中文", "Привет")))


def test_without_libraqm_such_texts_are_not_drawn():
    found = fonts(SANS)
    assert found.able("سلام")
    without = fonts(SANS)
    without.can_shape = False
    assert not without.able("سلام")
    assert without.able("Total")


def test_a_font_knows_what_it_lacks_and_what_it_leaves_blank(tmp_path):
    font = Font(with_matplotlib("DejaVuSans.ttf"), basic=True)
    assert font.lacks("aß中A") == "中"
    assert font.leaves_blank("\u200b")
    assert not font.leaves_blank(".")
    assert not font.only_stands_in()
    assert Font(stand_in(tmp_path)).only_stands_in()
