"""Loss of image classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn


class ClsLoss(nn.Layer):
    """Mean cross entropy of logits (N, classes) and ``label`` (N)."""

    reads: ClassVar[tuple[str, ...]] = ("label",)

    def __init__(self) -> None:
        super().__init__()

    def forward(self, predicts: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": F.cross_entropy(predicts, batch["label"].astype("int64"))}
