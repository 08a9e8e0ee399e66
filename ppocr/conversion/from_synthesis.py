"""Drawn samples as the items of a conversion: written, continued and verified like any other.

An item knows its name and its key without having been drawn, so what an earlier run finished is
passed over, and a sample is drawn when its picture is wanted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr.conversion.page import Item, Line, Page, Picture, Region, Source
from ppocr.synthesis.photos import Photos
from ppocr.synthesis.plan import VERSION, Plan
from ppocr.synthesis.settings import Settings, drawing
from ppocr.synthesis.studio import Sample, Studio
from ppocr.utils.files import sha256, value_digest

PER_FOLDER = 1000
FONT = "font"  # key in the label of a page's line
WHOLE_BYTES = 64 << 20  # inputs up to this size are told apart by content, larger ones by date


@dataclass(frozen=True, slots=True)
class DrawnPicture(Picture):
    """A picture that is drawn when its content is wanted."""

    sample: Sample | None = field(default=None, repr=False)

    def read(self, place: str) -> bytes:
        """Return the encoded picture; Rejected says why it cannot be drawn."""
        del place
        return self.sample.drawn().content if self.sample is not None else b""

    @property
    def stamp(self) -> list[Any]:
        """The number of the sample; the recipe of the conversion says the rest."""
        return [self.sample.job.index] if self.sample is not None else []


class DrawnPage(Page):
    """A page whose lines are known when it has been drawn."""

    def __init__(self, picture: DrawnPicture, place: str, sample: Sample) -> None:
        self._sample: Sample
        object.__setattr__(self, "_sample", sample)
        super().__init__(picture, (), place)

    @property
    def key(self) -> str:
        """A digest of the number of the page."""
        return value_digest([self.picture.name, self.picture.stamp])

    @property
    def regions(self) -> tuple[Region, ...]:
        """The lines of the page."""
        return tuple(
            Region(one.corners, one.text, extra={FONT: one.font})
            for one in self._sample.drawn().regions
        )

    @regions.setter
    def regions(self, value: tuple[Region, ...]) -> None:
        del value  # they are those of the drawing


def source(plan: Plan, studio: Studio) -> Source:
    """Return all samples of a plan as pages or lines."""
    return Source(_items(plan, studio), len(plan))


def recipe(root: Mapping[str, Any], settings: Settings, plan: Plan) -> str:
    """Return what the drawn files depend on, as text: settings, texts, fonts, backgrounds."""
    texts = [_stamp(path) for path in _texts(settings)]
    fonts = [(one.name, one.path.stat().st_size) for one in plan.fonts.faces]
    photos = [
        (path.name, path.stat().st_size)
        for one in settings.backgrounds
        if one.section["name"] == "Photos"
        for path in Photos(one.section["folder"]).paths
    ]
    inputs = value_digest([texts, fonts, photos])
    found = {"synthesis": VERSION, "config": drawing(root), "inputs": inputs}
    return json.dumps({**found, "format": settings.general.format}, sort_keys=True)


def _items(plan: Plan, studio: Studio) -> Iterator[Item]:
    kind = "page" if plan.settings.is_pages else "line"
    for sample in studio.samples(plan):
        index = sample.job.index
        name = f"{index // PER_FOLDER:05d}/{kind}_{index:08d}.jpg"
        picture, place = DrawnPicture(name, sample=sample), f"sample {index}"
        if plan.settings.is_pages:
            yield DrawnPage(picture, place, sample)
        else:
            yield Line(picture, sample.job.text, place)


def _texts(settings: Settings) -> Iterator[str]:
    """Yield the files that texts come from or are counted in."""
    if settings.text.dictionary:
        yield settings.text.dictionary
    if settings.gaps is not None:
        yield from _list(settings.gaps.labels)
    for one in settings.sources:
        if one.section["name"] == "Corpus":
            yield from _list(one.section["files"])


def _list(value: list[str] | str) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _stamp(path: str) -> list[Any]:
    found = Path(path)
    if not found.is_file():  # a dictionary that is named as from the repository
        return [path]
    size = found.stat().st_size
    return [size, sha256(found) if size <= WHOLE_BYTES else found.stat().st_mtime_ns]
