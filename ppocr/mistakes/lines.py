"""Mistakes of a recogniser: confused characters, and which lines are read badly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from ppocr.metrics.each_model import DistillationMetric
from ppocr.mistakes import pictures
from ppocr.mistakes.found import (
    MOST_ROWS,
    MOST_SHOWN,
    Chapter,
    Findings,
    Todo,
    Watch,
    by_class,
    percent,
    sources,
)
from ppocr.report import charts
from ppocr.report.blocks import Chart, Shelf, Shown, Table
from ppocr.transforms.header import read_header

LENGTHS = (0, 1, 3, 6, 11, 16, 21, 26, 31, 41, 61, 81)
WIDTHS = (0, 1, 2, 4, 6, 8, 10, 12, 16, 20, 25, 32)  # width / height
SCORES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
SURE = 0.9  # a wrong result as sure as this makes one look at the label
SEEN_ENOUGH = 10  # occurrences from which the accuracy of a character says something
WEAK = 0.9
NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what stands in the label, what was read, and what of both was compared."""

    index: int
    place: str
    path: str
    label: str
    read: str
    truth: str  # of the label; the metric may leave spaces and other signs out of both
    text: str  # of what was read
    score: float
    proportion: float  # width / height of the image, 0 where unknown

    @property
    def right(self) -> bool:
        """Whether it is read without a mistake."""
        return self.text == self.truth

    @property
    def distance(self) -> float:
        """Edit distance as a part of the longer text."""
        return Levenshtein.normalized_distance(self.text, self.truth)


class Lines(Watch):
    """Watches the evaluation of a recogniser or of a classifier of images."""

    def __init__(self, metric: Any, trained_proportion: float = 0.0) -> None:
        self.metric, self.trained_proportion = metric, trained_proportion
        self.lines: list[Line] = []
        self._loader: Any = None

    def add(self, results: Sequence[Any], batch: Mapping[str, Any], loader: Any) -> None:
        """Take down what was read, and how the image looks like; it is read once more for that."""
        self._loader = loader
        rows = zip(results, batch["text"], batch["index"], batch["place"], strict=True)
        for result, label, index, place in rows:
            metric = self.metric
            if isinstance(metric, DistillationMetric):
                metric, result = metric.of(result)
            text, score = str(result[0]), float(result[1])
            truth, read = str(label), text
            if hasattr(metric, "compared"):
                text, truth = metric.compared(text, truth)
            sample = loader.fetcher.raw(int(index))
            header = read_header(sample["image"])
            proportion = header.width / header.height if header and header.height else 0.0
            path = str(sample.get("path", ""))
            said = (str(label), read, truth, text)
            self.lines.append(Line(int(index), place, path, *said, score, proportion))

    def found(self) -> Findings:
        """Return the chapters; the worst are the least alike, the surest first among equals."""
        findings = Findings()
        wrong = sorted(
            (line for line in self.lines if not line.right),
            key=lambda line: (-line.distance, -line.score, line.index),
        )
        right = len(self.lines) - len(wrong)
        findings.cards = [
            (f"{len(self.lines):,}", "lines evaluated", True),
            (f"{right / max(len(self.lines), 1):.2%}", "read without a mistake", True),
            (f"{len(wrong):,}", "lines with mistakes", not wrong),
        ]
        letters = Letters(self.lines)
        findings.chapters = [
            self._kinds(wrong),
            letters.confusions(),
            letters.accuracy(),
            self._shape(),
            self._sources(),
            self._scores(),
            self._worst(wrong),
        ]
        findings.todo = [*relabel(wrong), *letters.to_add(), *self._kinds_to_add()]
        findings.advice = _advice(findings.todo)
        findings.mistakes = [_as_numbers(line) for line in wrong]
        return findings

    def _kinds(self, wrong: Sequence[Line]) -> Chapter:
        kinds = Counter(kind_of(line) for line in wrong)
        rows = tuple(
            (kind, count, f"{count / len(wrong):.1%}") for kind, count in kinds.most_common()
        )
        chapter = Chapter("Kinds of mistakes", numbers={"kinds": dict(kinds)})
        chapter.blocks.append(Table(("kind", "lines", "of all wrong lines"), rows))
        return chapter

    def _shape(self) -> Chapter:
        right = [line.right for line in self.lines]
        chapter = Chapter("Length and width", "Share of lines that are read without a mistake.")
        lengths = [len(line.truth) for line in self.lines]
        widths = [line.proportion for line in self.lines]
        limit = self.trained_proportion
        for title, values, edges, marked, note in (
            ("Characters of the line", lengths, LENGTHS, 0.0, ""),
            ("Width of the image / height", widths, WIDTHS, limit, _squeezed(limit)),
        ):
            names = [bin_name(value, edges) for value in values]
            order = [_named(edges, place) for place in range(len(edges))]
            rows = by_class(names, order, right)
            beyond = {
                name for name, low in zip(order, edges, strict=True) if marked and low >= marked
            }
            bars = [(f"{name}  ({n})", percent(share), name in beyond) for name, n, share in rows]
            chapter.blocks.append(Chart(title, charts.bars(bars, " %", 100), note))
            chapter.numbers[title] = [_row(*row) for row in rows]
        return chapter

    def _sources(self) -> Chapter:
        names = sources((one.place for one in self.lines), (one.path for one in self.lines))
        rows = by_class(names, sorted(set(names)), [one.right for one in self.lines])
        rows.sort(key=lambda row: row[2])
        chapter = Chapter("Sources", numbers={"sources": [_row(*row) for row in rows]})
        shown = tuple((name, n, f"{share:.1%}") for name, n, share in rows[:MOST_ROWS])
        chapter.blocks.append(Table(("label file or folder", "lines", "right"), shown))
        return chapter

    def _scores(self) -> Chapter:
        """What a threshold on the score would keep, and how much of that is right."""
        scores = np.array([line.score for line in self.lines])
        right = np.array([line.right for line in self.lines], dtype=bool)
        rows = []
        for least in SCORES:
            kept = scores >= least
            if kept.any():
                rows.append((f"{least:g}", int(kept.sum()), kept.mean(), right[kept].mean()))
        chapter = Chapter(
            "How much the score says",
            "What prediction with this drop_score would give, and how much of it is right.",
        )
        table = tuple((name, n, f"{share:.1%}", f"{good:.1%}") for name, n, share, good in rows)
        chapter.blocks.append(Table(("drop_score", "lines kept", "of all", "right"), table))
        chapter.numbers["scores"] = [
            {"drop_score": float(name), "lines": n, "right": float(good)}
            for name, n, _, good in rows
        ]
        return chapter

    def _worst(self, wrong: Sequence[Line]) -> Chapter:
        shown = [
            Shown(
                pictures.of_sample(self._loader, line.index),
                line.label,
                f"score {line.score:.2f}, {kind_of(line)}",
                line.place,
                line.read or NOTHING,
            )
            for line in wrong[:MOST_SHOWN]
        ]
        text = "Above what the label says, below in red what was read; the least alike first."
        return Chapter("The worst lines", text, [Shelf("", tuple(shown))])

    def _kinds_to_add(self) -> list[Todo]:
        """Lengths and widths that are read much worse than the rest."""
        everything = np.mean([line.right for line in self.lines]) if self.lines else 0.0
        found = []
        for word, values, edges in (
            ("characters", [len(line.truth) for line in self.lines], LENGTHS),
            ("times as wide as high", [line.proportion for line in self.lines], WIDTHS),
        ):
            names = [bin_name(value, edges) for value in values]
            for name, count, share in by_class(
                names, sorted(set(names)), [x.right for x in self.lines]
            ):
                if count >= SEEN_ENOUGH and share < 0.5 * everything:
                    reason = f"{share:.0%} of {count} such lines are right, of all {everything:.0%}"
                    found.append(Todo("add", "", "", reason, f"lines of {name} {word}"))
        return found


