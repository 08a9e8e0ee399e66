"""ResNet_vd for detection: four feature maps, 1/4 to 1/32 of the image.

He et al., Deep Residual Learning for Image Recognition, 2016, with the stem of three
convolutions and the averaging shortcut of He et al., Bag of Tricks for Image
Classification, 2019 (variants C and D).
"""

from __future__ import annotations

from typing import Literal

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.layers.norm import BatchNorm

DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 12, 48, 3),
}
WIDTHS = (64, 128, 256, 512)


class ResNet_vd(nn.Layer):
    """Feature maps [1/4, 1/8, 1/16, 1/32] of x_NCHW; ``out_channels`` lists their widths."""

    def __init__(
        self,
        in_channels: int = 3,
        layers: Literal[18, 34, 50, 101, 152, 200] = 50,
    ) -> None:
        super().__init__()
        self.conv1_1 = ConvBNLayer(in_channels, 32, 3, 2, act=True)
        self.conv1_2 = ConvBNLayer(32, 32, 3, 1, act=True)
        self.conv1_3 = ConvBNLayer(32, 64, 3, 1, act=True)
        self.pool2d_max = nn.MaxPool2D(kernel_size=3, stride=2, padding=1)
        block_type = BottleneckBlock if layers >= 50 else BasicBlock
        channels = 64
        self.stages: list[list[nn.Layer]] = []
        self.out_channels: list[int] = []
        for stage, (depth, width) in enumerate(zip(DEPTHS[layers], WIDTHS, strict=True)):
            blocks = []
            for index in range(depth):
                stride = 2 if index == 0 and stage != 0 else 1
                block = block_type(channels, width, stride, index == 0, stage == 0 and index == 0)
                blocks.append(self.add_sublayer(f"bb_{stage}_{index}", block))
                channels = width * block_type.expansion
            self.stages.append(blocks)
            self.out_channels.append(channels)

    def forward(self, x_NCHW: Tensor) -> list[Tensor]:
        x_NCHW = self.conv1_3(self.conv1_2(self.conv1_1(x_NCHW)))
        x_NCHW = self.pool2d_max(x_NCHW)
        maps = []
        for blocks in self.stages:
            for block in blocks:
                x_NCHW = block(x_NCHW)
            maps.append(x_NCHW)
        return maps


class ConvBNLayer(nn.Layer):
    """Convolution and batch normalisation; ``average`` halves the map by averaging first."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        act: bool = False,
        average: bool = False,
    ) -> None:
        super().__init__()
        self.act, self.average = act, average
        self._pool2d_avg = nn.AvgPool2D(kernel_size=2, stride=2, padding=0, ceil_mode=True)
        self._conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            1 if average else stride,
            padding=(kernel_size - 1) // 2,
            bias_attr=False,
        )
        self._batch_norm = BatchNorm(out_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.average:
            x_NCHW = self._pool2d_avg(x_NCHW)
        x_NCHW = self._batch_norm(self._conv(x_NCHW))
        return F.relu(x_NCHW) if self.act else x_NCHW


class BottleneckBlock(nn.Layer):
    """Three convolutions 1-3-1 beside a shortcut; four times as wide outside as inside."""

    expansion = 4

    def __init__(
        self, in_channels: int, width: int, stride: int, is_first: bool, is_stem: bool
    ) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv0 = ConvBNLayer(in_channels, width, 1, act=True)
        self.conv1 = ConvBNLayer(width, width, 3, stride, act=True)
        self.conv2 = ConvBNLayer(width, out_channels, 1)
        self.short = None
        if is_first:
            self.short = ConvBNLayer(in_channels, out_channels, 1, average=not is_stem)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.conv2(self.conv1(self.conv0(x_NCHW)))
        return F.relu(y_NCHW + (x_NCHW if self.short is None else self.short(x_NCHW)))


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(
        self, in_channels: int, width: int, stride: int, is_first: bool, is_stem: bool
    ) -> None:
        super().__init__()
        self.conv0 = ConvBNLayer(in_channels, width, 3, stride, act=True)
        self.conv1 = ConvBNLayer(width, width, 3)
        self.short = None
        if is_first:
            self.short = ConvBNLayer(in_channels, width, 1, average=not is_stem)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.conv1(self.conv0(x_NCHW))
        return F.relu(y_NCHW + (x_NCHW if self.short is None else self.short(x_NCHW)))
