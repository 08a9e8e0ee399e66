"""Penalties on the size of weights."""

from __future__ import annotations

from paddle import regularizer


class L1Decay:
    """Calling it gives a penalty of ``factor`` times the sum of absolute weights."""

    def __init__(self, factor: float = 0.0) -> None:
        self.factor = factor

    def __call__(self) -> regularizer.L1Decay:
        return regularizer.L1Decay(self.factor)


class L2Decay:
    """Calling it gives the factor itself: optimizers take a number as L2 penalty.

    AdamW takes the same number as its decoupled decay.
    """

    def __init__(self, factor: float = 0.0) -> None:
        self.factor = factor

    def __call__(self) -> float:
        return self.factor
