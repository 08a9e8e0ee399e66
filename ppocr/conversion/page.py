"""The one value that every format is read into and written from.

Readers yield pages (an image with regions), lines (an image of one line with its text) and skips
(what could not be used, and why); writers take pages and lines. So ten formats in and three out
need thirteen files, not thirty.

Points are pixels of the upright image, x before y, clockwise from the upper left corner.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.data.source import read_image
from ppocr.geometry.polygon import signed_areas
from ppocr.transforms.base import Rejected
from ppocr.transforms.encode_det import IGNORED_TEXTS
from ppocr.utils.files import atomic_write, value_digest

Point = tuple[float, float]
IGNORED = "###"
FIRST_EXAMPLES = 3
MOST_LISTED = 200_000
MAX_POINTS = 10_000  # of one region


@dataclass(frozen=True, slots=True)
class Region:
    """A place on a page and its text; ``extra`` keeps what else its format said of it."""

    points: tuple[Point, ...]
    text: str
    ignored: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file below the root, or one held in memory (from an LMDB)."""

    name: str  # relative to the root, with forward slashes
    path: Path | None = None
    content: bytes = field(default=b"", repr=False)

    def read(self, place: str) -> bytes:
        """Return the encoded image; Rejected says why there is none."""
        return read_image(self.path, place) if self.path is not None else self.content

    @property
    def stamp(self) -> list[Any]:
        """Something that changes when the image does."""
        if self.path is None:
            return [len(self.content), zlib.crc32(self.content)]
        try:
            found = self.path.stat()
        except OSError:
            return []
        return [found.st_size, found.st_mtime_ns]


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that was left out: a word to count by, where it stands, and what to know."""

    reason: str
    place: str
    detail: str = ""

    @classmethod
    def of(cls, error: Rejected, place: str) -> Skip:
        """Return the skip that a rejection stands for."""
        detail = error.detail.removeprefix(f"{place}:").strip()
        return cls(error.reason.replace("_", " "), place, detail)


@dataclass(frozen=True, slots=True)
class Page:
    """An image with regions. ``confirmed`` tells labels of people from those of a model.

    ``size`` is width and height of the image as its labels say, (0, 0) if they do not.
    """

    picture: Picture
    regions: tuple[Region, ...]
    place: str
    confirmed: bool = True
    skipped: tuple[Skip, ...] = ()
    size: tuple[float, float] = (0, 0)

    @property
    def key(self) -> str:
        """A digest of everything that the result depends on."""
        regions = [asdict(region) for region in self.regions]
        stamp = self.picture.stamp
        return value_digest([self.picture.name, stamp, regions, self.confirmed])


@dataclass(frozen=True, slots=True)
class Line:
    """An image of one line of text."""

    picture: Picture
    text: str
    place: str

    @property
    def key(self) -> str:
        """A digest of everything that the result depends on."""
        return value_digest([self.picture.name, self.picture.stamp, self.text])


Item = Page | Line | Skip


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader found: its items, and how many there will be (0: not known beforehand)."""

    items: Iterable[Item]
    total: int = 0


class Tally:
    """Counts what was left out, by reason, and keeps the places for the list of skips.

    Of a file in which nothing is right only the first ``MOST_LISTED`` are kept.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rows: list[Skip] = []
        self._first: dict[str, list[str]] = {}

    def add(self, skips: Iterable[Skip]) -> None:
        """Count some skips."""
        for skip in skips:
            self.counts[skip.reason] += 1
            places = self._first.setdefault(skip.reason, [])
            if len(places) < FIRST_EXAMPLES:
                places.append(skip.place)
            if len(self.rows) < MOST_LISTED:
                self.rows.append(skip)

    def lines(self) -> Iterator[str]:
        """Yield one line per reason, with its first places."""
        for reason, count in self.counts.most_common():
            more = ", ..." if count > FIRST_EXAMPLES else ""
            yield f"skipped {count}: {reason} ({', '.join(self._first[reason])}{more})"

    def write(self, path: Path) -> None:
        """Write them as rows of reason, place and detail; the last says how many more there are."""
        left = self.counts.total() - len(self.rows)
        with atomic_write(path, "w") as file:
            file.write("reason\tplace\tdetail\n")
            for skip in self.rows:
                fields = (skip.reason, skip.place, skip.detail)
                file.write("\t".join(" ".join(one.split()) for one in fields) + "\n")
            if left:
                file.write(f"not listed\t\t{left} more\n")


def points_of(value: Any) -> tuple[Point, ...]:
    """Return a list of [x, y] as it is; Rejected ("bad points") says what is wrong with it."""
    if not isinstance(value, list | tuple):
        raise Rejected("bad points", f"{str(value)[:60]} is not a list of [x, y]")
    if len(value) < 3:
        raise Rejected("bad points", f"{len(value)} points do not enclose anything")
    if len(value) > MAX_POINTS:
        raise Rejected("bad points", f"{len(value)} points; {MAX_POINTS} are the most")
    found = []
    for one in value:
        if not isinstance(one, list | tuple) or len(one) != 2 or not all(map(_finite, one)):
            raise Rejected("bad points", f"{str(one)[:60]} is not a point [x, y]")
        found.append((one[0], one[1]))
    if signed_area(found) == 0:
        raise Rejected("bad points", "the points enclose no area")
    return tuple(found)


def signed_area(points: Sequence[Point]) -> float:
    """Return the area in square pixels: positive when clockwise as one looks at the image."""
    return float(signed_areas(np.array(points, np.float64)[None])[0])


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Return the corners of an upright rectangle."""
    left, right, top, bottom = (
        min(left, right),
        max(left, right),
        min(top, bottom),
        max(top, bottom),
    )
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def turned(points: Sequence[Point], centre: Point, degrees: float) -> list[Point]:
    """Return the points turned clockwise around ``centre``."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    moved = [(x - centre[0], y - centre[1]) for x, y in points]
    return [
        (round(centre[0] + x * cosine - y * sine, 3), round(centre[1] + x * sine + y * cosine, 3))
        for x, y in moved
    ]


def is_ignored(text: str) -> bool:
    """Return whether a transcription stands for "do not care"."""
    return text in IGNORED_TEXTS


def _finite(value: Any) -> bool:
    # a whole number beyond float would make isfinite raise
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e9
        and math.isfinite(value)
    )
