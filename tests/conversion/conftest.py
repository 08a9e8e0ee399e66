"""Small pictures with known content, and one call for a whole conversion."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools import convert_data


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def picture(path: Path, width: int = 200, height: int = 120, seed: int = 0) -> Path:
    """Write a picture whose every region is told from every other; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (height // 4, width // 4, 3), np.uint8)
    image_HWC = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    good, data = cv2.imencode(path.suffix, image_HWC)
    assert good
    path.write_bytes(data.tobytes())
    return path


def turned_by_exif(path: Path, width: int = 200, height: int = 120, orientation: int = 6) -> Path:
    """Write a JPEG whose stored pixels EXIF turns; return its path."""
    content = picture(path, width, height).read_bytes()
    entry = b"\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + b"\0\0\0"
    exif = b"Exif\0\0II*\0\x08\0\0\0" + entry + b"\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(content[:2] + segment + content[2:])
    return path


def convert(source: str, target: str, given: Path, output: Path, *more: str) -> int:
    """Run the command in this process and return its status; errors are raised."""
    words = ["--from", source, "--to", target, "--input", str(given), "--output", str(output)]
    return convert_data.main([*words, "--quiet", *more])


def det_rows(folder: Path) -> dict[str, list[dict]]:
    """Return the pages of det.txt by name."""
    rows = (folder / "det.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return {row.split("\t")[0]: json.loads(row.split("\t")[1]) for row in rows}


def rec_rows(folder: Path) -> dict[str, str]:
    """Return the texts of rec.txt by name."""
    rows = (folder / "rec.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return {row.split("\t")[0]: row.split("\t")[1] for row in rows}


def skips(folder: Path) -> list[tuple[str, str, str]]:
    """Return what was left out: reason, place, detail."""
    rows = (folder / ".conversion/skipped.tsv").read_text(encoding="utf-8").split("\n")[:-1]
    return [tuple(row.split("\t")) for row in rows[1:]]
