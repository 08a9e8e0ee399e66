"""COCO annotations: instances with a text among their attributes, and COCO-Text.

Facts: instances have ``images`` [{id, file_name}] and ``annotations`` [{image_id, bbox [x, y, w,
h], segmentation [[x1, y1, ...]], iscrowd}]; exporters put the text into the annotation or into its
``attributes``; CVAT adds ``attributes.rotation``, by which the box is to be turned clockwise around
its centre. COCO-Text has mappings ``imgs`` and ``anns`` with ``utf8_string``, ``legibility``
and ``polygon`` or ``mask``. Boxes beyond the image have been seen in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ppocr.conversion.generic import (
    is_marked,
    mapping,
    numbers_of,
    pairs,
    region,
    size_of,
    text_in,
)
from ppocr.conversion.page import (
    Item,
    Page,
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

OUTLINES = ("polygon", "mask", "segmentation", "points")


def read(given: Input) -> Source:
    """Return one page per image of the file, those without annotations too."""
    found = load_json(given.path)
    if not isinstance(found, Mapping):
        raise DataError(f"{given.path}: not COCO: should be a mapping, is {type(found).__name__}")
    images = _listed(found, given, "images", "imgs")
    annotations = _listed(found, given, "annotations", "anns")
    return Source(_pages(images, annotations, given), len(images))


def _listed(found: Mapping[str, Any], given: Input, *names: str) -> Sequence[Any]:
    for name in names:
        value = found.get(name)
        if isinstance(value, list):
            return value
        if isinstance(value, Mapping):
            return list(value.values())
    raise DataError(f"{given.path}: not COCO: neither {' nor '.join(names)}")


def _pages(images: Sequence[Any], annotations: Sequence[Any], given: Input) -> Iterator[Item]:
    by_image: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, one in enumerate(annotations):
        place = f"{given.path}:annotations[{number}]"
        if not isinstance(one, Mapping) or "image_id" not in one:
            yield Skip("bad label", place, "an annotation without image_id")
            continue
        by_image.setdefault(str(one["image_id"]), []).append((number, one))
    for number, one in enumerate(images):
        place = f"{given.path}:images[{number}]"
        try:
            image = mapping(one, "an image")
            mine = by_image.pop(str(image.get("id")), [])
            picture = given.images.named(str(image.get("file_name", "")), given.path.parent)
        except Rejected as error:
            yield Skip.of(error, place)
            continue
        regions, skipped = [], []
        for order, annotation in mine:
            try:
                regions.append(_region(annotation, given))
            except Rejected as error:
                where = f"{given.path}:annotations[{order}]"
                skipped.append(Skip(error.reason, where, error.detail))
        size = size_of(image, "width", "height")
        yield Page(picture, tuple(regions), place, skipped=tuple(skipped), size=size)
    for image_id, left in by_image.items():
        place = f"{given.path}:annotations[{left[0][0]}]"
        yield Skip("missing image", place, f"{len(left)} annotations of image {image_id[:40]}")


def _region(one: Mapping[str, Any], given: Input) -> Region:
    attributes = one.get("attributes")
    inner = attributes if isinstance(attributes, Mapping) else {}
    text = text_in(one, given.text_key)
    if text is None:
        text = text_in(inner, given.text_key)
    illegible = one.get("legibility") == "illegible"
    crowd = one.get("iscrowd") in (1, True)
    ignored = illegible or crowd or is_marked(one) or is_marked(inner)
    extra = {"language": one["language"]} if isinstance(one.get("language"), str) else {}
    outline = _outline(one)
    if outline is not None:
        return region(outline, text or "", ignored, extra)
    box = _box(one)
    degrees = numbers_of(inner, "rotation")[0] if inner.get("rotation") is not None else 0.0
    if not degrees:
        return region(box, text or "", ignored, extra)
    (left, top), (right, bottom) = box[0], box[2]
    # turned after drawing: the first corner stays the upper left one of the text
    points = points_of(turned(box, ((left + right) / 2, (top + bottom) / 2), degrees))
    return Region(points, text or "", ignored or is_ignored(text or ""), extra)


def _outline(one: Mapping[str, Any]) -> list[Point] | None:
    """Return the outline; None where there is none, or only a run-length mask."""
    for name in OUTLINES:
        outline = one.get(name)
        if isinstance(outline, list) and any(part != [] for part in outline):
            parts = outline if isinstance(outline[0], list) else [outline]
            if len(parts) > 1 and all(isinstance(part, list) and len(part) == 2 for part in parts):
                return [(part[0], part[1]) for part in parts]
            if len(parts) > 1:
                raise Rejected("several outlines", f"{len(parts)} parts; a line has one")
            return pairs(parts[0])
    return None


def _box(one: Mapping[str, Any]) -> list[Point]:
    box = one.get("bbox")
    numbers = pairs(box)
    if len(numbers) != 2 or not all(_is_number(value) for point in numbers for value in point):
        raise Rejected("bad points", f"bbox is {str(box)[:60]}, not [x, y, width, height]")
    (left, top), (width, height) = numbers
    return rectangle(left, top, left + width, top + height)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
