"""What a comparison found: stages in the order an image passes them, and a report over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RAW_TOLERANCE = 1e-4
TIE_TOLERANCE = 1e-5
MOST_DETAILS = 5
DESCRIPTION, WEIGHTS = "description", "weights"
PIXELS, TENSOR, RAW, WHOLE = "decoded image", "input tensor", "raw output", "end to end"


@dataclass(slots=True)
class Stage:
    """What was compared at one stage, and how it went."""

    name: str
    compared: int = 0
    largest: float | None = None
    tolerance: float | None = None
    ties: int = 0
    found: str = ""  # what the results hold: nothing found proves little
    faults: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.faults:
            return "differs"
        return "same" if self.compared else "not reached"

    def measure(self, difference: float) -> None:
        self.largest = max(self.largest or 0.0, difference)

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.name,
            "verdict": self.verdict,
            "compared": self.compared,
            "largest_difference": self.largest,
            "tolerance": self.tolerance,
            "ties": self.ties,
            "found": self.found,
            "faults": self.faults,
        }


@dataclass(slots=True)
class Report:
    """The comparison of one exported file with the checkpoint."""

    graph: Path
    stages: dict[str, Stage]
    images: list[str]
    unusable: list[str] = field(default_factory=list)  # by the checkpoint itself

    @property
    def first_difference(self) -> str | None:
        """The name of the first stage that differs."""
        return next((one.name for one in self.stages.values() if one.faults), None)

    @property
    def ok(self) -> bool:
        return self.first_difference is None

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.graph.name,
            "ok": self.ok,
            "first_difference": self.first_difference,
            "stages": [stage.as_json() for stage in self.stages.values()],
            "images": self.images,
            "unusable_images": self.unusable,
        }

    def table(self) -> list[str]:
        """Return the lines of a short table."""
        lines = [f"{self.graph.name} against the checkpoint, {len(self.images)} images"]
        if self.unusable:
            lines.append(f"  the checkpoint cannot use {', '.join(self.unusable)}")
        for stage in self.stages.values():
            if stage.verdict == "not reached" and stage.name == DESCRIPTION:
                continue
            largest = "" if stage.largest is None else f"{stage.largest:.1e}"
            limit = "" if stage.tolerance is None else f"<= {stage.tolerance:.0e}"
            notes = [stage.found, f"{stage.ties} on a threshold" if stage.ties else ""]
            note = ", ".join(filter(None, notes))
            row = f"  {stage.name:<14} {stage.verdict:<12} {stage.compared:>4}"
            lines.append(f"{row} {largest:>9} {limit:<9} {note}".rstrip())
            lines += [f"      {text}" for text in stage.faults[:MOST_DETAILS]]
            if len(stage.faults) > MOST_DETAILS:
                lines.append(f"      ... and {len(stage.faults) - MOST_DETAILS} more")
        verdict = (
            "gives the same results" if self.ok else f"differs first at: {self.first_difference}"
        )
        return [*lines, f"  {self.graph.name} {verdict}"]
