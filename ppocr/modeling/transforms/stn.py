"""Straightening of text lines by thin-plate splines between fixed and found points.

Shi et al., ASTER: An Attentional Scene Text Recognizer with Flexible Rectification, 2019;
Jaderberg et al., Spatial Transformer Networks, 2015.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

WIDTHS = (32, 64, 128, 256, 256, 256)
HIDDEN = 512


class STN_ON(nn.Layer):
    """Images of ``tps_outputsize``, resampled from where ``num_control_points`` are found.

    Points are looked for in an image of ``tps_inputsize``; they belong to the upper and
    lower edge of the result, ``tps_margins`` (x, y, parts of its size) inside it.
    """

    fixed_width: ClassVar[bool] = True

    def __init__(
        self,
        in_channels: int,
        tps_inputsize: Sequence[int] = (32, 64),
        tps_outputsize: Sequence[int] = (32, 100),
        num_control_points: int = 20,
        tps_margins: Sequence[float] = (0.05, 0.05),
        stn_activation: Literal["none", "sigmoid"] = "none",
    ) -> None:
        super().__init__()
        self.input_size = list(tps_inputsize)
        self.output_size = (tps_outputsize[0], tps_outputsize[1])
        self.margins = (tps_margins[0], tps_margins[1])
        self.stn_head = STN(in_channels, num_control_points, stn_activation)
        self.out_channels = in_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        small = F.interpolate(x_NCHW, self.input_size, mode="bilinear", align_corners=True)
        points_NK2 = self.stn_head(small)
        height, width = self.output_size
        inverse, basis = _spline(points_NK2.shape[1], self.margins, height, width)
        known = F.pad(points_NK2, [0, 3], data_format="NLC")
        weights = paddle.matmul(paddle.to_tensor(inverse), known)
        grid_NP2 = paddle.matmul(paddle.to_tensor(basis), weights)
        grid = grid_NP2.reshape([-1, height, width, 2]).clip(0.0, 1.0) * 2.0 - 1.0
        return F.grid_sample(x_NCHW, grid)


class STN(nn.Layer):
    """Points (N, num_control_points, 2) along the upper and lower edge of the text, 0 to 1."""

    def __init__(self, in_channels: int, num_control_points: int, activation: str) -> None:
        super().__init__()
        self.points, self.activation = num_control_points, activation
        layers: list[nn.Layer] = []
        for width in WIDTHS:
            layers += [_conv_block(in_channels, width), nn.MaxPool2D(2, 2)]
            in_channels = width
        self.stn_convnet = nn.Sequential(*layers[:-1])
        normal, zeros = initializer.Normal(0, 0.001), initializer.Constant(0.0)
        self.stn_fc1 = nn.Sequential(
            nn.Linear(2 * WIDTHS[-1], HIDDEN, ParamAttr(initializer=normal)),
            nn.BatchNorm1D(HIDDEN),
            nn.ReLU(),
        )
        start = _edges(num_control_points, (0.01, 0.01))
        if activation == "sigmoid":
            start = -np.log(1.0 / start - 1.0)
        values = initializer.Assign(start.astype(np.float32).flatten())
        self.stn_fc2 = nn.Linear(
            HIDDEN,
            num_control_points * 2,
            weight_attr=ParamAttr(initializer=zeros),
            bias_attr=ParamAttr(initializer=values),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        features = self.stn_fc1(self.stn_convnet(x_NCHW).flatten(1))
        points = self.stn_fc2(0.1 * features)
        if self.activation == "sigmoid":
            points = F.sigmoid(points)
        return points.reshape([-1, self.points, 2])


def _conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    normal = initializer.Normal(0, math.sqrt(2.0 / (9 * out_channels)))
    return nn.Sequential(
        nn.Conv2D(
            in_channels,
            out_channels,
            3,
            padding=1,
            weight_attr=ParamAttr(initializer=normal),
            bias_attr=ParamAttr(initializer=initializer.Constant(0.0)),
        ),
        nn.BatchNorm2D(out_channels),
        nn.ReLU(),
    )


def _edges(count: int, margins: tuple[float, float]) -> np.ndarray:
    """Return points along the upper, then the lower edge (count, 2), 0 to 1."""
    x = np.linspace(margins[0], 1.0 - margins[0], count // 2)
    upper = np.stack([x, np.full_like(x, margins[1])], axis=1)
    return np.concatenate([upper, np.stack([x, np.full_like(x, 1.0 - margins[1])], axis=1)])


@lru_cache(maxsize=16)
def _spline(
    count: int, margins: tuple[float, float], height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the inverse of the spline's system (K+3, K+3), and its basis at all pixels."""
    points = _edges(count, margins)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _bends(points, points)
    system[:count, -3] = system[-3, :count] = 1.0
    system[:count, -2:] = points
    system[-2:, :count] = points.T
    rows, columns = np.divmod(np.arange(height * width), width)
    pixels = np.stack([columns / (width - 1), rows / (height - 1)], axis=1)
    basis = np.concatenate([_bends(pixels, points), np.ones((len(pixels), 1)), pixels], axis=1)
    return np.linalg.inv(system).astype(np.float32), basis.astype(np.float32)


def _bends(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return r² log(r²) / 2 of all distances r; 0 where r is 0."""
    square = ((left[:, None] - right[None]) ** 2).sum(axis=2)
    return 0.5 * square * np.log(np.where(square > 0, square, 1.0))
