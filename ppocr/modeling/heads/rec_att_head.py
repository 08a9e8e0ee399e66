"""Attention over the columns, one character after the other.

Shi et al., Robust Scene Text Recognition with Automatic Rectification (RARE), 2016.
"""

from __future__ import annotations

from typing import Any, ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.classes import Rows


class AttentionHead(nn.Layer):
    """Logits (N, L, classes) in training, probabilities of the same shape in evaluation.

    Each step is fed with what the last one found most likely, in training too: labels
    are aligned so that the head repeats the start mark first, and feeding it labels would
    hand it the answers. L is ``max_text_length``.
    """

    outputs: ClassVar[tuple[str, ...]] = ("probs",)
    gives: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, in_channels: int, out_channels: int, hidden_size: int, max_text_length: int = 25
    ) -> None:
        super().__init__()
        self.in_channels, self.hidden_size, self.classes = in_channels, hidden_size, out_channels
        self.steps = max_text_length
        self.attention_cell = AttentionGRUCell(in_channels, hidden_size, out_channels)
        self.generator = nn.Linear(hidden_size, out_channels)

    def class_rows(self) -> dict[str, Rows]:
        """Return where the rows of characters are: after the start mark, before the end mark."""
        return {
            "attention_cell.rnn.weight_ih": Rows(1, self.in_channels + 1, is_score=False),
            "generator.weight": Rows(1, 1),
            "generator.bias": Rows(0, 1),
        }

    def forward(self, x_NTC: Tensor, targets: Any = None) -> Tensor:
        count = x_NTC.shape[0]
        keys_NTC = self.attention_cell.i2h(x_NTC)
        hidden_NC = paddle.zeros([count, self.hidden_size], dtype=x_NTC.dtype)
        character_N = paddle.zeros([count], dtype="int64")
        steps = []
        for _ in range(self.steps):
            onehot_NC = F.one_hot(character_N, self.classes).astype(x_NTC.dtype)
            hidden_NC = self.attention_cell(hidden_NC, x_NTC, keys_NTC, onehot_NC)
            steps.append(self.generator(hidden_NC))
            character_N = steps[-1].argmax(axis=1)
        logits_NLC = paddle.stack(steps, axis=1)
        return logits_NLC if self.training else F.softmax(logits_NLC, axis=2)


class AttentionGRUCell(nn.Layer):
    """The next state (N, hidden) from the last one, the character before and all columns."""

    def __init__(self, in_channels: int, hidden_size: int, classes: int) -> None:
        super().__init__()
        self.i2h = nn.Linear(in_channels, hidden_size, bias_attr=False)
        self.h2h = nn.Linear(hidden_size, hidden_size)
        self.score = nn.Linear(hidden_size, 1, bias_attr=False)
        self.rnn = nn.GRUCell(in_channels + classes, hidden_size)

    def forward(
        self, hidden_NC: Tensor, x_NTC: Tensor, keys_NTC: Tensor, onehot_NC: Tensor
    ) -> Tensor:
        query_N1C = self.h2h(hidden_NC).unsqueeze(1)
        weight_NT1 = F.softmax(self.score(paddle.tanh(keys_NTC + query_N1C)), axis=1)
        seen_NC = paddle.matmul(weight_NT1.transpose([0, 2, 1]), x_NTC).squeeze(1)
        return self.rnn(paddle.concat([seen_NC, onehot_NC], axis=1), hidden_NC)[0]
