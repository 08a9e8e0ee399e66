"""Ground truth of Total-Text: curved words as polygons, one text file per image.

Facts (Ch'ng and Chan, "Total-Text: A Comprehensive Dataset for Scene Text Detection and
Recognition", 2017, and its repository): a row is ``x: [[..]], y: [[..]], ornt: [u'c'],
transcriptions: [u'TEXT']``, numbers apart by spaces, rows possibly broken over lines; ``#`` is do
not care. ``u'..'`` is how Python 2 writes a text: what is not ASCII may stand as ``\\xe9``. Lists
of the same polygons as ``x1,y1,...,xn,yn,####TEXT`` are common too.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ppocr.conversion.from_icdar import number, page_of_rows, stems
from ppocr.conversion.page import Item, Page, Region, Skip, Source, is_ignored, points_of
from ppocr.conversion.safe import Input, read_text
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

RECORD = re.compile(r"^x:", re.MULTILINE)
AXIS = re.compile(r"\b([xy]):\s*\[\[([^\]]*)\]\]")
TEXT = re.compile(r"transcriptions:\s*\[\s*(?:u?'(.*)'|u?\"(.*)\")\s*\]", re.DOTALL)
DIRECTION = re.compile(r"ornt:\s*\[\s*u?'([^']*)'")
ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})")
SEPARATOR = ",####"


def read(given: Input) -> Source:
    """Return one page per text file; the ground truth in .mat files is refused."""
    if given.path.suffix.lower() == ".mat":
        raise DataError(f"{given.path}: take the ground truth of Total-Text in text files")
    files = given.files(".txt")
    return Source((_page(path, given) for path in files), len(files))


def _page(path, given: Input) -> Item:
    try:
        text = read_text(path)
    except DataError as error:
        return Skip("unreadable annotation", f"{path}:1", str(error))
    if not RECORD.search(text):
        return page_of_rows(path, given, _listed)
    try:
        page = Page(given.images.with_stem(stems(path.stem), path.parent), (), f"{path}:1")
    except Rejected as error:
        return Skip.of(error, f"{path}:1")
    starts = [found.start() for found in RECORD.finditer(text)]
    regions, skipped = [], []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        try:
            regions.append(_record(text[start:end]))
        except Rejected as error:
            line = text.count("\n", 0, start) + 1
            skipped.append(Skip(error.reason, f"{path}:{line}", error.detail))
    return replace(page, regions=tuple(regions), skipped=tuple(skipped))


def _record(text: str) -> Region:
    axes = {name: [number(one) for one in found.split()] for name, found in AXIS.findall(text)}
    words = TEXT.search(text)
    if set(axes) != {"x", "y"} or words is None:
        raise Rejected("malformed row", "should have x, y and transcriptions")
    if len(axes["x"]) != len(axes["y"]):
        raise Rejected("bad points", f"{len(axes['x'])} x and {len(axes['y'])} y")
    direction = DIRECTION.search(text)
    written = ESCAPED.sub(
        lambda found: chr(int(found[1] or found[2], 16)),
        words[1] if words[1] is not None else words[2],
    )
    extra = {"orientation": direction[1]} if direction else {}
    points = points_of(list(zip(axes["x"], axes["y"], strict=True)))
    return Region(points, written, written == "#" or is_ignored(written), extra)


def _listed(row: str) -> Region:
    head, found, text = row.partition(SEPARATOR)
    if not found:
        raise Rejected("malformed row", "should be x1,y1,...,xn,yn,####TEXT")
    numbers = [number(one) for one in head.split(",")]
    if len(numbers) % 2:
        raise Rejected("bad points", f"{len(numbers)} numbers are not pairs of x and y")
    points = points_of(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return Region(points, text, text == "#" or is_ignored(text))
