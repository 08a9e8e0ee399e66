"""From an ``Optimizer`` section to an optimizer and its learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from paddle import nn
from paddle.optimizer import Optimizer
from paddle.optimizer.lr import LRScheduler

from ppocr.config.errors import ConfigError, Problem
from ppocr.config.section import as_section
from ppocr.optimizer import OPTIMIZERS, REGULARIZERS, SCHEDULES


def build(
    config: Mapping[str, Any], epochs: int, step_each_epoch: int, model: nn.Layer
) -> tuple[Optimizer, LRScheduler | float]:
    """Return the optimizer and its learning rate (see ``ppocr.optimizer.build_optimizer``)."""
    section = as_section(config)
    recipe = OPTIMIZERS.build(section)
    length = {"epochs": epochs, "step_each_epoch": step_each_epoch}
    rate = copy(as_section(recipe.lr, section.where("lr")))
    rate.setdefault("name", "Const")
    learning_rate = SCHEDULES.build(rate, computed=length)()
    decay = recipe.weight_decay
    if recipe.regularizer is not None:
        decay = REGULARIZERS.build(as_section(recipe.regularizer))()
    if not any(parameter.trainable for parameter in model.parameters()):
        raise ConfigError(Problem(section.place, "the network has no trainable parameter"))
    return recipe(model, learning_rate, decay), learning_rate
