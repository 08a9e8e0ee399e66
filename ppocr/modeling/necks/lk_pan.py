"""Path aggregation with large kernels, of PP-OCRv3 teachers and PP-OCRv4 and v5 server models.

Li et al., PP-OCRv3, 2022; Liu et al., Path Aggregation Network, 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.layers.attention import kaiming_uniform
from ppocr.modeling.layers.norm import BatchNorm
from ppocr.modeling.layers.upsample import upsample_nearest

LARGE_KERNEL = 9


class LKPAN(nn.Layer):
    """One map (N, out_channels, H/4, W/4) joined from maps of 1/4, 1/8, 1/16 and 1/32.

    ``mode`` lite replaces large kernels by separable ones; ``intracl`` adds, to every
    map, what its columns and rows have in common.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int = 256,
        mode: Literal["large", "lite"] = "large",
        intracl: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        narrow = out_channels // 4
        wide_conv = _large_conv if mode == "large" else DSConv
        self.ins_conv = nn.LayerList()
        self.inp_conv = nn.LayerList()
        self.pan_head_conv = nn.LayerList()
        self.pan_lat_conv = nn.LayerList()
        for index, width in enumerate(in_channels):
            self.ins_conv.append(_conv(width, out_channels, 1))
            self.inp_conv.append(wide_conv(out_channels, narrow))
            if index > 0:
                self.pan_head_conv.append(_conv(narrow, narrow, 3, stride=2))
            self.pan_lat_conv.append(wide_conv(narrow, narrow))
        self.intracl = intracl
        if intracl:
            self.incl1 = IntraCLBlock(narrow, reduce_factor=2)
            self.incl2 = IntraCLBlock(narrow, reduce_factor=2)
            self.incl3 = IntraCLBlock(narrow, reduce_factor=2)
            self.incl4 = IntraCLBlock(narrow, reduce_factor=2)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        in2, in3, in4, in5 = [layer(maps[index]) for index, layer in enumerate(self.ins_conv)]
        out4 = in4 + upsample_nearest(in5)
        out3 = in3 + upsample_nearest(out4)
        out2 = in2 + upsample_nearest(out3)
        tops = (out2, out3, out4, in5)
        f2, f3, f4, f5 = [layer(tops[index]) for index, layer in enumerate(self.inp_conv)]
        pan3 = f3 + self.pan_head_conv[0](f2)
        pan4 = f4 + self.pan_head_conv[1](pan3)
        pan5 = f5 + self.pan_head_conv[2](pan4)
        pans = (f2, pan3, pan4, pan5)
        p2, p3, p4, p5 = [layer(pans[index]) for index, layer in enumerate(self.pan_lat_conv)]
        if self.intracl:
            p2, p3, p4, p5 = self.incl1(p2), self.incl2(p3), self.incl3(p4), self.incl4(p5)
        large = [upsample_nearest(p5, 8), upsample_nearest(p4, 4), upsample_nearest(p3, 2)]
        return paddle.concat([*large, p2], axis=1)


class DSConv(nn.Layer):
    """Large kernel on each channel, then two mixtures with four times the width between."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        size, wide = LARGE_KERNEL, in_channels * 4
        self.conv1 = nn.Conv2D(
            in_channels, in_channels, size, padding=size // 2, groups=in_channels, bias_attr=False
        )
        self.bn1 = BatchNorm(in_channels)
        self.conv2 = nn.Conv2D(in_channels, wide, 1, bias_attr=False)
        self.bn2 = BatchNorm(wide)
        self.conv3 = nn.Conv2D(wide, out_channels, 1, bias_attr=False)
        self.conv_end = None
        if in_channels != out_channels:
            self.conv_end = nn.Conv2D(in_channels, out_channels, 1, bias_attr=False)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.bn1(self.conv1(x_NCHW))
        y_NCHW = self.conv3(F.relu(self.bn2(self.conv2(y_NCHW))))
        return y_NCHW if self.conv_end is None else y_NCHW + self.conv_end(x_NCHW)


class IntraCLBlock(nn.Layer):
    """x plus what kernels along columns, along rows and of both see, largest first."""

    def __init__(self, in_channels: int, reduce_factor: int) -> None:
        super().__init__()
        width = in_channels // reduce_factor
        self.conv1x1_reduce_channel = nn.Conv2D(in_channels, width, 1)
        self.conv1x1_return_channel = nn.Conv2D(width, in_channels, 1)
        self.v_layer_7x1 = _strip(width, 7, 1)
        self.v_layer_5x1 = _strip(width, 5, 1)
        self.v_layer_3x1 = _strip(width, 3, 1)
        self.q_layer_1x7 = _strip(width, 1, 7)
        self.q_layer_1x5 = _strip(width, 1, 5)
        self.q_layer_1x3 = _strip(width, 1, 3)
        self.c_layer_7x7 = _strip(width, 7, 7)
        self.c_layer_5x5 = _strip(width, 5, 5)
        self.c_layer_3x3 = _strip(width, 3, 3)
        self.bn = nn.BatchNorm2D(in_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y = self.conv1x1_reduce_channel(x_NCHW)
        y = self.c_layer_7x7(y) + self.v_layer_7x1(y) + self.q_layer_1x7(y)
        y = self.c_layer_5x5(y) + self.v_layer_5x1(y) + self.q_layer_1x5(y)
        y = self.c_layer_3x3(y) + self.v_layer_3x1(y) + self.q_layer_1x3(y)
        return x_NCHW + F.relu(self.bn(self.conv1x1_return_channel(y)))


def _conv(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Conv2D:
    return nn.Conv2D(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        weight_attr=kaiming_uniform(),
        bias_attr=False,
    )


def _large_conv(in_channels: int, out_channels: int) -> nn.Conv2D:
    return _conv(in_channels, out_channels, LARGE_KERNEL)


def _strip(width: int, tall: int, wide: int) -> nn.Conv2D:
    return nn.Conv2D(width, width, (tall, wide), padding=(tall // 2, wide // 2))
