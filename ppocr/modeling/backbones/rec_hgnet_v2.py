"""PP-HGNetV2: dense blocks whose late stages filter each channel by itself.

The backbone of PP-OCRv5 server models. PaddleClas, PP-HGNetV2, 2023; it is also that of
Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, 2024. There are no recorded
numbers of the original for this network: names and widths follow its published facts.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.backbones.rec_hgnet import ConvBNAct, Stride

STEM_MIDDLE, STEM_OUT = 32, 48
LAYERS = 6
# top, bottom, left, right: an even kernel of stride 1 keeps the size
AFTER = [0, 1, 0, 1]


class Row(NamedTuple):
    """One stage: width inside its blocks, of its result, blocks, depthwise or not, kernel."""

    middle: int
    out: int
    blocks: int
    light: bool
    kernel: int


STAGES = (
    Row(48, 128, 1, False, 3),
    Row(96, 512, 1, False, 3),
    Row(192, 1024, 3, True, 5),
    Row(384, 2048, 1, True, 5),
)
DET_STRIDES: tuple[Stride | None, ...] = (None, 2, 2, 2)
REC_STRIDES: tuple[Stride | None, ...] = ((2, 1), (1, 2), (2, 1), (2, 1))


class PPHGNetV2_B4(nn.Layer):
    """Four maps with ``det``, else features (N, 2048, 1, W/8) of lines of height 48.

    A line (``text_rec``) is averaged to 40 columns in training, whatever its width, and by
    [3, 2] afterwards.
    """

    def __init__(self, in_channels: int = 3, det: bool = False, text_rec: bool = False) -> None:
        super().__init__()
        if det == text_rec:
            raise ValueError("either det or text_rec has to be true")
        self.det = det
        self.stem = StemBlock(in_channels, 2 if det else 1)
        self.stages = nn.LayerList()
        width = STEM_OUT
        for row, stride in zip(STAGES, DET_STRIDES if det else REC_STRIDES, strict=True):
            self.stages.append(HGV2_Stage(width, row, stride))
            width = row.out
        self.out_channels = [row.out for row in STAGES] if det else width

    def forward(self, x_NCHW: Tensor) -> Tensor | list[Tensor]:
        x_NCHW = self.stem(x_NCHW)
        maps = []
        for stage in self.stages:
            x_NCHW = stage(x_NCHW)
            maps.append(x_NCHW)
        if self.det:
            return maps
        if self.training:
            return F.adaptive_avg_pool2d(x_NCHW, [1, 40])
        return F.avg_pool2d(x_NCHW, [3, 2])


class StemBlock(nn.Layer):
    """Features of half the size and less, by small kernels beside a maximum."""

    def __init__(self, in_channels: int, stride: int) -> None:
        super().__init__()
        middle = STEM_MIDDLE
        self.stem1 = ConvBNAct(in_channels, middle, 3, 2)
        self.stem2a = ConvBNAct(middle, middle // 2, 2, padding=AFTER)
        self.stem2b = ConvBNAct(middle // 2, middle, 2, padding=AFTER)
        self.stem3 = ConvBNAct(middle * 2, middle, 3, stride)
        self.stem4 = ConvBNAct(middle, STEM_OUT, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = self.stem1(x_NCHW)
        small = self.stem2b(self.stem2a(x_NCHW))
        largest = F.max_pool2d(x_NCHW, kernel_size=2, stride=1, padding=AFTER)
        return self.stem4(self.stem3(paddle.concat([largest, small], axis=1)))


class LightConvBNAct(nn.Layer):
    """A mixture of channels, then a filter of each."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv1 = ConvBNAct(in_channels, out_channels, 1, use_act=False)
        self.conv2 = ConvBNAct(out_channels, out_channels, kernel_size, groups=out_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.conv2(self.conv1(x_NCHW))


class HGV2_Block(nn.Layer):
    """A chain of convolutions, all of whose results are joined and mixed in two steps."""

    def __init__(self, in_channels: int, row: Row, identity: bool) -> None:
        super().__init__()
        self.identity = identity
        conv = LightConvBNAct if row.light else ConvBNAct
        widths = [in_channels] + [row.middle] * (LAYERS - 1)
        self.layers = nn.LayerList([conv(width, row.middle, row.kernel) for width in widths])
        total = in_channels + LAYERS * row.middle
        self.aggregation_squeeze_conv = ConvBNAct(total, row.out // 2, 1)
        self.aggregation_excitation_conv = ConvBNAct(row.out // 2, row.out, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        results = [x_NCHW]
        for layer in self.layers:
            results.append(layer(results[-1]))
        mixed = self.aggregation_squeeze_conv(paddle.concat(results, axis=1))
        y_NCHW = self.aggregation_excitation_conv(mixed)
        return x_NCHW + y_NCHW if self.identity else y_NCHW


class HGV2_Stage(nn.Layer):
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
            *(HGV2_Block(width, row, index > 0) for index, width in enumerate(widths))
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.downsample is not None:
            x_NCHW = self.downsample(x_NCHW)
        return self.blocks(x_NCHW)
