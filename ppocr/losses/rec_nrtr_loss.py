"""Loss of NRTR: cross entropy with smoothed labels.

Sheng et al., NRTR, 2019; Szegedy et al., Rethinking the Inception Architecture, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn

SMOOTHING = 0.1


class NRTRLoss(nn.Layer):
    """Mean over the characters of ``label`` (N, L) after the start mark, up to the longest.

    Predictions are logits (N, L', classes). With ``smoothing`` a tenth of the weight goes
    to the other classes evenly and label 0, padding, is left out; without it,
    ``ignore_index`` is left out.
    """

    reads: ClassVar[tuple[str, ...]] = ("label", "length")

    def __init__(self, smoothing: bool = True, ignore_index: int = 0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.ignore_index = ignore_index

    def forward(self, predicts: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        longest = int(batch["length"].max().item())
        target = batch["label"].astype("int64")[:, 1 : 2 + longest].flatten()
        classes = predicts.shape[-1]
        logits = predicts.reshape([-1, classes])
        if not self.smoothing:
            return {"loss": F.cross_entropy(logits, target, ignore_index=self.ignore_index)}
        log_probs = F.log_softmax(logits, axis=1)
        others = SMOOTHING / (classes - 1)
        right = log_probs.take_along_axis(target.unsqueeze(1), axis=1).squeeze(1)
        loss = -((1 - SMOOTHING - others) * right + others * log_probs.sum(axis=1))
        is_text = (target != 0).astype(loss.dtype)
        return {"loss": (loss * is_text).sum() / is_text.sum()}
