"""Straightening of curved text lines by thin-plate splines.

Shi et al., Robust Scene Text Recognition with Automatic Rectification (RARE), 2016;
Jaderberg et al., Spatial Transformer Networks, 2015. Constants of the spline are computed
in float64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.layers.init import uniform_by_fan
from ppocr.modeling.layers.norm import BatchNorm

FILTERS = {"large": (64, 128, 256, 512), "small": (16, 32, 64, 128)}
HIDDEN = {"large": 256, "small": 64}


class TPS(nn.Layer):
    """x_NCHW, resampled so that a curve found through the text becomes a straight line."""

    fixed_width: ClassVar[bool] = True

    def __init__(
        self,
        in_channels: int,
        num_fiducial: int = 20,
        loc_lr: float = 0.1,
        model_name: Literal["large", "small"] = "small",
    ) -> None:
        super().__init__()
        self.loc_net = LocalizationNetwork(in_channels, num_fiducial, loc_lr, model_name)
        self.grid_generator = GridGenerator(num_fiducial)
        self.out_channels = in_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        points_NK2 = self.loc_net(x_NCHW)
        height, width = x_NCHW.shape[2:]
        grid_NP2 = self.grid_generator(points_NK2, height, width)
        return F.grid_sample(x_NCHW, grid_NP2.reshape([-1, height, width, 2]))


class LocalizationNetwork(nn.Layer):
    """Points (N, num_fiducial, 2) along the upper and lower edge of the text, -1 to 1."""

    def __init__(self, in_channels: int, num_fiducial: int, loc_lr: float, model_name: str) -> None:
        super().__init__()
        self.num_fiducial = num_fiducial
        filters = FILTERS[model_name]
        self.block_list = []
        for index, width in enumerate(filters):
            name = f"loc_conv{index}"
            conv = self.add_sublayer(name, ConvBNLayer(in_channels, width, name))
            is_last = index == len(filters) - 1
            pool = nn.AdaptiveAvgPool2D(1) if is_last else nn.MaxPool2D(2, 2)
            self.block_list += [conv, pool]
            in_channels = width
        hidden = HIDDEN[model_name]
        first = uniform_by_fan(in_channels)
        self.fc1 = nn.Linear(
            in_channels,
            hidden,
            weight_attr=ParamAttr("loc_fc1_w", first.initializer, learning_rate=loc_lr),
            bias_attr=ParamAttr("loc_fc1.b_0"),
        )
        zeros = initializer.Constant(0.0)
        start = initializer.Assign(_start_points(num_fiducial).flatten())
        self.fc2 = nn.Linear(
            hidden,
            num_fiducial * 2,
            weight_attr=ParamAttr("loc_fc2_w", zeros, learning_rate=loc_lr),
            bias_attr=ParamAttr("loc_fc2_b", start, learning_rate=loc_lr),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        for layer in self.block_list:
            x_NCHW = layer(x_NCHW)
        points = self.fc2(F.relu(self.fc1(x_NCHW.flatten(1))))
        return points.reshape([-1, self.num_fiducial, 2])


class ConvBNLayer(nn.Layer):
    """3x3 convolution, batch normalisation, ReLU, under the names of official checkpoints."""

    def __init__(self, in_channels: int, out_channels: int, name: str) -> None:
        super().__init__()
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            3,
            padding=1,
            weight_attr=ParamAttr(name=f"{name}_weights"),
            bias_attr=False,
        )
        norm = f"bn_{name}"
        self.bn = BatchNorm(
            out_channels,
            weight_attr=ParamAttr(name=f"{norm}_scale"),
            bias_attr=ParamAttr(name=f"{norm}_offset"),
            name=norm,
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x_NCHW)))


class GridGenerator(nn.Layer):
    """Where each pixel of the straight image (N, H*W, 2) lies in the curved one, -1 to 1."""

    def __init__(self, num_fiducial: int) -> None:
        super().__init__()
        self.num_fiducial = num_fiducial
        zeros = initializer.Constant(0.0)
        self.fc = nn.Linear(
            num_fiducial * 2,
            6,
            weight_attr=ParamAttr("ex_fc_w", zeros, learning_rate=0.0),
            bias_attr=ParamAttr("ex_fc_b", zeros, learning_rate=0.0),
        )

    def forward(self, points_NK2: Tensor, height: int, width: int) -> Tensor:
        inverse, spread = _spline(self.num_fiducial, height, width)
        rest_N32 = self.fc(points_NK2.flatten(1)).reshape([-1, 3, 2]).detach()
        known = paddle.concat([points_NK2, rest_N32], axis=1)
        weights = paddle.matmul(paddle.to_tensor(inverse), known)
        return paddle.matmul(paddle.to_tensor(spread), weights)


def _start_points(count: int) -> np.ndarray:
    """Return where training begins: two lines that meet in the middle (count, 2)."""
    half = count // 2
    x = np.linspace(-1.0, 1.0, half)
    upper = np.stack([x, np.linspace(0.0, -1.0, half)], axis=1)
    lower = np.stack([x, np.linspace(1.0, 0.0, half)], axis=1)
    return np.concatenate([upper, lower]).astype(np.float32)


@lru_cache(maxsize=16)
def _spline(count: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the inverse of the spline's system (K+3, K+3), and its basis at all pixels."""
    half = count // 2
    x = np.linspace(-1.0, 1.0, half)
    points = np.concatenate([np.stack([x, -np.ones(half)], 1), np.stack([x, np.ones(half)], 1)])
    distance = _distances(points, points) + np.eye(count)
    system = np.zeros((count + 3, count + 3))
    system[:count, 0] = 1.0
    system[:count, 1:3] = points
    system[:count, 3:] = distance**2 * np.log(distance)
    system[count : count + 2, 3:] = points.T
    system[count + 2, 3:] = 1.0
    grid_x = (np.arange(-width, width, 2) + 1.0) / width
    grid_y = (np.arange(-height, height, 2) + 1.0) / height
    pixels = np.stack(np.meshgrid(grid_x, grid_y), axis=2).reshape(-1, 2)
    radius = _distances(pixels, points)
    curved = radius**2 * np.log(radius + 1e-6)
    basis = np.concatenate([np.ones((len(pixels), 1)), pixels, curved], axis=1)
    return np.linalg.inv(system).astype(np.float32), basis.astype(np.float32)


def _distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.linalg.norm(left[:, None] - right[None], axis=2)
