"""What was left out, why and where: no sample disappears uncounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Reject:
    """One sample that was refused. ``broken``: it could not even be read; ``kept``: used anyway."""

    reason: str
    place: str
    detail: str
    broken: bool
    kept: bool = False


class Tally:
    """Counts rejected samples by reason, remembers the first few of each."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.broken_places: set[str] = set()
        self.kept = 0

    def add(self, rejects: Iterable[Reject]) -> None:
        """Count these."""
        for reject in rejects:
            self.reasons[reject.reason] += 1
            self.kept += reject.kept
            if reject.broken:
                self.broken_places.add(reject.place)
            shown = self.examples.setdefault(reject.reason, [])
            if len(shown) < EXAMPLES and reject.detail not in shown:
                shown.append(reject.detail)

    def merge(self, other: Tally) -> None:
        """Count what another process left out of its part."""
        self.reasons.update(other.reasons)
        self.broken_places |= other.broken_places
        self.kept += other.kept
        for reason, details in other.examples.items():
            shown = self.examples.setdefault(reason, [])
            shown += [one for one in details if one not in shown][: EXAMPLES - len(shown)]

    @property
    def total(self) -> int:
        """How many rejections there were."""
        return sum(self.reasons.values())

    def summary(self, most: int = 5) -> str:
        """Return one line: 'too long 3, missing file 1 (a.txt:7: no such file ...)'."""
        parts = []
        for reason, number in self.reasons.most_common(most):
            example = self.examples.get(reason, [""])[0]
            parts.append(f"{reason} {number}" + (f" (such as {example})" if example else ""))
        return ", ".join(parts)
