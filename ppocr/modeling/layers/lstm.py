"""An LSTM that can be trained and exported."""

from __future__ import annotations

import paddle
from paddle import nn


class BidirectionalLSTM(nn.LSTM):
    """(outputs (N, T, 2 * hidden_size), last states) of x_NTC, read in both directions."""

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1) -> None:
        super().__init__(input_size, hidden_size, num_layers=num_layers, direction="bidirectional")
        # paddle leaves this scratch buffer without memory, and the pdmodel exporter asks
        # on which device it lies
        self._dropout_state = paddle.zeros([1], dtype="uint8")
