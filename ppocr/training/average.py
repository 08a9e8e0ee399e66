"""A running average of the weights: smoother than the weights themselves, and what is evaluated.

Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the warm-up of
the decay follows common practice, because the first weights are worth little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import paddle

WARM_STEPS = 2000.0  # of the exponential kind


class Average:
    """Keeps decay * average + (1 - decay) * weights of everything that floats in the state.

    ``kind`` says how the decay grows: ``threshold`` min(decay, (1 + n) / (10 + n)),
    ``exponential`` decay * (1 - exp(-(n + 1) / 2000)), ``normal`` decay from the start.
    """

    def __init__(
        self,
        model: Any,
        decay: float = 0.9998,
        kind: Literal["threshold", "exponential", "normal"] = "threshold",
    ) -> None:
        self.model, self.decay, self.kind = model, decay, kind
        self.updates = 0
        self.values = {
            key: value.detach().clone()
            for key, value in model.state_dict().items()
            if value.is_floating_point()
        }

    def update(self) -> None:
        """Take the weights of this step in."""
        decay = self._decay()
        self.updates += 1
        state = self.model.state_dict()
        with paddle.no_grad():
            for key, average in self.values.items():
                average.scale_(decay).add_(state[key].detach() * (1 - decay))

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside this block the model has the averaged weights."""
        state = self.model.state_dict()
        trained = {key: state[key].detach().clone() for key in self.values}
        try:
            for key, average in self.values.items():
                state[key].set_value(average)
            yield
        finally:
            for key, value in trained.items():
                state[key].set_value(value)

    def state(self) -> dict[str, Any]:
        """Return plain values."""
        arrays = {key: value.numpy() for key, value in self.values.items()}
        return {"updates": self.updates, "values": arrays}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over saved values."""
        if not state:
            return
        self.updates = int(state["updates"])
        for key, array in state["values"].items():
            if key in self.values:
                self.values[key].set_value(np.asarray(array))

    def _decay(self) -> float:
        if self.kind == "threshold":
            return min(self.decay, (1 + self.updates) / (10 + self.updates))
        if self.kind == "exponential":
            return self.decay * (1 - math.exp(-(self.updates + 1) / WARM_STEPS))
        return self.decay
