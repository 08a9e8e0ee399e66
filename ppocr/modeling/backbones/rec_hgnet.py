"""PP-HGNet: dense blocks of plain convolutions, made for speed on GPUs.

The backbone of PP-OCRv4 server models. PaddleClas, PP-HGNet, 2022; blocks after Huang et
al., Densely Connected Convolutional Networks, 2017, and Lee et al., VoVNet, 2019 (the
one-layer squeeze-and-excitation is that of Lee and Park, CenterMask, 2020).
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer
from paddle.regularizer import L2Decay

from ppocr.modeling.layers.conv import Conv2D

Stride = int | tuple[int, int]
STEM = (64, 64, 128)
LAYERS = 6


class Row(NamedTuple):
    """One stage: width inside its blocks, width of its result, number of blocks."""

    middle: int
    out: int
    blocks: int


STAGES = (Row(128, 256, 1), Row(160, 512, 1), Row(192, 768, 2), Row(224, 1024, 1))
DET_STRIDES: tuple[Stride | None, ...] = (None, 2, 2, 2)
REC_STRIDES: tuple[Stride | None, ...] = ((2, 1), (1, 2), (2, 1), (2, 1))


class PPHGNet_small(nn.Layer):
    """Features (N, 1024, 1, W/8) of line images of height 48, or four maps with ``det``.

    A line is averaged to 40 columns in training, whatever its width, and by [3, 2]
    afterwards.
    """

    def __init__(self, in_channels: int = 3, det: bool = False) -> None:
        super().__init__()
        self.det = det
        widths = [in_channels, *STEM]
        self.stem = nn.Sequential(
            *(
                ConvBNAct(width, out, 3, 2 if index == 0 else 1)
                for index, (width, out) in enumerate(zip(widths, STEM, strict=False))
            )
        )
        if det:
            self.pool = nn.MaxPool2D(kernel_size=3, stride=2, padding=1)
        self.stages = nn.LayerList()
        width = STEM[-1]
        for row, stride in zip(STAGES, DET_STRIDES if det else REC_STRIDES, strict=True):
            self.stages.append(HG_Stage(width, row, stride))
            width = row.out
        self.out_channels = [row.out for row in STAGES] if det else width

    def forward(self, x_NCHW: Tensor) -> Tensor | list[Tensor]:
        x_NCHW = self.stem(x_NCHW)
        if self.det:
            x_NCHW = self.pool(x_NCHW)
        maps = []
        for stage in self.stages:
            x_NCHW = stage(x_NCHW)
            maps.append(x_NCHW)
        if self.det:
            return maps
        if self.training:
            return F.adaptive_avg_pool2d(x_NCHW, [1, 40])
        return F.avg_pool2d(x_NCHW, [3, 2])


class ConvBNAct(nn.Layer):
    """Convolution, batch normalisation without weight decay, ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: Stride = 1,
        groups: int = 1,
        use_act: bool = True,
        padding: list[int] | None = None,
    ) -> None:
        super().__init__()
        self.use_act = use_act
        self.conv = Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=(kernel_size - 1) // 2 if padding is None else padding,
            groups=groups,
            weight_attr=ParamAttr(initializer=initializer.KaimingNormal()),
            bias_attr=False,
        )
        self.bn = nn.BatchNorm2D(
            out_channels,
            weight_attr=ParamAttr(regularizer=L2Decay(0.0)),
            bias_attr=ParamAttr(regularizer=L2Decay(0.0)),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = self.bn(self.conv(x_NCHW))
        return F.relu(x_NCHW) if self.use_act else x_NCHW


class ESEModule(nn.Layer):
    """Features weighted per channel by one linear layer over what the whole image shows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.conv = nn.Conv2D(channels, channels, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return x_NCHW * F.sigmoid(self.conv(self.avg_pool(x_NCHW)))


class HG_Block(nn.Layer):
    """A chain of 3x3 convolutions, all of whose results are joined and weighed."""

    def __init__(self, in_channels: int, row: Row, identity: bool) -> None:
        super().__init__()
        self.identity = identity
        widths = [in_channels] + [row.middle] * (LAYERS - 1)
        self.layers = nn.LayerList([ConvBNAct(width, row.middle, 3) for width in widths])
        self.aggregation_conv = ConvBNAct(in_channels + LAYERS * row.middle, row.out, 1)
        self.att = ESEModule(row.out)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        results = [x_NCHW]
        for layer in self.layers:
            results.append(layer(results[-1]))
        y_NCHW = self.att(self.aggregation_conv(paddle.concat(results, axis=1)))
        return x_NCHW + y_NCHW if self.identity else y_NCHW


class HG_Stage(nn.Layer):
    """Optionally a smaller map, then blocks; all but the first are added to their input."""

    def __init__(self, in_channels: int, row: Row, stride: Stride | None) -> None:
        super().__init__()
        self.downsample = None
        if stride is not None:
            self.downsample = ConvBNAct(
                in_channels, in_channels, 3, stride, groups=in_channels, use_act=False
            )
        widths = [in_channels] + [row.out] * (row.blocks - 1)
        self.blocks = nn.Sequential(
            *(HG_Block(width, row, index > 0) for index, width in enumerate(widths))
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.downsample is not None:
            x_NCHW = self.downsample(x_NCHW)
        return self.blocks(x_NCHW)
