"""Blocks of SVTR, used by the backbone of that name and by the neck of PP-OCRv3 and later.

Du et al., SVTR: Scene Text Recognition with a Single Visual Model, 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import paddle
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.layers import flat_conv
from ppocr.modeling.layers.attention import DropPath, Mlp, SelfAttention, kaiming_uniform
from ppocr.modeling.layers.norm import norm_act

Mixer = Literal["Global", "Local", "Conv"]


class ConvBNLayer(nn.Layer):
    """Convolution, batch normalisation and activation of x_NCHW."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        bias: bool = False,
        groups: int = 1,
        act: type[nn.Layer] = nn.GELU,
    ) -> None:
        super().__init__()
        self.conv = flat_conv.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=groups,
            weight_attr=kaiming_uniform(),
            bias_attr=None if bias else False,
        )
        self.norm = nn.BatchNorm2D(out_channels)
        self.act = act()

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.act(norm_act(self.norm, self.conv(x_NCHW)))


class Attention(SelfAttention):
    """Attention over all positions, or over the neighbours of each in a map of ``HW``."""

    def __init__(
        self,
        dim: int,
        num_heads: int = 8,
        mixer: Mixer = "Global",
        HW: Sequence[int] | None = None,
        local_k: Sequence[int] = (7, 11),
        qkv_bias: bool = False,
        qk_scale: float | None = None,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
    ) -> None:
        super().__init__(dim, num_heads, qkv_bias, qk_scale, attn_drop, proj_drop)
        mask = None
        if mixer == "Local":
            if HW is None:
                raise ValueError("local mixing needs the size of the map")
            mask = paddle.to_tensor(_far_away(HW, local_k))
        self.register_buffer("mask", mask, persistable=False)

    def forward(self, x_NTC: Tensor) -> Tensor:
        return super().forward(x_NTC, self.mask)


class ConvMixer(nn.Layer):
    """Mixture of neighbouring positions of x_NTC by a grouped convolution over the map."""

    def __init__(
        self,
        dim: int,
        num_heads: int = 8,
        HW: Sequence[int] = (8, 25),
        local_k: Sequence[int] = (3, 3),
    ) -> None:
        super().__init__()
        self.HW, self.dim = HW, dim
        self.local_mixer = nn.Conv2D(
            dim,
            dim,
            local_k,
            padding=[local_k[0] // 2, local_k[1] // 2],
            groups=num_heads,
            weight_attr=ParamAttr(initializer=initializer.KaimingNormal()),
        )

    def forward(self, x_NTC: Tensor) -> Tensor:
        height, width = self.HW
        x_NCHW = x_NTC.transpose([0, 2, 1]).reshape([0, self.dim, height, width])
        return self.local_mixer(x_NCHW).flatten(2).transpose([0, 2, 1])


class Block(nn.Layer):
    """Mixing and a two-layer network, each added to its input.

    ``prenorm``, in spite of its name, normalises the sums; without it, what goes in.
    Configs and weights have settled on that meaning.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        mixer: Mixer = "Global",
        local_mixer: Sequence[int] = (7, 11),
        HW: Sequence[int] | None = None,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = False,
        qk_scale: float | None = None,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
        act: type[nn.Layer] = nn.GELU,
        epsilon: float = 1e-6,
        prenorm: bool = True,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, epsilon=epsilon)
        if mixer == "Conv":
            self.mixer = ConvMixer(dim, num_heads, HW or (8, 25), local_mixer)
        else:
            self.mixer = Attention(
                dim, num_heads, mixer, HW, local_mixer, qkv_bias, qk_scale, attn_drop, drop
            )
        self.drop_path = DropPath(drop_path)
        self.norm2 = nn.LayerNorm(dim, epsilon=epsilon)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), act, drop)
        self.prenorm = prenorm

    def forward(self, x_NTC: Tensor) -> Tensor:
        if self.prenorm:
            x_NTC = self.norm1(x_NTC + self.drop_path(self.mixer(x_NTC)))
            return self.norm2(x_NTC + self.drop_path(self.mlp(x_NTC)))
        x_NTC = x_NTC + self.drop_path(self.mixer(self.norm1(x_NTC)))
        return x_NTC + self.drop_path(self.mlp(self.norm2(x_NTC)))


def _far_away(HW: Sequence[int], local_k: Sequence[int]) -> np.ndarray:
    """Return float32 (1, 1, H*W, H*W): 0 between neighbours, -inf between all others."""
    (height, width), (tall, wide) = HW, local_k
    rows, columns = np.divmod(np.arange(height * width), width)
    near = np.abs(rows[:, None] - rows) <= tall // 2
    near &= np.abs(columns[:, None] - columns) <= wide // 2
    return np.where(near, 0.0, -np.inf).astype(np.float32)[None, None]
