"""Labelme: one JSON per image, with shapes.

Facts: ``imagePath`` is relative to the JSON file, ``shapes`` are {label, points, shape_type,
description, flags}; a rectangle has two opposite corners, an oriented_rectangle four. The text is
the ``description`` where a file uses them, else the ``label``. The copy of the image in
``imageData`` (base64) is taken where the image itself is not there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ppocr.conversion.generic import is_marked, mapping, region, size_of, text_in
from ppocr.conversion.page import Item, Page, Picture, Region, Skip, Source, rectangle
from ppocr.conversion.safe import Input, load_json
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

OUTLINES = frozenset({"polygon", "rotation", "oriented_rectangle", "quadrilateral"})


def read(given: Input) -> Source:
    """Return one page per JSON file."""
    files = given.files(".json")
    return Source((_page(path, given) for path in files), len(files))


def _page(path: Path, given: Input) -> Item:
    place = f"{path}:1"
    try:
        found = mapping(load_json(path), "the file")
        shapes = found.get("shapes")
        if not isinstance(shapes, list):
            raise Rejected("bad label", "no list of shapes; not a file of labelme")
        picture = _picture(found, path, given)
    except Rejected as error:
        return Skip.of(error, place)
    except DataError as error:
        return Skip("unreadable annotation", place, str(error))
    described = any(isinstance(one, Mapping) and one.get("description") for one in shapes)
    key = given.text_key or ("description" if described else "label")
    regions, skipped = [], []
    for number, one in enumerate(shapes):
        try:
            regions.append(_region(one, key))
        except Rejected as error:
            skipped.append(Skip(error.reason, f"{path}:shapes[{number}]", error.detail))
    size = size_of(found, "imageWidth", "imageHeight")
    return Page(picture, tuple(regions), place, skipped=tuple(skipped), size=size)


def _picture(found: Mapping[str, Any], path: Path, given: Input) -> Picture:
    """Return the image that a file names, else the copy of it in the file."""
    name = str(found.get("imagePath") or "")
    try:
        return given.images.named(name, path.parent)
    except Rejected as error:
        copy = found.get("imageData")
        if error.reason not in ("missing image", "outside the root") or not isinstance(copy, str):
            raise
        try:
            content = base64.b64decode(copy, validate=True)
        except (binascii.Error, ValueError):
            detail = f"{error.detail}, and imageData is not base64"
            raise Rejected(error.reason, detail) from None
        ending = PurePosixPath(name.replace("\\", "/")).suffix or ".png"
        folder = path.parent.relative_to(given.path if given.path.is_dir() else path.parent)
        return Picture((folder / f"{path.stem}{ending}").as_posix(), None, content)


def _region(one: Any, key: str) -> Region:
    shape = mapping(one, "a shape")
    kind = shape.get("shape_type") or "polygon"
    points = shape.get("points")
    if not isinstance(points, list) or not all(_is_point(point) for point in points):
        raise Rejected("bad points", f"{str(points)[:60]} is not a list of [x, y]")
    if kind == "rectangle":
        if len(points) not in (2, 4):
            raise Rejected("bad points", f"a rectangle of {len(points)} points")
        if len(points) == 2:
            points = rectangle(*points[0], *points[1])
    elif kind not in OUTLINES:
        raise Rejected("not an outline", f"a {str(kind)[:40]} encloses no text")
    flags = shape.get("flags")
    marked = is_marked(flags) if isinstance(flags, Mapping) else False
    return region(points, text_in(shape, key) or "", marked)


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
    )
