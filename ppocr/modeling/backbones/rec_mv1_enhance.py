"""MobileNetV1 with squeeze-and-excitation, the text-line backbone of PP-OCRv2 and v3.

Howard et al., MobileNets, 2017; Du et al., PP-OCRv2: Bag of Tricks for Ultra Lightweight
OCR System, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer
from paddle.regularizer import L2Decay

from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.gate import gated
from ppocr.modeling.layers.norm import BatchNorm, norm_act

Stride = int | Sequence[int]
# width in and out at scale 1, kernel, stride, squeeze-and-excitation
ROWS: tuple[tuple[int, int, int, Stride, bool], ...] = (
    (32, 64, 3, 1, False),
    (64, 128, 3, 1, False),
    (128, 128, 3, 1, False),
    (128, 256, 3, (2, 1), False),
    (256, 256, 3, 1, False),
    (256, 512, 3, (2, 1), False),
    *((512, 512, 5, 1, False),) * 5,
    (512, 1024, 5, (2, 1), True),
)


class MobileNetV1Enhance(nn.Layer):
    """Features (N, 1024 * scale, 1, W') of line images x_NCHW.

    Height 32 becomes one, and so does 48 with an average over ``last_pool_kernel_size``
    of [2, 2] and a ``last_conv_stride`` of [1, 2].
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: float = 0.5,
        last_conv_stride: int | Sequence[int] = 1,
        last_pool_type: Literal["max", "avg"] = "max",
        last_pool_kernel_size: int | Sequence[int] = (3, 2),
    ) -> None:
        super().__init__()
        self.conv1 = ConvBNLayer(in_channels, int(32 * scale), 3, 2)
        rows = (*ROWS, (1024, 1024, 5, last_conv_stride, True))
        self.block_list = nn.Sequential(
            *(
                DepthwiseSeparable(int(width * scale), int(out * scale), kernel, stride, squeeze)
                for width, out, kernel, stride, squeeze in rows
            )
        )
        if last_pool_type == "avg":
            self.pool = nn.AvgPool2D(last_pool_kernel_size, stride=last_pool_kernel_size)
        else:
            self.pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = int(1024 * scale)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.pool(self.block_list(self.conv1(x_NCHW)))


class ConvBNLayer(nn.Layer):
    """Convolution, batch normalisation without weight decay, hard swish."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: Stride, groups: int = 1
    ) -> None:
        super().__init__()
        self._conv = Conv2D(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
            weight_attr=ParamAttr(initializer=initializer.KaimingNormal()),
            bias_attr=False,
        )
        self._batch_norm = BatchNorm(
            out_channels,
            weight_attr=ParamAttr(regularizer=L2Decay(0.0)),
            bias_attr=ParamAttr(regularizer=L2Decay(0.0)),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return norm_act(self._batch_norm, self._conv(x_NCHW), "hardswish")


class DepthwiseSeparable(nn.Layer):
    """Filter of each channel, optionally weighed by the whole image, then a mixture."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: Stride, squeeze: bool
    ) -> None:
        super().__init__()
        self._depthwise_conv = ConvBNLayer(in_channels, in_channels, kernel, stride, in_channels)
        self._se = SEModule(in_channels) if squeeze else None
        self._pointwise_conv = ConvBNLayer(in_channels, out_channels, 1, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = self._depthwise_conv(x_NCHW)
        if self._se is not None:
            x_NCHW = self._se(x_NCHW)
        return self._pointwise_conv(x_NCHW)


class SEModule(nn.Layer):
    """Features weighted per channel by what the whole image shows."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.conv1 = nn.Conv2D(channels, channels // reduction, 1)
        self.conv2 = nn.Conv2D(channels // reduction, channels, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        weight = self.conv2(F.relu(self.conv1(self.avg_pool(x_NCHW))))
        return gated(x_NCHW, F.hardsigmoid(weight))
