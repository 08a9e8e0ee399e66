"""PP-LCNetV3: a small network whose blocks train in branches and run as one convolution.

The backbone of PP-OCRv4 and v5 mobile models. Cui et al., PP-LCNet: A Lightweight CPU
Convolutional Neural Network, 2021; Ding et al., RepVGG, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn, no_grad
from paddle.nn import initializer
from paddle.regularizer import L2Decay

from ppocr.modeling.layers.affine import affine_hardswish
from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.gate import gated
from ppocr.modeling.layers.mobilenet_v3 import make_divisible
from ppocr.modeling.layers.norm import norm_sum
from ppocr.modeling.layers.reparam import (
    fused_conv_bn,
    identity_kernel,
    make_conv,
    padded_kernel,
)

Stride = int | tuple[int, int]
BRANCHES = 4
LAB_LR = 0.1


class Row(NamedTuple):
    """One block, at scale 1."""

    kernel: int
    width: int
    out: int
    squeeze: bool = False


STAGES = (
    (Row(3, 16, 32),),
    (Row(3, 32, 64), Row(3, 64, 64)),
    (Row(3, 64, 128), Row(3, 128, 128)),
    (Row(3, 128, 256), *((Row(5, 256, 256),) * 4)),
    (Row(5, 256, 512, True), Row(5, 512, 512, True), Row(5, 512, 512), Row(5, 512, 512)),
)
# the stride of the blocks that have one, by stage and place
DET_STRIDES: dict[tuple[int, int], Stride] = {(1, 0): 2, (2, 0): 2, (3, 0): 2, (4, 0): 2}
REC_STRIDES: dict[tuple[int, int], Stride] = {
    (2, 0): (2, 1),
    (3, 0): (1, 2),
    (4, 0): (2, 1),
    (4, 2): (2, 1),
}
DET_CHANNELS = (16, 24, 56, 480)


class PPLCNetV3(nn.Layer):
    """Features (N, C, 1, W/8) of line images of height 48, or four maps with ``det``.

    A line is averaged to 40 columns in training, whatever its width, and by [3, 2]
    afterwards. ``lr_mult_list`` scales the learning rate of stem and five stages.
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: float = 1.0,
        lr_mult_list: Sequence[float] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        lab_lr: float = LAB_LR,
        det: bool = False,
    ) -> None:
        super().__init__()
        if len(lr_mult_list) != len(STAGES) + 1:
            raise ValueError(
                f"lr_mult_list needs {len(STAGES) + 1} numbers, not {len(lr_mult_list)}"
            )
        self.det = det
        strides = DET_STRIDES if det else REC_STRIDES
        self.conv1 = ConvBNLayer(in_channels, _width(16 * scale), 3, 2, lr_mult=lr_mult_list[0])
        self.stages = []
        for stage, (rows, lr_mult) in enumerate(zip(STAGES, lr_mult_list[1:], strict=True)):
            blocks = [
                LCNetV3Block(
                    _width(row.width * scale),
                    _width(row.out * scale),
                    row.kernel,
                    strides.get((stage, place), 1),
                    row.squeeze,
                    lr_mult,
                    lab_lr,
                )
                for place, row in enumerate(rows)
            ]
            self.stages.append(self.add_sublayer(f"blocks{stage + 2}", nn.Sequential(*blocks)))
        widths = [_width(rows[-1].out * scale) for rows in STAGES]
        self.out_channels: int | list[int] = widths[-1]
        if det:
            self.out_channels = [int(width * scale) for width in DET_CHANNELS]
            pairs = zip(widths[1:], self.out_channels, strict=True)
            self.layer_list = nn.LayerList([nn.Conv2D(width, out, 1) for width, out in pairs])

    def forward(self, x_NCHW: Tensor) -> Tensor | list[Tensor]:
        x_NCHW = self.conv1(x_NCHW)
        maps = []
        for stage in self.stages:
            x_NCHW = stage(x_NCHW)
            maps.append(x_NCHW)
        if self.det:
            return [layer(maps[index + 1]) for index, layer in enumerate(self.layer_list)]
        if self.training:
            return F.adaptive_avg_pool2d(x_NCHW, [1, 40])
        return F.avg_pool2d(x_NCHW, [3, 2])


