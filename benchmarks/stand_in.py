"""Configs whose dictionary is not part of the project, with as many characters in its place."""

from __future__ import annotations

from pathlib import Path

from ppocr.config import Section, load
from ppocr.text import official
from ppocr.utils import files

MANY_LINES = 500  # of a dictionary whose size is not on record
FIRST_CHARACTER = 0x4E00


def config(path: Path, folder: Path) -> Section:
    """Return a config that can be built; a dictionary that is missing is written to ``folder``."""
    given = load(path)
    named = given["Global"].get("character_dict_path")
    if not named or (files.REPOSITORY / named).is_file():
        return given
    entry = official.find(named)
    lines = entry.lines if entry and entry.lines else MANY_LINES
    written = folder / "characters.txt"
    text = "".join(f"{chr(FIRST_CHARACTER + index)}\n" for index in range(lines))
    written.write_text(text, encoding="utf-8")
    return load(path, [f"Global.character_dict_path={written}"])
