"""Convolution and normalisation as one convolution: the arithmetic behind ``fuse()``.

Ding et al., RepVGG: Making VGG-style ConvNets Great Again, 2021.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn


def fused_conv_bn(weight: Tensor, norm: nn.Layer) -> tuple[Tensor, Tensor]:
    """Return kernel and bias of the convolution that equals one without bias, then ``norm``."""
    spread = paddle.sqrt(norm._variance + norm._epsilon)
    factor = norm.weight / spread
    return weight * factor.reshape([-1, 1, 1, 1]), norm.bias - norm._mean * factor


def identity_kernel(channels: int, groups: int, kernel_size: int) -> Tensor:
    """Return a kernel (channels, channels / groups, k, k) that changes nothing."""
    width = channels // groups
    kernel = paddle.zeros([channels, width, kernel_size, kernel_size])
    centre = kernel_size // 2
    rows = paddle.arange(channels)
    kernel[rows, rows % width, centre, centre] = 1.0
    return kernel


def padded_kernel(weight: Tensor, kernel_size: int) -> Tensor:
    """Return the kernel with zeros around it, ``kernel_size`` wide."""
    margin = (kernel_size - weight.shape[2]) // 2
    return F.pad(weight, [margin] * 4) if margin > 0 else weight


def make_conv(
    weight: Tensor, bias: Tensor, stride: int | tuple[int, int], padding: int, groups: int
) -> nn.Conv2D:
    """Return a convolution with this kernel and bias."""
    conv = nn.Conv2D(
        weight.shape[1] * groups,
        weight.shape[0],
        weight.shape[2],
        stride=stride,
        padding=padding,
        groups=groups,
    )
    conv.weight.set_value(weight)
    conv.bias.set_value(bias)
    return conv