class Letters:
    """How characters are read, from the shortest way of turning the truth into the result."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.seen: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], Line] = {}
        for line in lines:
            self.seen.update(line.truth)
            if not line.right:
                self._count(line)

    def _count(self, line: Line) -> None:
        for step in Levenshtein.editops(line.truth, line.text):
            truth = line.truth[step.src_pos] if step.tag != "insert" else ""
            read = line.text[step.dest_pos] if step.tag != "delete" else ""
            self.pairs[truth, read] += 1
            self.missed[truth] += bool(truth)
            self.examples.setdefault((truth, read), line)

    def confusions(self) -> Chapter:
        """Return which characters are taken for which."""
        chapter = Chapter(
            "Confusion pairs",
            "(nothing) on the right: the character is left out; on the left: it is added.",
        )
        rows = []
        for (truth, read), count in self.pairs.most_common(MOST_ROWS):
            line = self.examples[truth, read]
            share = f"{count / self.seen[truth]:.1%}" if truth else ""
            rows.append((shown(truth), shown(read), count, share, line.truth, line.text))
        head = ("in the label", "read as", "times", "of its occurrences", "for example", "read")
        bars = [
            (f"{shown(truth)} → {shown(read)}", count, True)
            for (truth, read), count in self.pairs.most_common(15)
        ]
        if bars:
            chapter.blocks.append(Chart("The most frequent", charts.bars(bars)))
        chapter.blocks.append(Table(head, tuple(rows)))
        chapter.numbers["pairs"] = [
            {"label": truth, "read": read, "times": count}
            for (truth, read), count in self.pairs.most_common()
        ]
        return chapter

    def accuracy(self) -> Chapter:
        """Return the share of occurrences that are read right, by character."""
        rows = sorted(
            ((self.share(one), one) for one in self.seen), key=lambda row: (row[0], row[1])
        )
        chapter = Chapter(
            "Characters", "Share of the occurrences of a character that are read right."
        )
        often = [(share, one) for share, one in rows if self.seen[one] >= SEEN_ENOUGH]
        bars = [
            (f"{shown(one)}  ({self.seen[one]})", percent(share), share < WEAK)
            for share, one in often[:20]
        ]
        title = f"The weakest of those seen {SEEN_ENOUGH} times or more"
        chapter.blocks.append(Chart(title, charts.bars(bars, " %", 100)))
        table = tuple(
            (shown(one), f"U+{ord(one):04X}", self.seen[one], self.missed[one], f"{share:.1%}")
            for share, one in rows
            if share < 1
        )
        chapter.blocks.append(Table(("character", "code", "seen", "missed", "right"), table))
        chapter.numbers["characters"] = [
            {"character": one, "seen": self.seen[one], "right": share} for share, one in rows
        ]
        return chapter

    def share(self, character: str) -> float:
        """Return the share of a character's occurrences that are read right."""
        return 1 - self.missed[character] / self.seen[character]

    def to_add(self) -> list[Todo]:
        """Return the characters of which more samples would help, the most missed first."""
        weak = [one for one in self.seen if self.missed[one] > 1 and self.share(one) < WEAK]
        weak.sort(key=lambda one: (-self.missed[one], one))
        return [
            Todo(
                "add",
                "",
                "",
                f"{self.missed[one]} of {self.seen[one]} are missed",
                f"lines with {shown(one)}",
            )
            for one in weak
        ]


