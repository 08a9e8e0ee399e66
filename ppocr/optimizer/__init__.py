"""Optimizers, learning-rate schedules and penalties, as the ``Optimizer`` section names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ppocr.config.registry import Registry

if TYPE_CHECKING:
    from paddle import nn
    from paddle.optimizer import Optimizer
    from paddle.optimizer.lr import LRScheduler

__all__ = ["OPTIMIZERS", "REGULARIZERS", "SCHEDULES", "build_optimizer"]

OPTIMIZERS = Registry(
    "Optimizer",
    "ppocr.optimizer",
    {
        "any": {
            "Adadelta": ".optimizers",
            "Adam": ".optimizers",
            "AdamW": ".optimizers",
            "Momentum": ".optimizers",
            "RMSProp": ".optimizers",
        }
    },
)

SCHEDULES = Registry(
    "Schedule",
    "ppocr.optimizer",
    {
        "any": {
            "Const": ".schedules",
            "Cosine": ".schedules",
            "CyclicalCosine": ".schedules",
            "DecayLearningRate": ".schedules",
            "Linear": ".schedules",
            "MultiStepDecay": ".schedules",
            "OneCycle": ".schedules",
            "Piecewise": ".schedules",
            "Step": ".schedules",
            "TwoStepCosine": ".schedules",
        }
    },
    computed=("epochs", "step_each_epoch"),
)

REGULARIZERS = Registry(
    "Regularizer",
    "ppocr.optimizer",
    {
        "any": {
            "L1": ".regularizers:L1Decay",
            "L1Decay": ".regularizers",
            "L2": ".regularizers:L2Decay",
            "L2Decay": ".regularizers",
        }
    },
)


def build_optimizer(
    config: Mapping[str, Any],
    epochs: int,
    step_each_epoch: int,
    model: nn.Layer,
    global_batch: int | None = None,
) -> tuple[Optimizer, LRScheduler | float]:
    """Return the optimizer over the trainable parameters of ``model``, and its learning rate.

    The learning rate is a schedule to be stepped after every batch, or a plain number
    where the ``lr`` section names neither a schedule nor a warm-up. ``global_batch`` is the number
    of samples per step over all ranks; only ``lr_for_batch`` asks for it.
    """
    from ppocr.optimizer.build import build

    return build(config, epochs, step_each_epoch, model, global_batch)