class ConvBNLayer(nn.Layer):
    """Convolution and batch normalisation, the latter without weight decay."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: Stride,
        groups: int = 1,
        lr_mult: float = 1.0,
    ) -> None:
        super().__init__()
        values = initializer.KaimingNormal()
        self.conv = Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=(kernel_size - 1) // 2,
            groups=groups,
            weight_attr=ParamAttr(initializer=values, learning_rate=lr_mult),
            bias_attr=False,
        )
        self.bn = nn.BatchNorm2D(
            out_channels,
            weight_attr=ParamAttr(regularizer=L2Decay(0.0), learning_rate=lr_mult),
            bias_attr=ParamAttr(regularizer=L2Decay(0.0), learning_rate=lr_mult),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.bn(self.conv(x_NCHW))


class LearnableAffineBlock(nn.Layer):
    """scale * x + bias, with one learnt number each."""

    def __init__(self, lr: float) -> None:
        super().__init__()
        attr = ParamAttr(learning_rate=lr)
        one, zero = initializer.Constant(1.0), initializer.Constant(0.0)
        self.scale = self.create_parameter([1], attr=attr, default_initializer=one)
        self.bias = self.create_parameter([1], attr=attr, default_initializer=zero)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.bias


class Act(nn.Layer):
    """Hard swish between two learnt scales and shifts, the second of which are its own."""

    def __init__(self, lr: float) -> None:
        super().__init__()
        self.lab = LearnableAffineBlock(lr)

    def forward(self, x: Tensor, before: LearnableAffineBlock) -> Tensor:
        own = self.lab
        return affine_hardswish(x, before.scale, before.bias, own.scale, own.bias)


class LearnableRepLayer(nn.Layer):
    """Sum of convolutions of the same input, which ``fuse()`` makes one convolution.

    Branches: four of the full kernel, one of 1x1 where the kernel is larger, and the
    input itself where its shape allows. A plain stride of 2 goes without activation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: Stride,
        groups: int,
        lr_mult: float,
        lab_lr: float,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.groups = kernel_size, stride, groups
        attr = ParamAttr(learning_rate=lr_mult)
        self.identity = None
        if out_channels == in_channels and stride == 1:
            self.identity = nn.BatchNorm2D(in_channels, weight_attr=attr, bias_attr=attr)
        branch = (in_channels, out_channels)
        self.conv_kxk = nn.LayerList(
            [ConvBNLayer(*branch, kernel_size, stride, groups, lr_mult) for _ in range(BRANCHES)]
        )
        self.conv_1x1 = None
        if kernel_size > 1:
            self.conv_1x1 = ConvBNLayer(*branch, 1, stride, groups, lr_mult)
        self.lab = LearnableAffineBlock(lr_mult * lab_lr)
        self.act = Act(lr_mult * lab_lr)
        self.reparam_conv: nn.Conv2D | None = None

    def forward(self, x_NCHW: Tensor) -> Tensor:
        out = self._sum(x_NCHW) if self.reparam_conv is None else self.reparam_conv(x_NCHW)
        return self.lab(out) if self.stride == 2 else self.act(out, self.lab)

    def fuse(self) -> None:
        """Compute the sum of all branches by one convolution from now on."""
        if self.reparam_conv is not None:
            return
        with no_grad():
            pairs = [fused_conv_bn(one.conv.weight, one.bn) for one in self._convs()]
            if self.identity is not None:
                channels = self.identity._num_features
                kernel = identity_kernel(channels, self.groups, self.kernel_size)
                pairs.append(fused_conv_bn(kernel, self.identity))
            weight = sum(padded_kernel(kernel, self.kernel_size) for kernel, _ in pairs)
            bias = sum(bias for _, bias in pairs)
            padding = (self.kernel_size - 1) // 2
            self.reparam_conv = make_conv(weight, bias, self.stride, padding, self.groups)

    def _convs(self) -> list[nn.Layer]:
        return [*self.conv_kxk, *([] if self.conv_1x1 is None else [self.conv_1x1])]

    def _sum(self, x_NCHW: Tensor) -> Tensor:
        branches = self._convs()
        norms, maps = [one.bn for one in branches], [one.conv(x_NCHW) for one in branches]
        if self.identity is None:
            return norm_sum(norms, maps)
        return norm_sum([*norms, self.identity], [*maps, x_NCHW])


class LCNetV3Block(nn.Layer):
    """Filter of each channel, optionally weighed by the whole image, then a mixture."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: Stride,
        squeeze: bool,
        lr_mult: float,
        lab_lr: float,
    ) -> None:
        super().__init__()
        self.dw_conv = LearnableRepLayer(
            in_channels, in_channels, kernel_size, stride, in_channels, lr_mult, lab_lr
        )
        self.se = SELayer(in_channels, lr_mult) if squeeze else None
        self.pw_conv = LearnableRepLayer(in_channels, out_channels, 1, 1, 1, lr_mult, lab_lr)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = self.dw_conv(x_NCHW)
        if self.se is not None:
            x_NCHW = self.se(x_NCHW)
        return self.pw_conv(x_NCHW)


class SELayer(nn.Layer):
    """Features weighted per channel by what the whole image shows."""

    def __init__(self, channels: int, lr_mult: float, reduction: int = 4) -> None:
        super().__init__()
        attr = ParamAttr(learning_rate=lr_mult)
        narrow = channels // reduction
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.conv1 = nn.Conv2D(channels, narrow, 1, weight_attr=attr, bias_attr=attr)
        self.conv2 = nn.Conv2D(narrow, channels, 1, weight_attr=attr, bias_attr=attr)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        weight = self.conv2(F.relu(self.conv1(self.avg_pool(x_NCHW))))
        return gated(x_NCHW, F.hardsigmoid(weight))


def _width(channels: float) -> int:
    return make_divisible(channels, 16)