def kind_of(line: Line) -> str:
    """Return in words what is wrong with a line."""
    text, truth = line.text, line.truth
    if not text:
        return "nothing read"
    if text.lower() == truth.lower():
        return "upper and lower case only"
    if text.replace(" ", "") == truth.replace(" ", ""):
        return "spaces only"
    if truth.startswith(text) or truth.endswith(text):
        return "cut off"
    if line.distance > 0.7 and len(truth) > 2:
        return "something else altogether"
    steps = Levenshtein.distance(text, truth)
    return "one character" if steps == 1 else "two or three" if steps < 4 else "many characters"


def relabel(wrong: Sequence[Line]) -> list[Todo]:
    """Return the lines whose label may be wrong: the model is sure of something else."""
    found = []
    for line in sorted(wrong, key=lambda line: (-line.score, line.index)):
        if line.score >= SURE:
            reason = f"the model is sure of another text ({kind_of(line)})"
        elif not line.truth:
            reason = "the label is empty"
        else:
            continue
        found.append(
            Todo("relabel", line.path, line.place, reason, line.label, line.read, line.score)
        )
    return found


def shown(character: str) -> str:
    """Return a character so that it can be seen."""
    if not character:
        return NOTHING
    return (
        "space" if character == " " else character if character.isprintable() else ascii(character)
    )


def bin_name(value: float, edges: Sequence[float]) -> str:
    """Return the name of the bin that a value lies in."""
    place = int(np.searchsorted(edges, value, side="right")) - 1
    return _named(edges, place)


def _named(edges: Sequence[float], place: int) -> str:
    """Return the name of a bin; lengths are whole numbers, so their bins end before the next."""
    low, high = edges[place], edges[place + 1] if place + 1 < len(edges) else None
    if high is None:
        return f"{low:g} and more"
    if edges is not LENGTHS:
        return f"{low:g} to {high:g}"
    return f"{low:g}" if high - low == 1 else f"{low:g} to {high - 1:g}"


def _squeezed(limit: float) -> str:
    return f"red: wider than the network's {limit:.1f}, so squeezed in evaluation" if limit else ""


def _row(name: str, count: int, share: float) -> dict[str, Any]:
    return {"name": name, "samples": count, "right": round(share, 6)}


def _as_numbers(line: Line) -> dict[str, Any]:
    return {
        "place": line.place,
        "path": line.path,
        "label": line.label,
        "read": line.read,
        "score": round(line.score, 4),
        "distance": round(line.distance, 4),
        "kind": kind_of(line),
    }


def _advice(todo: Sequence[Todo]) -> list[str]:
    relabelled = sum(one.what == "relabel" for one in todo)
    added = [one for one in todo if one.what == "add"]
    found = []
    if relabelled:
        found.append(
            f"{relabelled} of the labels are worth a look first (relabel.tsv): the model is sure "
            "of another text."
        )
    if added:
        names = ", ".join(one.label for one in added[:8])
        found.append(f"More samples would help most of: {names} (add.tsv).")
    return found
