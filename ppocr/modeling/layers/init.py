"""Initial values that several networks share."""

from __future__ import annotations

import math

from paddle import ParamAttr
from paddle.nn import initializer
from paddle.regularizer import L2Decay


def uniform_by_fan(fan: int, decay: float | None = None) -> ParamAttr:
    """Return settings that draw from the interval of +-1/sqrt(fan).

    ``decay`` gives the parameter an L2 penalty of its own, which replaces the optimizer's.
    """
    limit = 1.0 / math.sqrt(fan)
    return ParamAttr(
        initializer=initializer.Uniform(-limit, limit),
        regularizer=None if decay is None else L2Decay(decay),
    )
