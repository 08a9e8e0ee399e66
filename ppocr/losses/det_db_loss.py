"""Loss of DB.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import paddle
from paddle import Tensor, nn

from ppocr.losses.det_basic_loss import BalanceLoss, DiceLoss, MainLoss, MaskL1Loss


class DBLoss(nn.Layer):
    """{"loss", "loss_shrink_maps", "loss_threshold_maps", "loss_binary_maps", "loss_cbn"}.

    ``alpha`` weighs the probability map, ``beta`` the threshold map. ``balance_loss`` and
    ``ohem_ratio`` limit the background that counts (see BalanceLoss). "loss_cbn" is the
    loss of the local head's map, and 0 without a local head.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "threshold_map",
        "threshold_mask",
        "shrink_map",
        "shrink_mask",
    )

    def __init__(
        self,
        balance_loss: bool = True,
        main_loss_type: MainLoss = "DiceLoss",
        alpha: float = 5,
        beta: float = 10,
        ohem_ratio: float = 3,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.shrink_loss = BalanceLoss(main_loss_type, balance_loss, ohem_ratio, eps)
        self.threshold_loss = MaskL1Loss(eps)
        self.binary_loss = DiceLoss(eps)

    def forward(
        self, predicts: Mapping[str, Tensor], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        probability, threshold, binary = predicts["maps"].unbind(1)
        shrink, mask = batch["shrink_map"], batch["shrink_mask"]
        parts = {
            "loss_shrink_maps": self.alpha * self.shrink_loss(probability, shrink, mask),
            "loss_threshold_maps": self.beta
            * self.threshold_loss(threshold, batch["threshold_map"], batch["threshold_mask"]),
            "loss_binary_maps": self.binary_loss(binary, shrink, mask),
        }
        if "cbn_maps" in predicts:
            parts["loss_cbn"] = self.shrink_loss(predicts["cbn_maps"].squeeze(1), shrink, mask)
        else:
            parts["loss_cbn"] = paddle.zeros([])
        return {"loss": sum(parts.values(), paddle.zeros([])), **parts}
