"""From an ``Optimizer`` section to an optimizer and its learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from paddle import nn
from paddle.optimizer import Optimizer
from paddle.optimizer.lr import LRScheduler

from ppocr.config.errors import ConfigError, Place, Problem
from ppocr.config.section import as_section
from ppocr.optimizer import OPTIMIZERS, REGULARIZERS, SCHEDULES
from ppocr.optimizer.patterns import decay_rates, scale_rates
from ppocr.utils.logs import get_logger

RATES = ("learning_rate", "max_lr", "end_lr", "values")  # what is a rate in a schedule


def build(
    config: Mapping[str, Any],
    epochs: int,
    step_each_epoch: int,
    model: nn.Layer,
    global_batch: int | None = None,
) -> tuple[Optimizer, LRScheduler | float]:
    """Return the optimizer and its learning rate (see ``ppocr.optimizer.build_optimizer``)."""
    section = as_section(config)
    recipe = OPTIMIZERS.build(section)
    length = {"epochs": epochs, "step_each_epoch": step_each_epoch}
    rate = copy(as_section(recipe.lr, section.where("lr")))
    rate.setdefault("name", "Const")
    if recipe.lr_mult:
        scale_rates(model, recipe.lr_mult, section.where("lr_mult"))
    if recipe.layer_decay is not None:
        decay_rates(model, recipe.layer_decay, section.where("layer_decay"))
    schedule = SCHEDULES.build(rate, computed=length)
    if recipe.lr_for_batch is not None:
        _scale(schedule, global_batch, recipe.lr_for_batch, section.where("lr_for_batch"))
    learning_rate = schedule()
    decay = recipe.weight_decay
    if recipe.regularizer is not None:
        decay = REGULARIZERS.build(as_section(recipe.regularizer))()
    if not any(parameter.trainable for parameter in model.parameters()):
        raise ConfigError(Problem(section.place, "the network has no trainable parameter"))
    return recipe(model, learning_rate, decay), learning_rate


def _scale(schedule: Any, real: int | None, meant: int, place: Place) -> None:
    """Multiply every rate of a schedule by real / meant samples per step, in place.

    Goyal et al., Accurate, Large Minibatch SGD, 2017. A ConfigError says that one is not known.
    """
    if meant < 1 or real is None:
        why = f"is at least 1, not {meant}" if meant < 1 else "needs the samples of a step"
        raise ConfigError(Problem(place, f"lr_for_batch {why}"))
    factor = real / meant
    for name in RATES:
        given = getattr(schedule, name, None)
        if isinstance(given, Sequence):
            setattr(schedule, name, [one * factor for one in given])
        elif given is not None:
            setattr(schedule, name, given * factor)
    get_logger().info(
        "learning rate times %g: a step has %d samples, it is meant for %d", factor, real, meant
    )
