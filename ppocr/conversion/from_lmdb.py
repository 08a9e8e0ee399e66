"""LMDB in the layout of recognition sets: ``image-%09d``, ``label-%09d``, ``num-samples``.

Labels that are lists of regions make pages. A ``name-%09d``, which our writer adds, gives each
image its name back; without it images are numbered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ppocr.conversion.from_ppocr import is_page_label
from ppocr.conversion.from_ppocrlabel import is_inside
from ppocr.conversion.page import Item, Line, Picture, Skip, Source
from ppocr.conversion.rows import page_of
from ppocr.conversion.safe import Input
from ppocr.data.lmdb_set import LMDBDataSet
from ppocr.transforms.base import Rejected
from ppocr.transforms.header import read_header

ENDINGS = {"jpeg": ".jpg", "tiff": ".tif"}


def read(given: Input) -> Source:
    """Return the samples of every LMDB in or below a folder, in its order."""
    found = LMDBDataSet(str(given.path), transforms=())
    return Source(_items(found, given), found.total)


def _items(found: LMDBDataSet, given: Input) -> Iterator[Item]:
    rng = np.random.default_rng(0)  # the order of reading has no chance in it
    for row in range(found.total):
        place = found.place(row)
        try:
            sample = found.read(row, rng)
            picture = Picture(_name(found, row, sample["image"], given), None, sample["image"])
            if is_page_label(sample["label"]):
                yield page_of(sample["label"], picture, place, given.difficult)
            else:
                yield Line(picture, sample["label"], place)
        except Rejected as error:
            yield Skip.of(error, place)


def _name(found: LMDBDataSet, row: int, content: bytes, given: Input) -> str:
    number, index = found.where(row)
    folder = found.folders[number]
    written = found.note(row, "name").decode("utf-8", "replace")
    if written and is_inside(written):
        return written
    header = read_header(content)
    kind = header.kind if header else "bin"
    below = folder.relative_to(given.path) if folder != given.path else Path()
    name = f"{index // 1000:06d}/{index + 1:09d}{ENDINGS.get(kind, f'.{kind}')}"
    return (below / name).as_posix()
