"""One label for the whole image, such as the angle of a text line."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer


class ClsHead(nn.Layer):
    """Logits (N, class_dim) in training, probabilities of the same shape in evaluation."""

    outputs: ClassVar[tuple[str, ...]] = ("probs",)
    gives: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, in_channels: int, class_dim: int) -> None:
        super().__init__()
        limit = 1.0 / math.sqrt(in_channels)
        values = initializer.Uniform(-limit, limit)
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.fc = nn.Linear(
            in_channels,
            class_dim,
            weight_attr=ParamAttr(name="fc_0.w_0", initializer=values),
            bias_attr=ParamAttr(name="fc_0.b_0"),
        )

    def forward(self, x_NCHW: Tensor, targets: Any = None) -> Tensor:
        logits_NC = self.fc(self.pool(x_NCHW).flatten(1))
        return logits_NC if self.training else F.softmax(logits_NC, axis=1)
