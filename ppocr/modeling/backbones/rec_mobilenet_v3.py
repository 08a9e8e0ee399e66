"""MobileNetV3 for text lines: height shrinks to one, width to a quarter of the image.

Howard et al., Searching for MobileNetV3, 2019; here strides act on the height only.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Features (N, C, 1, W/4) of line images x_NCHW of height 32 or 48.

    ``large_stride`` / ``small_stride`` give the vertical strides of the four blocks that
    shrink the image; only those of the chosen ``model_name`` count.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: Literal["large", "small"] = "small",
        scale: float = 0.5,
        large_stride: Sequence[int] = (1, 2, 2, 2),
        small_stride: Sequence[int] = (2, 2, 2, 2),
        disable_se: bool = False,
    ) -> None:
        super().__init__()
        channels = make_divisible(16 * scale)
        self.conv1 = ConvBNLayer(in_channels, channels, 3, 2, 1, act=HARDSWISH)
        heights = large_stride if model_name == "large" else small_stride
        strides = _strides(model_name, heights)
        blocks = []
        for row, stride in zip(ROWS[model_name], strides, strict=True):
            out = make_divisible(row.out * scale)
            middle = make_divisible(row.middle * scale)
            squeeze = row.squeeze and not disable_se
            blocks.append(ResidualUnit(channels, middle, out, row.kernel, stride, squeeze, row.act))
            channels = out
        self.blocks = nn.Sequential(*blocks)
        last = make_divisible(LAST_CHANNELS[model_name] * scale)
        self.conv2 = ConvBNLayer(channels, last, 1, 1, 0, act=HARDSWISH)
        self.pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = last

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.pool(self.conv2(self.blocks(self.conv1(x_NCHW))))


def _strides(model_name: str, heights: Sequence[int]) -> list[int | tuple[int, int]]:
    """Return the stride of every block; only the first of ``large`` is a plain number."""
    if len(heights) != 4:
        raise ValueError(f"four strides are needed, not {list(heights)}")
    pairs: list[int | tuple[int, int]] = [(height, 1) for height in heights]
    if model_name == "large":
        pairs[0] = heights[0]
        places = (0, 1, 3, 12)
    else:
        places = (0, 1, 3, 8)
    strides: list[int | tuple[int, int]] = [1] * len(ROWS[model_name])
    for place, pair in zip(places, pairs, strict=True):
        strides[place] = pair
    return strides
