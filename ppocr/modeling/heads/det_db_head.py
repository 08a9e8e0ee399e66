"""Head of DB.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.layers.conv import Conv2D, Conv2DTranspose
from ppocr.modeling.layers.init import uniform_by_fan
from ppocr.modeling.layers.norm import BatchNorm, norm_act


class DBHead(nn.Layer):
    """{"maps": ...}: probability, threshold and binary map (N, 3, H, W) in training.

    In evaluation the probability map alone, (N, 1, H, W), 0 to 1. H and W are four times
    those of the input features.

    ``k`` is the steepness of the approximate step between probability and threshold,
    ``kernel_list`` the kernels of the three layers of each branch. ``fix_nan`` replaces
    values that are not numbers by zero in training.
    """

    outputs: ClassVar[tuple[str, ...]] = ("maps",)
    gives: ClassVar[tuple[str, ...]] = ("maps",)  # in training
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        in_channels: int,
        k: int = 50,
        kernel_list: Sequence[int] = (3, 2, 2),
        fix_nan: bool = False,
    ) -> None:
        super().__init__()
        self.k = k
        self.binarize = Branch(in_channels, kernel_list, fix_nan)
        self.thresh = Branch(in_channels, kernel_list, fix_nan)

    def step(self, probability: Tensor, threshold: Tensor) -> Tensor:
        """Return 1 / (1 + exp(-k (probability - threshold)))."""
        return F.sigmoid(self.k * (probability - threshold))

    def forward(self, x_NCHW: Tensor, targets: Any = None) -> dict[str, Tensor]:
        probability = self.binarize(x_NCHW)
        if not self.training:
            return {"maps": probability}
        threshold = self.thresh(x_NCHW)
        binary = self.step(probability, threshold)
        return {"maps": paddle.concat([probability, threshold, binary], axis=1)}


class Branch(nn.Layer):
    """One map (N, 1, 4H, 4W), 0 to 1, of features (N, C, H, W)."""

    def __init__(self, in_channels: int, kernel_list: Sequence[int], fix_nan: bool) -> None:
        super().__init__()
        middle = in_channels // 4
        self.fix_nan = fix_nan
        self.conv1 = Conv2D(
            in_channels, middle, kernel_list[0], padding=kernel_list[0] // 2, bias_attr=False
        )
        self.conv_bn1 = _norm(middle)
        self.conv2 = _enlarge(middle, middle, kernel_list[1])
        self.conv_bn2 = _norm(middle)
        self.conv3 = _enlarge(middle, 1, kernel_list[2])

    def features(self, x_NCHW: Tensor) -> Tensor:
        """Return the features (N, C/4, 2H, 2W) that the last layer turns into a map."""
        x_NCHW = self._mend(norm_act(self.conv_bn1, self.conv1(x_NCHW), "relu"))
        return self._mend(norm_act(self.conv_bn2, self.conv2(x_NCHW), "relu"))

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return F.sigmoid(self.conv3(self.features(x_NCHW)))

    def _mend(self, x_NCHW: Tensor) -> Tensor:
        if not (self.fix_nan and self.training):
            return x_NCHW
        return paddle.where(paddle.isnan(x_NCHW), paddle.zeros_like(x_NCHW), x_NCHW)


def _enlarge(in_channels: int, out_channels: int, kernel_size: int) -> Conv2DTranspose:
    return Conv2DTranspose(
        in_channels,
        out_channels,
        kernel_size,
        stride=2,
        weight_attr=ParamAttr(initializer=initializer.KaimingUniform()),
        bias_attr=uniform_by_fan(in_channels),
    )


def _norm(channels: int) -> BatchNorm:
    return BatchNorm(
        channels,
        weight_attr=ParamAttr(initializer=initializer.Constant(1.0)),
        bias_attr=ParamAttr(initializer=initializer.Constant(1e-4)),
    )
