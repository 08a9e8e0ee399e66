"""Where a run stands: what is saved in ``.states`` and read back to go on exactly there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# the keys that the original writes; the rest of ours stands under one key of its own
BEST, EPOCH, STEP, OURS = "best_model_dict", "epoch", "global_step", "progress"


@dataclass(slots=True)
class TrainState:
    """Progress of a run. ``epoch`` and ``batch`` count what is done, so both start at 0.

    ``best`` holds the metrics of the best evaluation so far, with ``best_epoch`` and the counts.
    ``extra`` is what hooks want to find again (random state, smoothing windows, patience).
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    stop_reason: str = ""

    def to_states(self) -> dict[str, Any]:
        """Return plain values for the ``.states`` file; epochs count from 1 there."""
        under_way = self.epoch + (1 if self.batch else 0)
        return {
            BEST: dict(self.best),
            EPOCH: under_way,
            STEP: self.step,
            OURS: {"epoch": self.epoch, "batch": self.batch, "extra": self.extra},
        }

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> TrainState:
        """Return the state a file describes; one of the original goes on with the next epoch."""
        ours = states.get(OURS) or {"epoch": states.get(EPOCH, 0), "batch": 0, "extra": {}}
        return cls(
            epoch=int(ours["epoch"]),
            batch=int(ours["batch"]),
            step=int(states.get(STEP, 0)),
            best=dict(states.get(BEST) or {}),
            extra=dict(ours.get("extra") or {}),
        )


def is_better(score: float, best: float | None) -> bool:
    """Return whether a score beats the best so far: strictly, and only if it is a number."""
    if not math.isfinite(score):
        return False
    return best is None or not math.isfinite(best) or score > best
