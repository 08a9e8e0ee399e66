"""When to evaluate, and when to give up: decisions without side effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.config.errors import ConfigError
from ppocr.config.general import General
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


def evaluation_plan(values: General) -> EvaluationPlan:
    """Return when to evaluate, from ``eval_batch_step`` or ``eval_batch_epoch``."""
    given = values.eval_batch_step
    first, every = (
        (given[0], given[1]) if isinstance(given, list) and len(given) == 2 else (0, given)
    )
    if isinstance(every, list):
        raise ConfigError(f"Global.eval_batch_step is a number or [first, every], not {given}")
    if isinstance(given, list) and values.eval_batch_epoch:
        return EvaluationPlan(0, 0, values.epoch_num, values.eval_batch_epoch)
    return EvaluationPlan(every or 0, first, values.epoch_num, values.eval_batch_epoch)


def early_stop(values: General) -> EarlyStop | None:
    """Return the patience of ``Global.early_stop``: a number, or {patience, min_delta}."""
    given = values.early_stop
    if not given:
        return None
    found = {"patience": given} if isinstance(given, int) else dict(given)
    patience, least = found.pop("patience", None), found.pop("min_delta", 0.0)
    whole = isinstance(patience, int) and not isinstance(patience, bool) and patience > 0
    if found or not whole or isinstance(least, bool) or not isinstance(least, int | float):
        raise ConfigError(
            "Global.early_stop is how many evaluations to wait for a gain (at least 1), or "
            f"{{patience: 5, min_delta: 0.001}}, not {given}"
        )
    return EarlyStop(patience, float(least))
