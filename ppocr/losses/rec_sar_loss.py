"""Loss of SAR: cross entropy of every character after the start mark.

Li et al., Show, Attend and Read, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn


class SARLoss(nn.Layer):
    """Mean over all characters of ``label`` (N, L) that are not padding.

    Predictions are scores (N, L, classes); the last one has nothing to be compared with.
    ``ignore_index`` is the label of padding: by default the class after those predicted.
    """

    reads: ClassVar[tuple[str, ...]] = ("label",)

    def __init__(self, ignore_index: int | None = None) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, predicts: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        classes = predicts.shape[2]
        ignored = classes if self.ignore_index is None else self.ignore_index
        label_NL = batch["label"].astype("int64")
        # ignored, not cut off: a slice costs a copy of all scores, and of their gradients
        nothing_N1 = paddle.full([label_NL.shape[0], 1], ignored, dtype="int64")
        target = paddle.concat([label_NL[:, 1:], nothing_N1], axis=1).flatten()
        loss = F.cross_entropy(predicts.reshape([-1, classes]), target, ignore_index=ignored)
        return {"loss": loss}
