"""Loss of the attention head.

Shi et al., Robust Scene Text Recognition with Automatic Rectification (RARE), 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn


class AttentionLoss(nn.Layer):
    """Cross entropy of logits (N, L, classes) and ``label`` (N, L), summed over everything."""

    reads: ClassVar[tuple[str, ...]] = ("label", "length")

    def __init__(self) -> None:
        super().__init__()

    def forward(self, predicts: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        label_NL = batch["label"].astype("int64")
        if label_NL.shape != predicts.shape[:2]:
            raise ValueError(
                f"the head wrote {predicts.shape[1]} characters, labels have {label_NL.shape[1]}: "
                "max_text_length of head and labels differ"
            )
        logits = predicts.flatten(0, 1)
        return {"loss": F.cross_entropy(logits, label_NL.flatten(), reduction="sum")}
