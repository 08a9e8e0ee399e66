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
    taken: set[str] = set()
    rng = np.random.default_rng(0)  # the order of reading has no chance in it
    for row in range(found.total):
        place = found.place(row)
        try:
            sample = found.read(row, rng)
            name = _name(found, row, sample["image"], given, taken)
            picture = Picture(name, None, sample["image"])
            if is_page_label(sample["label"]):
                yield page_of(sample["label"], picture, place, given.difficult)
            else:
                yield Line(picture, sample["label"], place)
        except Rejected as error:
            yield Skip.of(error, place)


def _name(found: LMDBDataSet, row: int, content: bytes, given: Input, taken: set[str]) -> str:
    """Return the name that is stored with a sample, else its number; none is given out twice."""
    number, index = found.where(row)
    folder = found.folders[number]
    below = folder.relative_to(given.path) if len(found.folders) > 1 else Path()
    written = found.note(row, "name").decode("utf-8", "replace")
    name = (below / written).as_posix()
    if not written or not is_inside(written) or name in taken:
        header = read_header(content)
        kind = header.kind if header else "bin"
        ending = ENDINGS.get(kind, f".{kind}")
        name = (below / f"{index // 1000:06d}/{index + 1:09d}{ending}").as_posix()
    taken.add(name)
    return name
