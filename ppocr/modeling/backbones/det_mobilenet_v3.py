"""MobileNetV3 for detection: four feature maps, 1/4 to 1/32 of the image.

Howard et al., Searching for MobileNetV3, 2019.
"""

from __future__ import annotations

from typing import Literal

from paddle import Tensor, nn

from ppocr.modeling.layers.mobilenet_v3 import (
    HARDSWISH,
    LAST_CHANNELS,
    ROWS,
    ConvBNLayer,
    ResidualUnit,
    make_divisible,
)


class MobileNetV3(nn.Layer):
    """Feature maps [1/4, 1/8, 1/16, 1/32] of x_NCHW; ``out_channels`` lists their widths.

    ``disable_se`` leaves out every squeeze-and-excitation.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: Literal["large", "small"] = "large",
        scale: float = 0.5,
        disable_se: bool = False,
    ) -> None:
        super().__init__()
        channels = make_divisible(16 * scale)
        self.conv = ConvBNLayer(in_channels, channels, 3, 2, 1, act=HARDSWISH)
        first = 3 if model_name == "large" else 1  # from this row every stride starts a stage
        self.out_channels: list[int] = []
        stages: list[list[nn.Layer]] = [[]]
        for index, row in enumerate(ROWS[model_name]):
            if row.stride == 2 and index >= first:
                self.out_channels.append(channels)
                stages.append([])
            out = make_divisible(row.out * scale)
            middle = make_divisible(row.middle * scale)
            squeeze = row.squeeze and not disable_se
            stages[-1].append(
                ResidualUnit(channels, middle, out, row.kernel, row.stride, squeeze, row.act)
            )
            channels = out
        last = make_divisible(LAST_CHANNELS[model_name] * scale)
        stages[-1].append(ConvBNLayer(channels, last, 1, 1, 0, act=HARDSWISH))
        self.out_channels.append(last)
        self.stages = []
        for index, blocks in enumerate(stages):
            self.stages.append(self.add_sublayer(f"stage{index}", nn.Sequential(*blocks)))

    def forward(self, x_NCHW: Tensor) -> list[Tensor]:
        x_NCHW = self.conv(x_NCHW)
        maps = []
        for stage in self.stages:
            x_NCHW = stage(x_NCHW)
            maps.append(x_NCHW)
        return maps
