"""Pixel losses of detection and the balance between text and background."""

from __future__ import annotations

from typing import Literal

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

MainLoss = Literal["CrossEntropy", "DiceLoss", "Euclidean", "BCELoss", "MaskL1Loss"]


class DiceLoss(nn.Layer):
    """1 - 2 |A and B| / (|A| + |B|) over all pixels of the batch that the mask keeps.

    Milletari et al., V-Net, 2016.
    """

    def __init__(self, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps

    def forward(
        self, pred: Tensor, truth: Tensor, mask: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        if weights is not None:
            mask = weights * mask
        kept = pred * mask
        overlap = (kept * truth).sum()
        total = kept.sum() + (truth * mask).sum() + self.eps
        return 1 - 2.0 * overlap / total


class MaskL1Loss(nn.Layer):
    """Mean absolute difference of the pixels that the mask keeps."""

    def __init__(self, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, pred: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
        return ((pred - truth).abs() * mask).sum() / (mask.sum() + self.eps)


class PixelLoss(nn.Layer):
    """Loss of each pixel: cross entropy of probabilities, or squared difference."""

    def __init__(self, kind: Literal["cross_entropy", "square"]) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, pred: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
        if self.kind == "square":
            return (pred - truth).square()
        return F.binary_cross_entropy(pred, truth, reduction="none")


class BalanceLoss(nn.Layer):
    """Loss over all text pixels and the worst background pixels, ``negative_ratio`` per text pixel.

    Shrivastava et al., Training Region-based Object Detectors with Online Hard Example
    Mining, 2016. A batch without text has loss 0. A main loss that is a single number
    (Dice, masked L1) has no worst pixels: the balance then scales it with
    pixels / (pixels + eps), which leaves it as it is unless there is no text.
    """

    def __init__(
        self,
        main_loss_type: MainLoss = "DiceLoss",
        balance_loss: bool = True,
        negative_ratio: float = 3.0,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.balance_loss = balance_loss
        self.negative_ratio = negative_ratio
        self.eps = eps
        self.loss = _main_loss(main_loss_type, eps)

    def forward(self, pred: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
        loss = self.loss(pred, truth, mask)
        if not self.balance_loss:
            return loss.mean() if loss.ndim else loss
        positive = truth * mask
        negative = (1 - truth) * mask
        positive_count = positive.sum().floor()
        wanted = positive_count * self.negative_ratio
        negative_count = paddle.minimum(negative.sum(), wanted).floor()
        pixels = positive_count + negative_count + self.eps
        if loss.ndim == 0:
            return loss * (positive.sum() + negative_count) / pixels
        worst = paddle.sort((negative * loss).flatten(), descending=True)
        rank = paddle.arange(worst.shape[0], dtype=worst.dtype)
        chosen = worst * (rank < negative_count).astype(worst.dtype)
        return ((positive * loss).sum() + chosen.sum()) / pixels


def _main_loss(name: str, eps: float) -> nn.Layer:
    if name == "DiceLoss":
        return DiceLoss(eps)
    if name == "MaskL1Loss":
        return MaskL1Loss(eps)
    return PixelLoss("square" if name == "Euclidean" else "cross_entropy")
