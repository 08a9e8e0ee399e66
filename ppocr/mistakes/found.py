"""What an error report is made of, whatever the task: chapters, rows for a person to act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr.report.blocks import Chart, Shelf, Table

MOST_SHOWN = 100
MOST_ROWS = 60


@dataclass(slots=True)
class Chapter:
    """One subject: drawings, tables, pictures, and the same numbers for report.json."""

    title: str
    text: str = ""
    blocks: list[Table | Chart | Shelf] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Todo:
    """One row of a list to work through."""

    what: str  # "relabel" or "add"
    path: str  # an image, or "" for a kind of sample
    place: str  # file:line of its label
    reason: str
    label: str = ""
    result: str = ""
    score: float = 0.0


@dataclass(slots=True)
class Findings:
    """Everything that is written: figures on top, chapters, two lists, every mistake."""

    cards: list[tuple[str, str, bool]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    chapters: list[Chapter] = field(default_factory=list)
    todo: list[Todo] = field(default_factory=list)
    mistakes: list[dict[str, Any]] = field(default_factory=list)


class Watch:
    """Collects what an evaluation sees. ``add`` is called with each batch, `found` at the end."""

    def add(self, results: Sequence[Any], batch: Mapping[str, Any], loader: Any) -> None:
        """Take down one batch: a result per sample, the batch, and the loader it came from."""
        raise NotImplementedError

    def found(self) -> Findings:
        """Return what the samples say together."""
        raise NotImplementedError


def source_of(place: str) -> str:
    """Return the file of ``file:line``."""
    return place.rpartition(":")[0] or place


def sources(places: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the source of each sample: its label file, or with only one its image's folder."""
    files = [source_of(place) for place in places]
    if len(set(files)) > 1:
        return files
    return [
        str(Path(path).parent) if path else name for path, name in zip(paths, files, strict=True)
    ]


def by_class(
    names: Sequence[str], order: Sequence[str], right: Sequence[bool]
) -> list[tuple[str, int, float]]:
    """Return (name, samples, share that is right) for the names that occur, in the given order."""
    counts: dict[str, list[int]] = {}
    for name, good in zip(names, right, strict=True):
        one = counts.setdefault(name, [0, 0])
        one[0] += 1
        one[1] += bool(good)
    kept = [name for name in order if name in counts]
    return [(name, counts[name][0], counts[name][1] / counts[name][0]) for name in kept]


def percent(share: float) -> float:
    """Return a share of 1 in percent, for bars."""
    return round(100 * share, 1)
