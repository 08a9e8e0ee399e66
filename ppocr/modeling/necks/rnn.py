"""From a feature map to a sequence of columns, with or without context between them."""

from __future__ import annotations

from typing import Literal

from paddle import Tensor, nn

from ppocr.modeling.layers.lstm import BidirectionalLSTM


class SequenceEncoder(nn.Layer):
    """Sequence (N, W, C) of a feature map (N, C, 1, W).

    ``encoder_type`` decides what the columns know of each other: ``reshape`` nothing,
    ``rnn`` two bidirectional LSTM layers of ``hidden_size`` per direction.
    """

    def __init__(
        self,
        in_channels: int,
        encoder_type: Literal["reshape", "rnn"] = "rnn",
        hidden_size: int = 48,
    ) -> None:
        super().__init__()
        self.encoder_reshape = Im2Seq(in_channels)
        self.out_channels = in_channels
        self.encoder_type = encoder_type
        if encoder_type == "rnn":
            self.encoder = EncoderWithRNN(in_channels, hidden_size)
            self.out_channels = self.encoder.out_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NTC = self.encoder_reshape(x_NCHW)
        return x_NTC if self.encoder_type == "reshape" else self.encoder(x_NTC)


class Im2Seq(nn.Layer):
    """Columns (N, W, C) of a map (N, C, 1, W)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.out_channels = in_channels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return x_NCHW.squeeze(axis=2).transpose([0, 2, 1])


class EncoderWithRNN(nn.Layer):
    """Context of both directions (N, W, 2 * hidden_size) by a two-layer LSTM."""

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = 2 * hidden_size
        self.lstm = BidirectionalLSTM(in_channels, hidden_size, num_layers=2)

    def forward(self, x_NTC: Tensor) -> Tensor:
        return self.lstm(x_NTC)[0]
