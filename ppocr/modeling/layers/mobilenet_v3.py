"""Blocks of MobileNetV3, shared by detection, recognition and classification.

Howard et al., Searching for MobileNetV3, 2019. As in the PaddleOCR line the gate of the
squeeze-and-excitation is ``clip(0.2 x + 0.5)``, and widths are rounded to multiples of 8.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.gate import gated
from ppocr.modeling.layers.norm import Activation, BatchNorm, norm_act

RELU: Activation = "relu"
HARDSWISH: Activation = "hardswish"


class Row(NamedTuple):
    """One inverted residual, at width 1."""

    kernel: int
    middle: int
    out: int
    squeeze: bool
    act: Activation
    stride: int


LARGE = (
    Row(3, 16, 16, False, RELU, 1),
    Row(3, 64, 24, False, RELU, 2),
    Row(3, 72, 24, False, RELU, 1),
    Row(5, 72, 40, True, RELU, 2),
    Row(5, 120, 40, True, RELU, 1),
    Row(5, 120, 40, True, RELU, 1),
    Row(3, 240, 80, False, HARDSWISH, 2),
    Row(3, 200, 80, False, HARDSWISH, 1),
    Row(3, 184, 80, False, HARDSWISH, 1),
    Row(3, 184, 80, False, HARDSWISH, 1),
    Row(3, 480, 112, True, HARDSWISH, 1),
    Row(3, 672, 112, True, HARDSWISH, 1),
    Row(5, 672, 160, True, HARDSWISH, 2),
    Row(5, 960, 160, True, HARDSWISH, 1),
    Row(5, 960, 160, True, HARDSWISH, 1),
)
SMALL = (
    Row(3, 16, 16, True, RELU, 2),
    Row(3, 72, 24, False, RELU, 2),
    Row(3, 88, 24, False, RELU, 1),
    Row(5, 96, 40, True, HARDSWISH, 2),
    Row(5, 240, 40, True, HARDSWISH, 1),
    Row(5, 240, 40, True, HARDSWISH, 1),
    Row(5, 120, 48, True, HARDSWISH, 1),
    Row(5, 144, 48, True, HARDSWISH, 1),
    Row(5, 288, 96, True, HARDSWISH, 2),
    Row(5, 576, 96, True, HARDSWISH, 1),
    Row(5, 576, 96, True, HARDSWISH, 1),
)
LAST_CHANNELS = {"large": 960, "small": 576}
ROWS = {"large": LARGE, "small": SMALL}


def make_divisible(value: float, divisor: int = 8, least: int | None = None) -> int:
    """Return the multiple of ``divisor`` nearest to ``value``, at least 90 % of it."""
    rounded = max(least or divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class ConvBNLayer(nn.Layer):
    """Convolution, batch normalisation and, if one is named, an activation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int | tuple[int, int],
        padding: int,
        groups: int = 1,
        act: Activation | None = None,
    ) -> None:
        super().__init__()
        self.act: Activation | None = act
        self.conv = Conv2D(
            in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias_attr=False
        )
        self.bn = BatchNorm(out_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return norm_act(self.bn, self.conv(x_NCHW), self.act)


class SEModule(nn.Layer):
    """Features weighted per channel by what the whole image shows."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.conv1 = nn.Conv2D(channels, channels // reduction, 1)
        self.conv2 = nn.Conv2D(channels // reduction, channels, 1)

    def forward(self, x_NCHW: Tensor, shortcut: bool = False) -> Tensor:
        """Return weighted features; with ``shortcut`` the features are added to them."""
        weight = self.conv2(F.relu(self.conv1(self.avg_pool(x_NCHW))))
        return gated(x_NCHW, F.hardsigmoid(weight, slope=0.2, offset=0.5), shortcut)


class ResidualUnit(nn.Layer):
    """Inverted residual: widen, filter each channel, weigh, narrow; add the input if it fits."""

    def __init__(
        self,
        in_channels: int,
        mid_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int | tuple[int, int],
        use_se: bool,
        act: Activation,
    ) -> None:
        super().__init__()
        # a stride written as a pair, even (1, 1), never adds the input: weights rely on it
        self.if_shortcut = stride == 1 and in_channels == out_channels
        self.expand_conv = ConvBNLayer(in_channels, mid_channels, 1, 1, 0, act=act)
        self.bottleneck_conv = ConvBNLayer(
            mid_channels,
            mid_channels,
            kernel_size,
            stride,
            (kernel_size - 1) // 2,
            groups=mid_channels,
            act=act,
        )
        self.mid_se = SEModule(mid_channels) if use_se else None
        self.linear_conv = ConvBNLayer(mid_channels, out_channels, 1, 1, 0)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.bottleneck_conv(self.expand_conv(x_NCHW))
        if self.mid_se is not None:
            y_NCHW = self.mid_se(y_NCHW)
        y_NCHW = self.linear_conv(y_NCHW)
        return x_NCHW + y_NCHW if self.if_shortcut else y_NCHW
