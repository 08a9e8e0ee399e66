"""Learning-rate curves that paddle does not have."""

from __future__ import annotations

import math
from typing import Literal

from paddle.optimizer.lr import LRScheduler


class CyclicalCosineDecay(LRScheduler):
    """Half a cosine from the base rate to 0 in every ``cycle`` steps."""

    def __init__(self, learning_rate: float, cycle: float, last_epoch: int = -1) -> None:
        self.cycle = cycle
        super().__init__(learning_rate, last_epoch)

    def get_lr(self) -> float:
        return self.base_lr * _half_cosine((self.last_epoch % self.cycle) / self.cycle)


class TwoStepCosineDecay(LRScheduler):
    """Half a cosine over ``first`` steps, then what one over ``total`` steps has left."""

    def __init__(self, learning_rate: float, first: int, total: int, last_epoch: int = -1) -> None:
        self.first, self.total = first, total
        super().__init__(learning_rate, last_epoch)

    def get_lr(self) -> float:
        length = self.first if self.last_epoch <= self.first else self.total
        return self.base_lr * _half_cosine(self.last_epoch / length)


class OneCycleDecay(LRScheduler):
    """From top / 25 to the top in the first 30 % of the steps, then down to nearly 0.

    Three phases go down as slowly as up, to where they began, and then to nearly 0.
    """

    start_divisor = 25.0
    end_divisor = 1e4
    rise = 0.3

    def __init__(
        self,
        max_lr: float,
        steps: int,
        strategy: Literal["cos", "linear"] = "cos",
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        start = max_lr / self.start_divisor
        end = start / self.end_divisor
        peak = self.rise * steps - 1
        last = steps - 1.0
        if three_phase:
            back = 2 * self.rise * steps - 2
            self.points = [(0.0, start), (peak, max_lr), (back, start), (last, end)]
        else:
            self.points = [(0.0, start), (peak, max_lr), (last, end)]
        self.strategy = strategy
        super().__init__(start, last_epoch)

    def get_lr(self) -> float:
        step = min(float(self.last_epoch), self.points[-1][0])
        after = next(i for i, (place, _) in enumerate(self.points) if i and step <= place)
        (left, low), (right, high) = self.points[after - 1 : after + 1]
        part = (step - left) / (right - left)
        if self.strategy == "cos":
            return high + (low - high) * _half_cosine(part)
        return low + (high - low) * part


def _half_cosine(part: float) -> float:
    """Return 1 at 0, 0 at 1, along a cosine."""
    return 0.5 * (1 + math.cos(math.pi * part))
