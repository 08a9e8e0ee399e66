"""Two backbones of a few hundred parameters, plugged in by the configs of these tests."""

from __future__ import annotations

from paddle import Tensor, nn

from ppocr.modeling.backbones import BACKBONES


def layer(inside: int, outside: int, stride: int) -> nn.Sequential:
    """Return a convolution with BatchNorm, so that there are running statistics to lose."""
    return nn.Sequential(
        nn.Conv2D(inside, outside, 3, stride, 1, bias_attr=False),
        nn.BatchNorm2D(outside),
        nn.ReLU(),
    )


class TinyLine(nn.Layer):
    """Features (N, 8, 1, W/4) of a text line."""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(layer(in_channels, 4, 2), layer(4, 8, 2), nn.Dropout2D(0.1))
        self.pool = nn.AvgPool2D((8, 1), (8, 1))
        self.out_channels = 8

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.pool(self.body(x_NCHW))


class TinyPage(nn.Layer):
    """Four maps of a page, at 1/4, 1/8, 1/16 and 1/32 of its size."""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.first = layer(in_channels, 4, 4)
        self.others = nn.LayerList([layer(4, 4, 2) for _ in range(3)])
        self.out_channels = [4, 4, 4, 4]

    def forward(self, x_NCHW: Tensor) -> list[Tensor]:
        maps = [self.first(x_NCHW)]
        for one in self.others:
            maps.append(one(maps[-1]))
        return maps


BACKBONES.add("TinyLine", f"{__name__}:TinyLine", "rec")
BACKBONES.add("TinyPage", f"{__name__}:TinyPage", "det")
