"""Learning-rate schedules: what the section gives; calling one gives the thing to step.

Schedules count batches, not epochs: lengths given in epochs are multiplied by
``step_each_epoch``. ``warmup_epoch`` raises the rate linearly from 0 before the schedule
begins; it shifts the schedule and does not shorten it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paddle.optimizer import lr

from ppocr.optimizer.curves import CyclicalCosineDecay, OneCycleDecay, TwoStepCosineDecay

Rate = lr.LRScheduler | float


class Const:
    """Always ``learning_rate``; a plain number when there is no warm-up."""

    def __init__(
        self,
        learning_rate: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        return _warm(self.learning_rate, self.warmup_steps, self.learning_rate)


class Cosine:
    """Half a cosine from ``learning_rate`` to 0 over all epochs.

    Loshchilov and Hutter, SGDR, 2017, without restarts.
    """

    def __init__(
        self,
        learning_rate: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.steps = epochs * step_each_epoch
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = lr.CosineAnnealingDecay(self.learning_rate, T_max=self.steps)
        return _warm(curve, self.warmup_steps, self.learning_rate)


class Linear:
    """Polynomial of degree ``power`` (a line by default) to ``end_lr`` over all epochs."""

    def __init__(
        self,
        learning_rate: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        end_lr: float = 0.0,
        power: float = 1.0,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate, self.end_lr, self.power = learning_rate, end_lr, power
        self.steps = epochs * step_each_epoch
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = lr.PolynomialDecay(
            self.learning_rate, decay_steps=self.steps, end_lr=self.end_lr, power=self.power
        )
        return _warm(curve, self.warmup_steps, self.learning_rate)


class Step:
    """Multiplied by ``gamma`` after every ``step_size`` epochs."""

    def __init__(
        self,
        learning_rate: float,
        step_size: int,
        gamma: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate, self.gamma = learning_rate, gamma
        self.step_size = step_size * step_each_epoch
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = lr.StepDecay(self.learning_rate, step_size=self.step_size, gamma=self.gamma)
        return _warm(curve, self.warmup_steps, self.learning_rate)


class MultiStepDecay:
    """Multiplied by ``gamma`` at each epoch of ``milestones``."""

    def __init__(
        self,
        learning_rate: float,
        milestones: Sequence[int],
        gamma: float = 0.1,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate, self.gamma = learning_rate, gamma
        self.milestones = [epoch * step_each_epoch for epoch in milestones]
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = lr.MultiStepDecay(self.learning_rate, self.milestones, self.gamma)
        return _warm(curve, self.warmup_steps, self.learning_rate)


class Piecewise:
    """``values[i]`` until epoch ``decay_epochs[i]``, the last value afterwards."""

    def __init__(
        self,
        decay_epochs: Sequence[int],
        values: Sequence[float],
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        if len(values) != len(decay_epochs) + 1:
            raise ValueError(
                f"{len(decay_epochs)} decay_epochs need {len(decay_epochs) + 1} values, "
                f"not {len(values)}"
            )
        self.boundaries = [epoch * step_each_epoch for epoch in decay_epochs]
        self.values = list(values)
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = lr.PiecewiseDecay(self.boundaries, self.values)
        return _warm(curve, self.warmup_steps, self.values[0])


class CyclicalCosine:
    """Half a cosine from ``learning_rate`` to 0 in every ``cycle`` epochs."""

    def __init__(
        self,
        learning_rate: float,
        cycle: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.cycle = cycle * step_each_epoch
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = CyclicalCosineDecay(self.learning_rate, self.cycle)
        return _warm(curve, self.warmup_steps, self.learning_rate)


class OneCycle:
    """Up to ``max_lr`` and down again, once over all epochs.

    Smith and Topin, Super-Convergence, 2019. After the last batch the rate stays.
    """

    def __init__(
        self,
        max_lr: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        three_phase: bool = False,
        warmup_epoch: float = 0,
    ) -> None:
        self.max_lr = max_lr
        self.steps = epochs * step_each_epoch
        self.anneal_strategy, self.three_phase = anneal_strategy, three_phase
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = OneCycleDecay(self.max_lr, self.steps, self.anneal_strategy, self.three_phase)
        return _warm(curve, self.warmup_steps, self.max_lr)


class TwoStepCosine:
    """Half a cosine over ``first_epochs``, then the curve that spans all epochs."""

    def __init__(
        self,
        learning_rate: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        first_epochs: int = 200,
        warmup_epoch: float = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.first_steps = first_epochs * step_each_epoch
        self.steps = epochs * step_each_epoch
        self.warmup_steps = round(warmup_epoch * step_each_epoch)

    def __call__(self) -> Rate:
        curve = TwoStepCosineDecay(self.learning_rate, self.first_steps, self.steps)
        return _warm(curve, self.warmup_steps, self.learning_rate)


class DecayLearningRate:
    """Polynomial of degree ``factor`` from ``learning_rate`` to ``end_lr`` over all epochs.

    ``ends_at_zero`` ignores ``end_lr``, as the published models were trained.
    """

    def __init__(
        self,
        learning_rate: float,
        epochs: int = 1,
        step_each_epoch: int = 1,
        factor: float = 0.9,
        end_lr: float = 0.0,
        ends_at_zero: bool = False,
    ) -> None:
        self.learning_rate, self.factor = learning_rate, factor
        self.end_lr = 0.0 if ends_at_zero else end_lr
        self.steps = epochs * step_each_epoch

    def __call__(self) -> Rate:
        return lr.PolynomialDecay(
            self.learning_rate, decay_steps=self.steps, end_lr=self.end_lr, power=self.factor
        )


def _warm(rate: Rate, warmup_steps: int, top: float) -> Rate:
    if warmup_steps <= 0:
        return rate
    return lr.LinearWarmup(rate, warmup_steps=warmup_steps, start_lr=0.0, end_lr=top)
