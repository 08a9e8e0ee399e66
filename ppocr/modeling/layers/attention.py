"""Parts of transformers that several networks share.

Vaswani et al., Attention Is All You Need, 2017; Dosovitskiy et al., An Image is Worth
16x16 Words, 2021; stochastic depth: Huang et al., Deep Networks with Stochastic Depth, 2016.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.nn import initializer


class DropPath(nn.Layer):
    """x with, in training, whole samples set to 0 and the others scaled to keep the mean."""

    def __init__(self, drop_prob: float = 0.0) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x: Tensor) -> Tensor:
        if self.drop_prob == 0.0 or not self.training:
            return x
        kept = 1.0 - self.drop_prob
        draw = paddle.rand([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype)
        return x / kept * paddle.floor(kept + draw)


class Mlp(nn.Layer):
    """Two linear layers with an activation between, on the last axis."""

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        act: type[nn.Layer] = nn.GELU,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features)
        self.act = act()
        self.fc2 = nn.Linear(hidden_features, in_features)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class SelfAttention(nn.Layer):
    """Mixture (N, T, C) of all positions of x_NTC; ``mask`` is added to the scores."""

    def __init__(
        self,
        dim: int,
        num_heads: int = 8,
        qkv_bias: bool = False,
        qk_scale: float | None = None,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.dim, self.num_heads = dim, num_heads
        self.head_dim = dim // num_heads
        self.scale = qk_scale or self.head_dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3, bias_attr=None if qkv_bias else False)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x_NTC: Tensor, mask: Tensor | None = None) -> Tensor:
        parts = self.qkv(x_NTC).reshape([0, -1, 3, self.num_heads, self.head_dim])
        query, key, value = parts.transpose([2, 0, 3, 1, 4]).unbind(0)
        scores = paddle.matmul(query * self.scale, key.transpose([0, 1, 3, 2]))
        if mask is not None:
            scores = scores + mask
        weights = self.attn_drop(F.softmax(scores, axis=-1))
        mixed = paddle.matmul(weights, value).transpose([0, 2, 1, 3]).reshape([0, -1, self.dim])
        return self.proj_drop(self.proj(mixed))


def truncated_normal_linears(layer: nn.Layer) -> None:
    """Start a linear layer from a normal distribution of 0.02 and a layer norm as identity."""
    if isinstance(layer, nn.Linear):
        initializer.TruncatedNormal(std=0.02)(layer.weight)
        if layer.bias is not None:
            initializer.Constant(0.0)(layer.bias)
    elif isinstance(layer, nn.LayerNorm):
        initializer.Constant(0.0)(layer.bias)
        initializer.Constant(1.0)(layer.weight)


def kaiming_uniform() -> ParamAttr:
    """Return settings for a weight drawn by He's rule from a uniform distribution."""
    return ParamAttr(initializer=initializer.KaimingUniform())
