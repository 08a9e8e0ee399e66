"""Label Studio: the JSON export (not JSON-MIN) of an OCR project.

Facts (its documentation of the OCR template): a task has ``data`` with the address of the image and
``annotations`` with results. Results that belong together share an ``id``: a ``rectangle``
(``x, y, width, height`` in per cent of the image, ``rotation`` in degrees clockwise around the
upper left corner) or ``polygon`` (``points`` in per cent), and a ``textarea`` whose ``text`` is the
transcription. Uploaded files are called ``/data/upload/PROJECT/8 hex digits-NAME``, local ones
``/data/local-files/?d=PATH``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ppocr.conversion.generic import is_marked, mapping, numbers_of, region, size_of
from ppocr.conversion.page import (
    Item,
    Page,
    Picture,
    Point,
    Region,
    Skip,
    Source,
    is_ignored,
    points_of,
    rectangle,
    turned,
)
from ppocr.conversion.safe import Input, load_json
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

UPLOADED = re.compile(r"^[0-9a-f]{8}-")
IMAGE_KEYS = ("ocr", "image", "img", "captioning")
OUTLINES = ("rectangle", "rectanglelabels", "polygon", "polygonlabels")
NO_OUTLINES = ("brush", "brushlabels", "ellipse", "ellipselabels", "keypoint", "keypointlabels")


def read(given: Input) -> Source:
    """Return one page per task."""
    tasks = load_json(given.path)
    if not isinstance(tasks, list):
        raise DataError(f"{given.path}: should be a list of tasks; export the project as JSON")
    return Source((_page(one, n, given) for n, one in enumerate(tasks)), len(tasks))


def _page(one: Any, number: int, given: Input) -> Item:
    place = f"{given.path}:[{number}]"
    try:
        task = mapping(one, "a task")
        if "annotations" not in task:
            raise Rejected("bad label", "no annotations; export as JSON, not as JSON-MIN")
        picture = _picture(mapping(task.get("data"), "data"), given)
        results, older = _latest(task["annotations"])
    except Rejected as error:
        return Skip.of(error, place)
    skipped = [Skip("another annotation", place, "of the same task, not the latest")] * older
    texts, marked = _texts(results), _marked(results)
    regions = []
    for order, result in enumerate(results):
        kind = result.get("type")
        name = str(result.get("id"))
        try:
            if kind in NO_OUTLINES:
                raise Rejected("not an outline", f"{kind}: draw a rectangle or a polygon")
            if kind in OUTLINES:
                regions.append(_region(result, texts.get(name, ""), name in marked))
        except Rejected as error:
            skipped.append(Skip(error.reason, f"{place}.result[{order}]", error.detail))
    outlines = (one for one in results if one.get("type") in OUTLINES)
    size = size_of(next(outlines, {}), "original_width", "original_height")
    return Page(picture, tuple(regions), place, skipped=tuple(skipped), size=size)


def _picture(data: Mapping[str, Any], given: Input) -> Picture:
    key = next((name for name in IMAGE_KEYS if isinstance(data.get(name), str)), "")
    address = data.get(key) if key else next((v for v in data.values() if isinstance(v, str)), "")
    parts = urlsplit(str(address))
    local = parse_qs(parts.query).get("d")
    if local:
        return given.images.named(local[0])
    name = unquote(parts.path)
    if parts.scheme or name.startswith("/data/"):
        name = name.rpartition("/")[2]
    try:
        return given.images.named(name, given.path.parent)
    except Rejected as error:
        if error.reason != "missing image" or not UPLOADED.match(name):
            raise
        return given.images.named(UPLOADED.sub("", name), given.path.parent)


def _latest(annotations: Any) -> tuple[list[Mapping[str, Any]], int]:
    """Return the results of the latest annotation that was not cancelled, and how many others."""
    if not isinstance(annotations, list) or not all(isinstance(a, Mapping) for a in annotations):
        raise Rejected("bad label", "annotations is not a list of mappings")
    done = [one for one in annotations if one.get("was_cancelled") is not True]
    if not done:
        raise Rejected("not labelled", "no annotation, or only cancelled ones")
    latest = max(done, key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))
    results = latest.get("result")
    if not isinstance(results, list):
        raise Rejected("bad label", "an annotation without a list of results")
    return [one for one in results if isinstance(one, Mapping)], len(done) - 1


def _texts(results: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return the transcription of each outline; several rows of one area become one text."""
    found = {}
    for result in results:
        value = result.get("value")
        text = value.get("text") if isinstance(value, Mapping) else None
        if result.get("type") == "textarea" and text:
            rows = text if isinstance(text, list) else [text]
            found[str(result.get("id"))] = " ".join(str(row) for row in rows)
    return found


def _marked(results: list[Mapping[str, Any]]) -> set[str]:
    """Return the outlines that a label or a choice marks as not for training."""
    found = set()
    for result in results:
        value = result.get("value")
        if isinstance(value, Mapping):
            chosen = [*_strings(value.get("labels")), *_strings(value.get("rectanglelabels"))]
            chosen += [*_strings(value.get("polygonlabels")), *_strings(value.get("choices"))]
            if is_marked({name.lower(): True for name in chosen}):
                found.add(str(result.get("id")))
    return found


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _region(result: Mapping[str, Any], text: str, ignored: bool) -> Region:
    value = mapping(result.get("value"), "value")
    width, height = numbers_of(result, "original_width", "original_height")
    if "points" in value:
        return region(_outline(value["points"], width, height), text, ignored)
    left, top, wide, high = numbers_of(value, "x", "y", "width", "height")
    left, top = left * width / 100, top * height / 100
    box = rectangle(left, top, left + wide * width / 100, top + high * height / 100)
    degrees = numbers_of(value, "rotation")[0] if "rotation" in value else 0.0
    # turned after drawing: the first corner stays the upper left one of the text
    points = points_of(turned(box, (left, top), degrees))
    return Region(points, text, ignored or is_ignored(text))


def _outline(points: Any, width: float, height: float) -> list[Point]:
    if not isinstance(points, list) or not all(isinstance(one, list) for one in points):
        raise Rejected("bad points", f"{str(points)[:60]} is not a list of [x, y]")
    corners = [numbers_of(dict(enumerate(one)), 0, 1) for one in points]
    return [(round(x * width / 100, 3), round(y * height / 100, 3)) for x, y in corners]
