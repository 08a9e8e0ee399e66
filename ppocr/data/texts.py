"""The texts of label files: of lines, of the boxes of pages, or of plain text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from ppocr.data.labels import LabelFile, decode, parse
from ppocr.transforms.base import Rejected
from ppocr.transforms.encode_det import IGNORED_TEXTS

Kind = Literal["auto", "rec", "det", "text"]
MOST_TOLD = 1000


class Text(NamedTuple):
    """One text, and where it stands."""

    text: str
    place: str


@dataclass
class Characters:
    """The characters of texts: how often each occurs, and where it was first."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    texts: int = 0
    rejected: list[str] = field(default_factory=list)  # what was said of the first of them
    refused: int = 0

    def add(self, text: Text) -> None:
        """Count one text."""
        self.texts += 1
        self.counts.update(text.text)
        for one in set(text.text) - self.first.keys():
            self.first[one] = text.place

    def refuse(self, reason: Rejected) -> None:
        """Count one row that cannot be read."""
        self.refused += 1
        if len(self.rejected) < MOST_TOLD:
            self.rejected.append(str(reason))


def read_texts(
    path: str | Path, kind: Kind = "auto", delimiter: str = "\t"
) -> Iterator[Text | Rejected]:
    """Yield the texts of a file, and a ``Rejected`` for each row that cannot be read.

    The label of a ``rec`` row is its text, that of a ``det`` row a list of boxes with a
    transcription; ``text`` takes whole lines. ``auto`` takes a row for a page when its label is
    such a list, and a file without any delimiter for plain text.
    """
    rows = LabelFile(path, delimiter)
    if kind == "auto" and _is_plain(rows, delimiter):
        kind = "text"
    for number in range(len(rows)):
        place = rows.place(number)
        try:
            text = decode(rows.raw(number), place)
            if kind == "text":
                yield Text(text, place)
                continue
            label = parse(text, delimiter, place).label
            boxes = None if kind == "rec" else _boxes(label)
            if boxes is None and kind == "det":
                raise Rejected("label", f"{place}: not a list of boxes with a transcription")
            yield from [Text(label, place)] if boxes is None else (Text(b, place) for b in boxes)
        except Rejected as refused:
            yield refused


def count(texts: Iterable[Text | Rejected]) -> Characters:
    """Return the characters of texts, with what was said of the first rows that were refused."""
    found = Characters()
    for one in texts:
        if isinstance(one, Rejected):
            found.refuse(one)
        else:
            found.add(one)
    return found


def kind_of(rows: LabelFile, delimiter: str = "\t") -> Kind:
    """Return what most of the first hundred rows of a file are: text, rec or det."""
    if _is_plain(rows, delimiter):
        return "text"
    seen = [rows.raw(number).decode(errors="replace") for number in range(min(len(rows), 100))]
    pages = sum(_boxes(row.partition(delimiter)[2]) is not None for row in seen)
    return "det" if pages > len(seen) / 2 else "rec"


def _is_plain(rows: LabelFile, delimiter: str) -> bool:
    return not any(delimiter.encode() in rows.raw(number) for number in range(min(len(rows), 100)))


def _boxes(label: str) -> list[str] | None:
    """Return the texts of the boxes of a page, None if the label is a text itself."""
    if not label.startswith("["):
        return None
    try:
        boxes = json.loads(label)
        texts = [str(box["transcription"]) for box in boxes]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return [one for one in texts if one not in IGNORED_TEXTS]
