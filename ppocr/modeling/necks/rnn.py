"""From a feature map to a sequence of columns, with or without context between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paddle import Tensor, nn

from ppocr.modeling.layers.init import uniform_by_fan
from ppocr.modeling.layers.lstm import BidirectionalLSTM
from ppocr.modeling.necks.svtr import EncoderWithSVTR


class SequenceEncoder(nn.Layer):
    """Sequence (N, W, C) of a feature map (N, C, 1, W).

    ``encoder_type`` decides what the columns know of each other: ``reshape`` nothing,
    ``fc`` nothing but one linear layer, ``rnn`` two bidirectional LSTM layers of
    ``hidden_size`` per direction, ``cascadernn`` one such layer per entry of
    ``out_channels``, each with a linear layer if ``with_linear``, ``svtr`` attention. The
    other settings are those of EncoderWithSVTR.
    """

    def __init__(
        self,
        in_channels: int,
        encoder_type: Literal["reshape", "fc", "rnn", "cascadernn", "svtr"] = "rnn",
        hidden_size: int = 48,
        out_channels: Sequence[int] | None = None,
        with_linear: bool = False,
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
        self.encoder_reshape = Im2Seq(in_channels)
        self.out_channels = in_channels
        self.encoder_type = encoder_type
        if encoder_type == "fc":
            self.encoder = EncoderWithFC(in_channels, hidden_size)
        elif encoder_type == "rnn":
            self.encoder = EncoderWithRNN(in_channels, hidden_size)
        elif encoder_type == "cascadernn":
            if out_channels is None:
                raise ValueError("cascadernn needs out_channels, one width per layer")
            self.encoder = EncoderWithCascadeRNN(
                in_channels, hidden_size, out_channels, with_linear
            )
        elif encoder_type == "svtr":
            self.encoder = EncoderWithSVTR(
                in_channels,
                dims,
                depth,
                hidden_dims,
                use_guide,
                num_heads,
                qkv_bias,
                mlp_ratio,
                drop_rate,
                attn_drop_rate,
                drop_path,
                kernel_size,
                qk_scale,
            )
        if encoder_type != "reshape":
            self.out_channels = self.encoder.out_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.encoder_type == "svtr":
            return self.encoder_reshape(self.encoder(x_NCHW))
        x_NTC = self.encoder_reshape(x_NCHW)
        return x_NTC if self.encoder_type == "reshape" else self.encoder(x_NTC)


class Im2Seq(nn.Layer):
    """Columns (N, W, C) of a map (N, C, 1, W)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.out_channels = in_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return x_NCHW.squeeze(axis=2).transpose([0, 2, 1])


class EncoderWithFC(nn.Layer):
    """One linear layer on every column: (N, W, hidden_size)."""

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = hidden_size
        self.fc = nn.Linear(
            in_channels,
            hidden_size,
            weight_attr=uniform_by_fan(in_channels, 0.00001),
            bias_attr=uniform_by_fan(in_channels, 0.00001),
        )

    def forward(self, x_NTC: Tensor) -> Tensor:
        return self.fc(x_NTC)


class EncoderWithRNN(nn.Layer):
    """Context of both directions (N, W, 2 * hidden_size) by a two-layer LSTM."""

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = 2 * hidden_size
        self.lstm = BidirectionalLSTM(in_channels, hidden_size, num_layers=2)

    def forward(self, x_NTC: Tensor) -> Tensor:
        return self.lstm(x_NTC)[0]


class EncoderWithCascadeRNN(nn.Layer):
    """Context of both directions (N, W, out_channels[-1]) by LSTMs one after the other."""

    def __init__(
        self,
        in_channels: int,
        hidden_size: int,
        out_channels: Sequence[int],
        with_linear: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels[-1]
        widths = [in_channels, *out_channels]
        self.encoder = nn.LayerList(
            [
                _LSTMAndLinear(width, hidden_size, out if with_linear else None)
                for width, out in zip(widths, out_channels, strict=False)
            ]
        )

    def forward(self, x_NTC: Tensor) -> Tensor:
        for layer in self.encoder:
            x_NTC = layer(x_NTC)
        return x_NTC


class _LSTMAndLinear(nn.Layer):
    def __init__(self, in_channels: int, hidden_size: int, out_channels: int | None) -> None:
        super().__init__()
        self.rnn = BidirectionalLSTM(in_channels, hidden_size)
        self.linear = None if out_channels is None else nn.Linear(2 * hidden_size, out_channels)

    def forward(self, x_NTC: Tensor) -> Tensor:
        x_NTC = self.rnn(x_NTC)[0]
        return x_NTC if self.linear is None else self.linear(x_NTC)
