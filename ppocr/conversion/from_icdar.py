"""Ground truth of the ICDAR competitions.

Facts (pages of the competitions at rrc.cvc.uab.es): Incidental Scene Text 2015 has a file
``gt_img_N.txt`` per image with ``x1,y1,...,x4,y4,text``, and for words ``image, "text"``. In 2019:
ArT and LSVT have one JSON of ``{"gt_N": [{transcription, points, illegibility}]}``, MLT has
``x1,...,y4,script,text`` per image, SROIE ``x1,...,y4,text``, ReCTS a JSON per image with ``lines``
of {points [x1, y1, ...], transcription, ignore} beside single ``chars``, which are left aside. Text
may contain commas; ``###`` is do not care.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr.conversion.generic import is_marked, pairs
from ppocr.conversion.page import (
    Item,
    Line,
    Page,
    Picture,
    Region,
    Skip,
    Source,
    is_ignored,
    points_of,
)
from ppocr.conversion.safe import Input, load_json, rows_of
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

SCRIPTS = frozenset(
    {"Arabic", "Bangla", "Chinese", "Devanagari", "Hindi", "Japanese", "Korean", "Latin"}
    | {"Mixed", "None", "Symbols"}
)
PREFIXES = ("gt_", "poly_gt_")
NUMBERS = 8
MAX_WORD_ROW = 4096  # a longer row is not one of image and word, and matching it would take long
WORD_ROW = re.compile(r'^\s*([^",]+?\.\w+)\s*,\s*"(.*)"\s*$')

ReadRow = Callable[[str], Region]


def read_2015(given: Input) -> Source:
    """Return pages of 2015 (one .txt per image), or its words (rows of image and text)."""
    return _read_texts(given, lambda row: _quad(row, script=False))


def read_2019(given: Input) -> Source:
    """Return pages of ArT or LSVT (a .json), of ReCTS (many), of MLT or SROIE (.txt)."""
    if given.path.suffix.lower() == ".json":
        return _read_collection(given)
    if given.holds(".txt") or not given.holds(".json"):
        return _read_texts(given, lambda row: _quad(row, script=True))
    files = given.files(".json")
    return Source((_signboard(path, given) for path in files), len(files))


def page_of_rows(path: Path, given: Input, read_row: ReadRow) -> Item:
    """Return the page that one file of rows describes."""
    skipped, regions = [], []
    try:
        picture = given.images.with_stem(stems(path.stem), path.parent)
        rows = rows_of(path)
    except Rejected as error:
        return Skip.of(error, f"{path}:1")
    except DataError as error:
        return Skip("unreadable annotation", f"{path}:1", str(error))
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            continue
        try:
            regions.append(read_row(row))
        except Rejected as error:
            skipped.append(Skip(error.reason, f"{path}:{number}", error.detail))
    return Page(picture, tuple(regions), f"{path}:1", skipped=tuple(skipped))


def stems(stem: str) -> list[str]:
    """Return how the image of an annotation file may be called, the likeliest first."""
    cut = [stem.removeprefix(prefix) for prefix in PREFIXES if stem.startswith(prefix)]
    return [*cut, stem]


def _read_texts(given: Input, read_row: ReadRow) -> Source:
    files = given.files(".txt")
    if len(files) == 1 and _holds_words(files[0]):
        return Source(_words(files[0], given))
    return Source((page_of_rows(path, given, read_row) for path in files), len(files))


def _holds_words(path: Path) -> bool:
    rows = (row for row in rows_of(path) if row.strip())
    return _word(next(rows, "")) is not None


def _word(row: str) -> re.Match[str] | None:
    return WORD_ROW.match(row) if len(row) <= MAX_WORD_ROW else None


def _words(path: Path, given: Input) -> Iterator[Item]:
    for number, row in enumerate(rows_of(path), start=1):
        place = f"{path}:{number}"
        found = _word(row)
        if not row.strip():
            continue
        if found is None:
            yield Skip("malformed row", place, 'should be: image.png, "text"')
            continue
        try:
            text = found[2].replace('\\"', '"').replace("\\\\", "\\")
            yield Line(given.images.named(found[1], path.parent), text, place)
        except Rejected as error:
            yield Skip.of(error, place)


def _quad(row: str, script: bool) -> Region:
    fields = row.lstrip("\ufeff").split(",", NUMBERS)
    if len(fields) <= NUMBERS:
        raise Rejected("malformed row", f"{len(fields)} fields, expected 8 numbers and a text")
    numbers = [number(field) for field in fields[:NUMBERS]]
    text, extra = fields[NUMBERS], {}
    head, comma, tail = text.partition(",")
    if script and comma and head in SCRIPTS:
        text, extra = tail, {"language": head}
    points = points_of(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return Region(points, text, is_ignored(text), extra)


def number(field: str) -> float:
    """Return a coordinate; whole numbers stay whole. Rejected ("bad points") for others."""
    field = field.strip()
    try:
        return int(field) if re.fullmatch(r"-?\d{1,9}", field) else float(field)
    except ValueError:
        raise Rejected("bad points", f"{field[:40]!r} is not a number") from None


def _read_collection(given: Input) -> Source:
    found = load_json(given.path)
    if not isinstance(found, dict):
        raise DataError(f"{given.path}: should be a mapping of image to regions (ArT, LSVT)")
    if isinstance(found.get("lines"), list):
        return Source([_signboard(given.path, given)], 1)
    return Source((_collected(key, one, given) for key, one in found.items()), len(found))


def _signboard(path: Path, given: Input) -> Item:
    """Return the page of one file of ReCTS."""
    try:
        found = load_json(path)
        lines = found.get("lines") if isinstance(found, dict) else None
        if not isinstance(lines, list):
            hint = "name the .json itself if it is that of ArT or LSVT"
            raise Rejected("bad label", f"no lines, as files of ReCTS have; {hint}")
        picture = given.images.with_stem(stems(path.stem), path.parent)
    except Rejected as error:
        return Skip.of(error, f"{path}:1")
    except DataError as error:
        return Skip("unreadable annotation", f"{path}:1", str(error))
    return _page(picture, lines, f"{path}:1")


def _collected(key: str, found: Any, given: Input) -> Item:
    place = f"{given.path}:{key}"
    try:
        picture = given.images.with_stem(stems(Path(key).stem))
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise Rejected("bad label", f"should be a list of regions, is {type(found).__name__}")
    except Rejected as error:
        return Skip.of(error, place)
    return _page(picture, found, place)


def _page(picture: Picture, found: Sequence[Any], place: str) -> Page:
    """Return the page of mappings with points and transcription."""
    regions, skipped = [], []
    for order, one in enumerate(found, start=1):
        try:
            regions.append(_region(one))
        except Rejected as error:
            skipped.append(Skip(error.reason, place, f"region {order}: {error.detail}"))
    return Page(picture, tuple(regions), place, skipped=tuple(skipped))


def _region(one: Any) -> Region:
    if not isinstance(one, Mapping) or not isinstance(one.get("transcription"), str):
        raise Rejected("bad label", "no transcription")
    extra = {key: one[key] for key in one if key not in ("transcription", "points")}
    text, points = one["transcription"], one.get("points")
    if isinstance(points, list) and points and not isinstance(points[0], list):
        points = pairs(points)
    return Region(points_of(points), text, is_ignored(text) or is_marked(one), extra)
