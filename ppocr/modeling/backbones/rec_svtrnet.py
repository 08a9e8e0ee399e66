"""SVTR: a line image as patches that are mixed with neighbours first, with all later.

Du et al., SVTR: Scene Text Recognition with a Single Visual Model, 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar, Literal

import numpy as np
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.layers.attention import truncated_normal_linears
from ppocr.modeling.layers.svtr import Block, ConvBNLayer, Mixer

LOCAL_THEN_GLOBAL = ("Local",) * 6 + ("Global",) * 6


class SVTRNet(nn.Layer):
    """Features (N, out_channels, 1, out_char_num) of images of exactly ``img_size``.

    Without ``last_stage`` the sequence (N, H*W, C) of the third stage. ``patch_merging``
    halves the height between stages, by a convolution or by pooling; ``mixer`` names the
    mixing of every block, ``local_mixer`` the neighbourhoods of the three stages.
    ``prenorm``, in spite of its name, normalises after each block's sums.
    """

    fixed_width: ClassVar[bool] = True

    def __init__(
        self,
        img_size: Sequence[int] = (32, 100),
        in_channels: int = 3,
        embed_dim: Sequence[int] = (64, 128, 256),
        depth: Sequence[int] = (3, 6, 3),
        num_heads: Sequence[int] = (2, 4, 8),
        mixer: Sequence[Mixer] = LOCAL_THEN_GLOBAL,
        local_mixer: Sequence[Sequence[int]] = ((7, 11), (7, 11), (7, 11)),
        patch_merging: Literal["Conv", "Pool"] | None = "Conv",
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        drop_rate: float = 0.0,
        last_drop: float = 0.1,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.1,
        epsilon: float = 1e-6,
        out_channels: int = 192,
        out_char_num: int = 25,
        last_stage: bool = True,
        sub_num: Literal[2, 3] = 2,
        prenorm: bool = True,
    ) -> None:
        super().__init__()
        if len(mixer) != sum(depth):
            raise ValueError(f"{sum(depth)} blocks need as many mixers, not {len(mixer)}")
        self.size = [img_size[0] // 2**sub_num, img_size[1] // 2**sub_num]
        self.heights = [self.size[0] // (2**stage if patch_merging else 1) for stage in range(3)]
        self.widths = list(embed_dim)
        self.patch_embed = PatchEmbed(in_channels, embed_dim[0], sub_num)
        shape = [1, self.size[0] * self.size[1], embed_dim[0]]
        zeros = initializer.Constant(0.0)
        self.pos_embed = self.create_parameter(shape, default_initializer=zeros)
        self.pos_drop = nn.Dropout(drop_rate)
        block = partial(
            Block,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            qk_scale=qk_scale,
            drop=drop_rate,
            attn_drop=attn_drop_rate,
            epsilon=epsilon,
            prenorm=prenorm,
        )
        drops = np.linspace(0, drop_path_rate, sum(depth)).tolist()
        self._add_stages(block, depth, num_heads, mixer, local_mixer, drops, patch_merging)
        self.patch_merging = patch_merging is not None
        self.last_stage, self.prenorm = last_stage, prenorm
        self.out_channels = out_channels
        if last_stage:
            self.avg_pool = nn.AdaptiveAvgPool2D([1, out_char_num])
            self.last_conv = nn.Conv2D(embed_dim[2], out_channels, 1, bias_attr=False)
            # scales by 1 - last_drop in evaluation, which the weights of the head count on
            self.dropout = nn.Dropout(last_drop, mode="downscale_in_infer")
        if not prenorm:
            self.norm = nn.LayerNorm(embed_dim[2], epsilon=epsilon)
        initializer.TruncatedNormal(std=0.02)(self.pos_embed)
        self.apply(truncated_normal_linears)

    def _add_stages(
        self,
        block: Callable[..., Block],
        depth: Sequence[int],
        num_heads: Sequence[int],
        mixer: Sequence[Mixer],
        local_mixer: Sequence[Sequence[int]],
        drops: Sequence[float],
        patch_merging: Literal["Conv", "Pool"] | None,
    ) -> None:
        """Add blocks1, sub_sample1, blocks2, sub_sample2 and blocks3, in this order."""
        places = iter(range(sum(depth)))
        for stage in range(3):
            width, size = self.widths[stage], [self.heights[stage], self.size[1]]
            blocks = [
                block(
                    width,
                    num_heads[stage],
                    mixer=mixer[place],
                    local_mixer=local_mixer[stage],
                    HW=size,
                    drop_path=drops[place],
                )
                for place in islice(places, depth[stage])
            ]
            setattr(self, f"blocks{stage + 1}", nn.LayerList(blocks))
            if stage < 2 and patch_merging:
                sample = SubSample(width, self.widths[stage + 1], patch_merging)
                setattr(self, f"sub_sample{stage + 1}", sample)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NTC = self.pos_drop(self.patch_embed(x_NCHW) + self.pos_embed)
        for block in self.blocks1:
            x_NTC = block(x_NTC)
        if self.patch_merging:
            x_NTC = self.sub_sample1(self._as_map(x_NTC, 0))
        for block in self.blocks2:
            x_NTC = block(x_NTC)
        if self.patch_merging:
            x_NTC = self.sub_sample2(self._as_map(x_NTC, 1))
        for block in self.blocks3:
            x_NTC = block(x_NTC)
        if not self.prenorm:
            x_NTC = self.norm(x_NTC)
        if not self.last_stage:
            return x_NTC
        pooled = self.last_conv(self.avg_pool(self._as_map(x_NTC, 2)))
        return self.dropout(F.hardswish(pooled))

    def _as_map(self, x_NTC: Tensor, stage: int) -> Tensor:
        shape = [0, self.widths[stage], self.heights[stage], self.size[1]]
        return x_NTC.transpose([0, 2, 1]).reshape(shape)


class PatchEmbed(nn.Layer):
    """Patches (N, H*W, C) of an image, each side halved ``sub_num`` times by convolutions."""

    def __init__(self, in_channels: int, embed_dim: int, sub_num: int) -> None:
        super().__init__()
        widths = [in_channels, *(embed_dim // 2**step for step in reversed(range(sub_num)))]
        self.proj = nn.Sequential(
            *(
                ConvBNLayer(widths[step], widths[step + 1], 3, 2, 1, bias=True)
                for step in range(sub_num)
            )
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.proj(x_NCHW).flatten(2).transpose([0, 2, 1])


class SubSample(nn.Layer):
    """Patches (N, H/2*W, C') of a map (N, C, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, kind: Literal["Conv", "Pool"]) -> None:
        super().__init__()
        self.kind = kind
        if kind == "Pool":
            self.proj = nn.Linear(in_channels, out_channels)
        else:
            self.conv = nn.Conv2D(
                in_channels,
                out_channels,
                3,
                stride=[2, 1],
                padding=1,
                weight_attr=ParamAttr(initializer=initializer.KaimingNormal()),
            )
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.kind == "Conv":
            return self.norm(self.conv(x_NCHW).flatten(2).transpose([0, 2, 1]))
        window = {"kernel_size": [3, 5], "stride": [2, 1], "padding": [1, 2]}
        pooled = (F.avg_pool2d(x_NCHW, **window) + F.max_pool2d(x_NCHW, **window)) * 0.5
        return self.norm(self.proj(pooled.flatten(2).transpose([0, 2, 1])))
