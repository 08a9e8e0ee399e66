"""Compares how often each character is seen with how often it is there.

Xie et al., Aggregation Cross-Entropy for Sequence Recognition, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

TINY = 1e-10


class ACELoss(nn.Layer):
    """{"loss_ace": mean cross entropy of class frequencies}.

    Predictions are logits (N, T, classes), or a sequence whose last entry they are.
    ``label_ace`` (N, classes) counts each character of the label, ``length`` (N) all; what
    is left of T counts as blank.

    With ``softmax_twice`` the frequencies are taken for scores once more, and every sample
    keeps its own number, as in the original.
    """

    reads: ClassVar[tuple[str, ...]] = ("length", "label_ace")

    def __init__(self, softmax_twice: bool = False) -> None:
        super().__init__()
        self.softmax_twice = softmax_twice

    def forward(self, predicts: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        logits_NTC = predicts[-1] if isinstance(predicts, list | tuple) else predicts
        steps = logits_NTC.shape[1]
        seen_NC = F.softmax(logits_NTC, axis=-1).mean(axis=1)
        blank_N1 = (steps - batch["length"].astype(seen_NC.dtype)).unsqueeze(1)
        counts_NC = paddle.concat([blank_N1, batch["label_ace"].astype(seen_NC.dtype)[:, 1:]], 1)
        if self.softmax_twice:
            return {"loss_ace": -(counts_NC / steps * F.log_softmax(seen_NC, axis=-1)).sum(axis=1)}
        return {"loss_ace": -(counts_NC / steps * paddle.log(seen_NC + TINY)).sum(axis=1).mean()}
