"""Feature pyramid of DB.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020;
Lin et al., Feature Pyramid Networks for Object Detection, 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.upsample import upsample_nearest


class DBFPN(nn.Layer):
    """One map (N, out_channels, H/4, W/4) joined from maps of 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, in_channels: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.in2_conv = _conv(in_channels[0], out_channels, 1)
        self.in3_conv = _conv(in_channels[1], out_channels, 1)
        self.in4_conv = _conv(in_channels[2], out_channels, 1)
        self.in5_conv = _conv(in_channels[3], out_channels, 1)
        self.p5_conv = _conv(out_channels, out_channels // 4, 3)
        self.p4_conv = _conv(out_channels, out_channels // 4, 3)
        self.p3_conv = _conv(out_channels, out_channels // 4, 3)
        self.p2_conv = _conv(out_channels, out_channels // 4, 3)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        c2, c3, c4, c5 = maps
        in5 = self.in5_conv(c5)
        out4 = self.in4_conv(c4) + upsample_nearest(in5)
        out3 = self.in3_conv(c3) + upsample_nearest(out4)
        out2 = self.in2_conv(c2) + upsample_nearest(out3)
        p5 = upsample_nearest(self.p5_conv(in5), 8)
        p4 = upsample_nearest(self.p4_conv(out4), 4)
        p3 = upsample_nearest(self.p3_conv(out3), 2)
        return paddle.concat([p5, p4, p3, self.p2_conv(out2)], axis=1)


def _conv(in_channels: int, out_channels: int, kernel_size: int) -> Conv2D:
    return Conv2D(
        in_channels,
        out_channels,
        kernel_size,
        padding=kernel_size // 2,
        weight_attr=ParamAttr(initializer=initializer.KaimingUniform()),
        bias_attr=False,
    )
