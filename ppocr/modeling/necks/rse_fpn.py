"""Feature pyramid with residual squeeze-and-excitation, of PP-OCRv3 and later mobile models.

Li et al., PP-OCRv3, 2022; Lin et al., Feature Pyramid Networks, 2017; Hu et al.,
Squeeze-and-Excitation Networks, 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from ppocr.modeling.layers.attention import kaiming_uniform
from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.mobilenet_v3 import SEModule
from ppocr.modeling.layers.upsample import upsample_nearest


class RSEFPN(nn.Layer):
    """One map (N, out_channels, H/4, W/4) joined from maps of 1/4, 1/8, 1/16 and 1/32.

    ``shortcut`` adds the features to their weighted selves.
    """

    def __init__(
        self, in_channels: Sequence[int], out_channels: int = 256, shortcut: bool = True
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.ins_conv = nn.LayerList()
        self.inp_conv = nn.LayerList()
        for width in in_channels:
            self.ins_conv.append(RSELayer(width, out_channels, 1, shortcut))
            self.inp_conv.append(RSELayer(out_channels, out_channels // 4, 3, shortcut))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        in2, in3, in4, in5 = [layer(maps[index]) for index, layer in enumerate(self.ins_conv)]
        out4 = in4 + upsample_nearest(in5)
        out3 = in3 + upsample_nearest(out4)
        out2 = in2 + upsample_nearest(out3)
        p5 = upsample_nearest(self.inp_conv[3](in5), 8)
        p4 = upsample_nearest(self.inp_conv[2](out4), 4)
        p3 = upsample_nearest(self.inp_conv[1](out3), 2)
        return paddle.concat([p5, p4, p3, self.inp_conv[0](out2)], axis=1)


class RSELayer(nn.Layer):
    """Convolution, then channels weighed by the whole image."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, shortcut: bool
    ) -> None:
        super().__init__()
        self.in_conv = Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            padding=kernel_size // 2,
            weight_attr=kaiming_uniform(),
            bias_attr=False,
        )
        self.se_block = SEModule(out_channels)
        self.shortcut = shortcut

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.se_block(self.in_conv(x_NCHW), self.shortcut)
