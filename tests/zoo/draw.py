"""Drawn images for every task, once per test run."""

from __future__ import annotations

from pathlib import Path

import cv2
import lmdb as environments
import numpy as np

from tests.data import sets
from tests.zoo.small import Data, few

PAGES, LINES, FEW = 4, 4, 2
PAGE_PX = 128
CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def draw(folder: Path) -> Data:
    """Return pages, lines, lines upside down and an LMDB of lines, all below ``folder``."""
    lines = sets.lines(folder / "lines", LINES)
    characters = folder / "characters.txt"
    characters.write_text("".join(f"{one}\n" for one in CHARACTERS), encoding="utf-8")
    pages, angles = sets.pages(folder / "pages", PAGES, PAGE_PX), _angles(folder / "angles", lines)
    for labels in (pages, lines, angles):
        rows = labels.read_text(encoding="utf-8").splitlines(keepends=True)
        few(labels).write_text("".join(rows[:FEW]), encoding="utf-8")
    lmdb = _environment(folder / "lmdb", lines)
    _environment(few(lmdb), few(lines))
    return Data(pages, lines, angles, lmdb, characters)


def _rows(labels: Path) -> list[tuple[Path, str]]:
    rows = (row.split("\t") for row in labels.read_text(encoding="utf-8").splitlines())
    return [(labels.parent / name, text) for name, text in rows]


def _angles(folder: Path, lines: Path) -> Path:
    """Return a label file of lines as they are and turned by 180 degrees."""
    folder.mkdir(parents=True)
    rows = []
    for number, (path, _) in enumerate(_rows(lines)):
        turned = number % 2 == 1
        image = cv2.imread(str(path))
        cv2.imwrite(str(folder / path.name), np.rot90(image, 2) if turned else image)
        rows.append(f"{path.name}\t{180 if turned else 0}\n")
    (folder / "rows.txt").write_text("".join(rows), encoding="utf-8")
    return folder / "rows.txt"


def _environment(folder: Path, lines: Path) -> Path:
    """Return a folder that is an LMDB of the lines."""
    folder.mkdir(parents=True)
    with environments.open(str(folder), map_size=1 << 24) as made, made.begin(write=True) as writer:
        rows = _rows(lines)
        for number, (path, text) in enumerate(rows, start=1):
            writer.put(b"image-%09d" % number, path.read_bytes())
            writer.put(b"label-%09d" % number, text.encode())
        writer.put(b"num-samples", str(len(rows)).encode())
    return folder
