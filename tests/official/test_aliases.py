"""Configs that stand under two names are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.config import read

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
ALIASES = {"rec/PP-OCRv5/mobile_rec.yml": "rec/PP-OCRv5/PP-OCRv5_mobile_rec.yml"}


@pytest.mark.parametrize(("alias", "real"), ALIASES.items())
def test_an_alias_says_what_the_real_one_says(alias, real):
    assert read(CONFIGS / alias)[0] == read(CONFIGS / real)[0]
