"""Context between columns by SVTR blocks, as PP-OCRv3 and later use it.

Du et al., SVTR, 2022; Li et al., PP-OCRv3: More Attempts for the Improvement of Ultra
Lightweight OCR System, 2022.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from ppocr.modeling.layers.attention import truncated_normal_linears
from ppocr.modeling.layers.svtr import Block, ConvBNLayer


class EncoderWithSVTR(nn.Layer):
    """Map (N, dims, H, W) of a map (N, in_channels, H, W) whose positions know of each other.

    ``use_guide`` keeps gradients from the backbone: another head then trains it.
    """

    def __init__(
        self,
        in_channels: int,
        dims: int = 64,
        depth: int = 2,
        hidden_dims: int = 120,
        use_guide: bool = False,
        num_heads: int = 8,
        qkv_bias: bool = True,
        mlp_ratio: float = 2.0,
        drop_rate: float = 0.1,
        attn_drop_rate: float = 0.1,
        drop_path: float = 0.0,
        kernel_size: Sequence[int] = (3, 3),
        qk_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.use_guide = use_guide
        self.out_channels = dims
        self.hidden_dims = hidden_dims
        narrow = in_channels // 8
        around = [kernel_size[0] // 2, kernel_size[1] // 2]
        self.conv1 = ConvBNLayer(in_channels, narrow, kernel_size, padding=around, act=nn.Swish)
        self.conv2 = ConvBNLayer(narrow, hidden_dims, 1, act=nn.Swish)
        self.svtr_block = nn.LayerList(
            [
                Block(
                    hidden_dims,
                    num_heads,
                    mlp_ratio=mlp_ratio,
                    qkv_bias=qkv_bias,
                    qk_scale=qk_scale,
                    drop=drop_rate,
                    attn_drop=attn_drop_rate,
                    drop_path=drop_path,
                    act=nn.Swish,
                    epsilon=1e-5,
                    prenorm=False,
                )
                for _ in range(depth)
            ]
        )
        self.norm = nn.LayerNorm(hidden_dims, epsilon=1e-6)
        self.conv3 = ConvBNLayer(hidden_dims, in_channels, 1, act=nn.Swish)
        self.conv4 = ConvBNLayer(2 * in_channels, narrow, kernel_size, padding=around, act=nn.Swish)
        self.conv1x1 = ConvBNLayer(narrow, dims, 1, act=nn.Swish)
        self.apply(truncated_normal_linears)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.use_guide:
            x_NCHW = x_NCHW.detach()
        z_NCHW = self.conv2(self.conv1(x_NCHW))
        height = z_NCHW.shape[2]
        z_NTC = z_NCHW.flatten(2).transpose([0, 2, 1])
        for block in self.svtr_block:
            z_NTC = block(z_NTC)
        z_NTC = self.norm(z_NTC)
        z_NCHW = z_NTC.reshape([0, height, -1, self.hidden_dims]).transpose([0, 3, 1, 2])
        z_NCHW = paddle.concat([x_NCHW, self.conv3(z_NCHW)], axis=1)
        return self.conv1x1(self.conv4(z_NCHW))
