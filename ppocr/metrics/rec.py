"""Accuracy of recognised lines."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any, ClassVar, Literal

from rapidfuzz.distance import Levenshtein

from ppocr.text.charset import Charset

LETTERS_AND_DIGITS = frozenset(string.ascii_letters + string.digits)
MOST_EXAMPLES = 5


@dataclass(slots=True)
class Totals:
    """What was counted on some lines.

    ``edits`` says how many lines need so many edits and are so long: from whole numbers the sum
    of distances is the same in whatever order, and by however many processes, they were counted.
    """

    lines: int = 0
    right: int = 0
    right_with_space: int = 0
    right_without_space: int = 0
    empty: int = 0
    unwritable: int = 0
    edits: Counter[tuple[int, int]] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Totals) -> None:
        """Count these lines too."""
        self.lines += other.lines
        self.right += other.right
        self.right_with_space += other.right_with_space
        self.right_without_space += other.right_without_space
        self.empty += other.empty
        self.unwritable += other.unwritable
        self.edits.update(other.edits)
        self.wrong += other.wrong[: MOST_EXAMPLES - len(self.wrong)]

    @property
    def distance(self) -> float:
        """Sum over the lines of their edits, each as a part of the longer of the two texts."""
        return fsum(number * (edits / longer) for (edits, longer), number in self.edits.items())


Indicator = Literal["acc", "norm_edit_dis", "acc_with_space", "acc_without_space"]


class RecMetric:
    """Share of lines read without a mistake, and mean similarity by edit distance.

    Results are compared with the true text as it stands in the label file, so a character
    that the dictionary lacks counts as a mistake. `unknown="delete"` takes such characters out
    of the truth first, which is what the original measures. `ignore_space` takes spaces out of
    both sides, `is_filter` everything but Latin letters and digits, in small letters.
    `smoothing` is added to the number of lines; the original adds 1e-5.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(
        self,
        main_indicator: Indicator = "acc",
        is_filter: bool = False,
        ignore_space: bool = True,
        unknown: Literal["count", "delete"] = "count",
        smoothing: float = 0.0,
    ) -> None:
        self.main_indicator = main_indicator
        self.is_filter = is_filter
        self.ignore_space = ignore_space
        self.unknown = unknown
        self.smoothing = smoothing
        self._charset: Charset | None = None
        self.reset()

    def compare_with(self, charset: Charset) -> None:
        """Compare truths in the case and direction in which this set is decoded."""
        self._charset = charset

    def __call__(
        self, results: Sequence[tuple[str, float]], batch: Mapping[str, Any]
    ) -> dict[str, float]:
        """Count a batch of `(text, score)` against `batch["text"]`; return its own figures."""
        return self.update(results, batch["text"])

    def update(
        self, results: Sequence[tuple[str, float]], truths: Iterable[str]
    ) -> dict[str, float]:
        """Count results against their true texts; return the figures of these alone."""
        these = Totals()
        for (text, *_), truth in zip(results, truths, strict=True):
            self._count(text, truth, these)
        self._totals.add(these)
        return self._figures(these)

    def miss(self, batch: Mapping[str, Any]) -> None:
        """Count lines that could not be read: all of each is wrong, whatever its text."""
        lines = len(batch["text"])
        self._totals.add(Totals(lines=lines, empty=lines, edits=Counter({(1, 1): lines})))

    def state(self) -> Totals:
        """Return everything counted, for the `merge` of another process."""
        return self._totals

    def merge(self, state: Totals) -> None:
        """Add what another process counted on other lines."""
        self._totals.add(state)

    def get_metric(self) -> dict[str, float]:
        """Return the figures of everything counted, and begin again.

        `acc` and `norm_edit_dis` follow the settings; `acc_with_space` and
        `acc_without_space` are the accuracy with spaces compared and not.
        """
        totals = self._totals
        figures = self._figures(totals)
        number = max(totals.lines, 1)
        figures["acc_with_space"] = totals.right_with_space / number
        figures["acc_without_space"] = totals.right_without_space / number
        self._said = self._explain()
        self._totals = Totals()
        return figures

    def reset(self) -> None:
        """Forget everything counted."""
        self._totals = Totals()
        self._said = ""

    def explain(self) -> str:
        """Return in words what was counted last, and what may be wrong where nothing is right."""
        return self._explain() if self._totals.lines else self._said

    def compared(self, text: str, truth: str) -> tuple[str, str]:
        """Return a result and its truth as they are held against each other."""
        text, truth, _ = self._prepared(text, truth)
        return _bare(text, truth) if self.ignore_space else (text, truth)

    def _prepared(self, text: str, truth: str) -> tuple[str, str, bool]:
        """Return both with their spaces, and whether the dictionary lacks a character."""
        lost = False
        if self._charset is not None:
            truth, lost = self._as_decoded(self._charset, truth)
        if self.is_filter:
            text, truth = _filtered(text), _filtered(truth)
        return text, truth, lost

    def _count(self, text: str, truth: str, totals: Totals) -> None:
        text, truth, lost = self._prepared(text, truth)
        totals.unwritable += lost
        bare_text, bare_truth = _bare(text, truth)
        totals.right_with_space += text == truth
        totals.right_without_space += bare_text == bare_truth
        totals.empty += not text
        if self.ignore_space:
            text, truth = bare_text, bare_truth
        totals.lines += 1
        totals.right += text == truth
        if text != truth:
            edits = Levenshtein.distance(text, truth)
            totals.edits[edits, max(len(text), len(truth))] += 1
            if len(totals.wrong) < MOST_EXAMPLES:
                totals.wrong.append((text, truth))

    def _as_decoded(self, charset: Charset, truth: str) -> tuple[str, bool]:
        """Return a truth as the decoder would write it, and whether it could not write all."""
        lost = bool(charset.split(truth)[1])
        if self.unknown == "delete":
            truth = charset.known(truth)
        return charset.comparable(truth), lost

    def _figures(self, totals: Totals) -> dict[str, float]:
        number = totals.lines + self.smoothing
        if not number:
            return {"acc": 0.0, "norm_edit_dis": 0.0}
        return {"acc": totals.right / number, "norm_edit_dis": 1 - totals.distance / number}

    def _explain(self) -> str:
        totals = self._totals
        if not totals.lines:
            return "no line was compared: the evaluation set gave no sample"
        said = [f"{totals.right} of {totals.lines} lines are right"]
        if totals.unwritable:
            said.append(f"{totals.unwritable} hold a character that the dictionary lacks")
        if totals.empty == totals.lines:
            said.append(
                "every result is empty: the model has not begun to read, or its weights were "
                "not loaded"
            )
        elif totals.empty:
            said.append(f"{totals.empty} results are empty")
        if not totals.right and totals.wrong:
            shown = ", ".join(f"{text!r} for {truth!r}" for text, truth in totals.wrong)
            said.append(f"read {shown}")
        return "; ".join(said)


def _filtered(text: str) -> str:
    return "".join(one for one in text if one in LETTERS_AND_DIGITS).lower()


def _bare(text: str, truth: str) -> tuple[str, str]:
    return text.replace(" ", ""), truth.replace(" ", "")
