"""The loop: epochs of steps, and hooks that are told what happened."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ppocr.training.hooks import Hook
from ppocr.training.state import TrainState


class Trainer:
    """Runs epochs of steps and tells its hooks what happened, in their order.

    It begins where ``state`` says, in the middle of an epoch too, and ends early when a hook has
    written a ``stop_reason``.
    """

    def __init__(self, step: Any, loader: Any, state: TrainState, hooks: Sequence[Hook]) -> None:
        self.step, self.loader, self.state, self.hooks = step, loader, state, list(hooks)

    def fit(self, epochs: int) -> TrainState:
        """Return the state after ``epochs`` epochs in all, or where a hook stopped."""
        state = self.state
        try:
            self._tell("start")
            while state.epoch < epochs and not state.stop_reason:
                self._epoch()
                if state.stop_reason:
                    break
                state.epoch, state.batch = state.epoch + 1, 0
                self._tell("epoch_done")
            self._tell("done")
        finally:
            self._tell("stop")
        return state

    def _epoch(self) -> None:
        state = self.state
        asked = time.perf_counter()
        for batch in self.loader.epoch(state.epoch, state.batch):
            read_s = time.perf_counter() - asked
            losses = self.step(batch)
            state.step += 1
            state.batch += 1
            news = _news(losses, read_s, time.perf_counter() - asked)
            news["skipped"] = bool(getattr(self.step, "skipped", False))
            self._tell("stepped", batch, news)
            if state.stop_reason:
                return
            asked = time.perf_counter()

    def _tell(self, event: str, *news: Any) -> None:
        for hook in self.hooks:
            getattr(hook, event)(self.state, *news)


def _news(losses: Mapping[str, float], read_s: float, batch_s: float) -> dict[str, Any]:
    return {"losses": dict(losses), "read_s": read_s, "batch_s": batch_s}
