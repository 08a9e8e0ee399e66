"""Loss of connectionist temporal classification.

Graves et al., Connectionist Temporal Classification, 2006; the focal weight follows
Feng et al., Focal CTC Loss for Chinese Optical Character Recognition, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn


class CTCLoss(nn.Layer):
    """Mean over the samples of the negative log likelihood of each label; blank is class 0.

    Predictions are logits (N, T, classes), or a sequence whose last entry they are.
    ``use_focal_loss`` weighs each sample with (1 - its likelihood) squared.
    """

    reads: ClassVar[tuple[str, ...]] = ("label", "length")

    def __init__(self, use_focal_loss: bool = False) -> None:
        super().__init__()
        self.use_focal_loss = use_focal_loss

    def forward(
        self, predicts: Tensor | list[Tensor] | tuple[Tensor, ...], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        logits_NTC = predicts[-1] if isinstance(predicts, list | tuple) else predicts
        count, steps = logits_NTC.shape[:2]
        loss_N = F.ctc_loss(
            logits_NTC.transpose([1, 0, 2]),
            batch["label"].astype("int32"),
            paddle.full([count], steps, dtype="int64"),
            batch["length"].astype("int64"),
            blank=0,
            reduction="none",
        )
        if self.use_focal_loss:
            loss_N = loss_N * (1.0 - paddle.exp(-loss_N)).square()
        return {"loss": loss_N.mean()}
