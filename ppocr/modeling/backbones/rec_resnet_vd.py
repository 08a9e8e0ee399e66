"""ResNet_vd for text lines: height shrinks to one, width to a quarter of the image.

He et al., Deep Residual Learning for Image Recognition, 2016, with the stem and the
averaging shortcut of He et al., Bag of Tricks for Image Classification, 2019. Stages
shrink the height only. Its parameters carry the explicit names of official checkpoints.
"""

from __future__ import annotations

from typing import Literal

import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn

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
Stride = tuple[int, int]


class ResNet(nn.Layer):
    """Features (N, C, 1, W/4) of line images x_NCHW of height 32."""

    def __init__(
        self,
        in_channels: int = 3,
        layers: Literal[18, 34, 50, 101, 152, 200] = 50,
    ) -> None:
        super().__init__()
        self.conv1_1 = ConvBNLayer("conv1_1", in_channels, 32, 3, act=True)
        self.conv1_2 = ConvBNLayer("conv1_2", 32, 32, 3, act=True)
        self.conv1_3 = ConvBNLayer("conv1_3", 32, 64, 3, act=True)
        self.pool2d_max = nn.MaxPool2D(kernel_size=3, stride=2, padding=1)
        block_type = BottleneckBlock if layers >= 50 else BasicBlock
        channels = 64
        self.block_list: list[nn.Layer] = []
        for stage, (depth, width) in enumerate(zip(DEPTHS[layers], WIDTHS, strict=True)):
            for index in range(depth):
                stride = (2, 1) if index == 0 and stage != 0 else (1, 1)
                name = _block_name(layers, stage, index)
                block = block_type(name, channels, width, stride, index == 0)
                self.block_list.append(self.add_sublayer(f"bb_{stage}_{index}", block))
                channels = width * block_type.expansion
        self.out_pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = self.conv1_3(self.conv1_2(self.conv1_1(x_NCHW)))
        x_NCHW = self.pool2d_max(x_NCHW)
        for block in self.block_list:
            x_NCHW = block(x_NCHW)
        return self.out_pool(x_NCHW)


class ConvBNLayer(nn.Layer):
    """Convolution and batch normalisation; ``average`` shrinks the map by averaging first."""

    def __init__(
        self,
        name: str,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: Stride = (1, 1),
        act: bool = False,
        average: bool = False,
    ) -> None:
        super().__init__()
        self.act, self.average = act, average
        self._pool2d_avg = nn.AvgPool2D(stride, stride, padding=0, ceil_mode=True)
        self._conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            1 if average else stride,
            padding=(kernel_size - 1) // 2,
            weight_attr=ParamAttr(name=f"{name}_weights"),
            bias_attr=False,
        )
        norm = name.replace("res", "bn", 1).replace("conv", "bnv", 1)
        self._batch_norm = BatchNorm(
            out_channels,
            weight_attr=ParamAttr(name=f"{norm}_scale"),
            bias_attr=ParamAttr(name=f"{norm}_offset"),
            name=norm,
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.average:
            x_NCHW = self._pool2d_avg(x_NCHW)
        x_NCHW = self._batch_norm(self._conv(x_NCHW))
        return F.relu(x_NCHW) if self.act else x_NCHW


class BottleneckBlock(nn.Layer):
    """Three convolutions 1-3-1 beside a shortcut; four times as wide outside as inside."""

    expansion = 4

    def __init__(
        self, name: str, in_channels: int, width: int, stride: Stride, is_first: bool
    ) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv0 = ConvBNLayer(f"{name}_branch2a", in_channels, width, 1, act=True)
        self.conv1 = ConvBNLayer(f"{name}_branch2b", width, width, 3, stride, act=True)
        self.conv2 = ConvBNLayer(f"{name}_branch2c", width, out_channels, 1)
        self.short = _shortcut(name, in_channels, out_channels, stride) if is_first else None

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.conv2(self.conv1(self.conv0(x_NCHW)))
        return F.relu(y_NCHW + (x_NCHW if self.short is None else self.short(x_NCHW)))


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(
        self, name: str, in_channels: int, width: int, stride: Stride, is_first: bool
    ) -> None:
        super().__init__()
        self.conv0 = ConvBNLayer(f"{name}_branch2a", in_channels, width, 3, stride, act=True)
        self.conv1 = ConvBNLayer(f"{name}_branch2b", width, width, 3)
        self.short = _shortcut(name, in_channels, width, stride) if is_first else None

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.conv1(self.conv0(x_NCHW))
        return F.relu(y_NCHW + (x_NCHW if self.short is None else self.short(x_NCHW)))


def _shortcut(name: str, in_channels: int, out_channels: int, stride: Stride) -> ConvBNLayer:
    return ConvBNLayer(
        f"{name}_branch1", in_channels, out_channels, 1, stride, average=stride[0] != 1
    )


def _block_name(layers: int, stage: int, index: int) -> str:
    """Return 'res2a', 'res2b' ...; deep third stages count 'res4b1', 'res4b2' ... instead."""
    if layers in (101, 152, 200) and stage == 2:
        return f"res{stage + 2}{'a' if index == 0 else f'b{index}'}"
    return f"res{stage + 2}{chr(ord('a') + index)}"
