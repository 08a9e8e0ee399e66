"""The JSON of label rows: mappings to regions and back, for PaddleOCR and for PPOCRLabel.

The two differ in how a region is marked as not for training: ``"difficult": true`` beside the text
in PPOCRLabel, the text ``###`` in PaddleOCR. Going to PaddleOCR the text under it is kept as
``ignored_text``, and comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ppocr.conversion.page import IGNORED, Page, Picture, Region, Skip, is_ignored, points_of
from ppocr.transforms.base import Rejected
from ppocr.transforms.encode_det import parse_regions

KEPT_TEXT = "ignored_text"


def page_of(
    label: str, picture: Picture, place: str, difficult: str = "ignore", confirmed: bool = True
) -> Page:
    """Return the page of a label row; Rejected if it is not a list of regions at all."""
    return page_from(parse_regions(label), picture, place, difficult, confirmed)


def page_from(
    found: Iterable[Mapping[str, Any]],
    picture: Picture,
    place: str,
    difficult: str = "ignore",
    confirmed: bool = True,
) -> Page:
    """Return the page of mappings with transcription and points; regions without sense are
    left out, counted."""
    regions, skipped = [], []
    for number, one in enumerate(found, start=1):
        try:
            regions.append(_region(one, difficult))
        except Rejected as error:
            skipped.append(Skip(error.reason, place, f"region {number}: {error.detail}"))
    return Page(picture, tuple(regions), place, confirmed, tuple(skipped))


def ppocr_json(regions: Sequence[Region]) -> str:
    """Return the label that training reads."""
    return _dump(_ppocr(region) for region in regions)


def ppocrlabel_json(regions: Sequence[Region]) -> str:
    """Return the label that PPOCRLabel reads."""
    return _dump(_ppocrlabel(region) for region in regions)


def _region(one: Mapping[str, Any], difficult: str) -> Region:
    extra = dict(one)
    text, points = extra.pop("transcription"), points_of(extra.pop("points"))
    if not isinstance(text, str):
        raise Rejected("bad label", f"transcription is {text!r:.40}, not a text")
    marked = extra.pop("difficult", None)
    ignored = is_ignored(text) or (marked is True and difficult == "ignore")
    if marked is True and not ignored:
        extra["difficult"] = True
    kept = extra.get(KEPT_TEXT)
    if is_ignored(text) and isinstance(kept, str):
        text = kept
        del extra[KEPT_TEXT]
    return Region(points, text, ignored, extra)


def _ppocr(region: Region) -> dict[str, Any]:
    hidden = region.ignored and not is_ignored(region.text)
    found = {"transcription": IGNORED if hidden else region.text, **_points(region), **region.extra}
    if hidden and region.text:
        found[KEPT_TEXT] = region.text
    return found


def _ppocrlabel(region: Region) -> dict[str, Any]:
    marks = {"difficult": region.ignored}
    return {"transcription": region.text, **_points(region), **marks, **region.extra}


def _points(region: Region) -> dict[str, Any]:
    return {"points": [list(point) for point in region.points]}


def _dump(found: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps(list(found), ensure_ascii=False)
