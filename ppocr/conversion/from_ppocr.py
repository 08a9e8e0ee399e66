"""PaddleOCR label files: ``image<TAB>JSON`` for pages, ``image<TAB>text`` for lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ppocr.conversion.page import Item, Line, Skip, Source
from ppocr.conversion.rows import page_of
from ppocr.conversion.safe import Input
from ppocr.data.labels import LabelFile, Row
from ppocr.transforms.base import Rejected


def read(given: Input) -> Source:
    """Return the rows of a label file, or of all .txt files of a folder."""
    files = [LabelFile(path) for path in given.files(".txt")]
    items = (item for file in files for item in label_rows(file, given))
    return Source(items, sum(len(file) for file in files))


def label_rows(file: LabelFile, given: Input, near: Path | None = None) -> Iterator[Item]:
    """Yield the pages or lines of one file; its first good row tells which of them it holds."""
    pages: bool | None = None
    for number in range(len(file)):
        place = file.place(number)
        try:
            row = file[number]
            pages = is_page_label(row.label) if pages is None else pages
            yield _item(row, pages, given, near)
        except Rejected as error:
            yield Skip.of(error, place)


def is_page_label(label: str) -> bool:
    """Return whether a label is a JSON list of regions rather than a text."""
    if not label.lstrip().startswith("["):
        return False
    try:
        found = json.loads(label)
    except (ValueError, RecursionError):
        return '"points"' in label  # a page whose label is damaged
    return isinstance(found, list) and all(isinstance(one, dict) for one in found)


def _item(row: Row, pages: bool, given: Input, near: Path | None) -> Item:
    first, *others = row.paths
    if others:
        return Skip("several images", row.place, "a row with a list of images is not converted")
    picture = given.images.named(first, near)
    if pages:
        return page_of(row.label, picture, row.place, given.difficult)
    return Line(picture, row.label, row.place)
