"""When to evaluate, and when to give up: decisions without side effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.training.state import TrainState


class EvaluationPlan:
    """When to evaluate: by steps ([start, every] or every) or by epochs."""

    def __init__(
        self,
        every_steps: int,
        first_step: int = 0,
        epochs: int = 0,
        every_epochs: int | None = None,
    ) -> None:
        self.every_steps, self.first_step = every_steps, first_step
        self.epochs, self.every_epochs = epochs, every_epochs or 0

    def after_step(self, state: TrainState) -> bool:
        """Return whether the step just done is one to evaluate after."""
        if self.every_epochs or self.every_steps <= 0:
            return False
        past = state.step - self.first_step
        return past > 0 and past % self.every_steps == 0

    def after_epoch(self, state: TrainState) -> bool:
        """Return whether the epoch just done is one to evaluate after."""
        if state.epoch == self.epochs:  # the last one always
            return True
        return self.every_epochs > 0 and state.epoch % self.every_epochs == 0


class EarlyStop:
    """Gives up after ``patience`` evaluations without a gain of more than ``min_delta``."""

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        self.patience, self.min_delta = patience, min_delta
        self._best: float | None = None
        self._waited = 0

    def exhausted(self, improved_to: float | None) -> bool:
        """Return whether patience is over; ``improved_to`` is the new best score, if it is one."""
        gained = improved_to is not None and (
            self._best is None or improved_to > self._best + self.min_delta
        )
        self._waited = 0 if gained else self._waited + 1
        if gained:
            self._best = improved_to
        return self._waited >= self.patience

    def state(self) -> dict[str, Any]:
        """Return plain values."""
        return {"best": self._best, "waited": self._waited}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over saved values."""
        self._best, self._waited = state.get("best"), int(state.get("waited", 0))
