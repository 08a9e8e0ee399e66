"""Attention over the two-dimensional feature map, one character after the other.

Li et al., Show, Attend and Read: A Simple and Strong Baseline for Irregular Text
Recognition, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.classes import Rows
from ppocr.modeling.layers import flat_conv
from ppocr.modeling.layers.pairs import pair_sums, row_sums


class SARHead(nn.Layer):
    """Scores (N, L, classes - 1) of each character; the last class, padding, is never predicted.

    In training L is the length of ``label`` (N, L), which begins with the start mark; in
    evaluation L is ``max_text_length`` and scores are probabilities. ``valid_ratio`` (N)
    is the part of each image's width that is not padding; where it is not given the
    whole width counts.
    """

    outputs: ClassVar[tuple[str, ...]] = ("probs",)
    gives: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ("label", "valid_ratio")

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        enc_dim: int = 512,
        max_text_length: int = 30,
        enc_bi_rnn: bool = False,
        enc_drop_rnn: float = 0.1,
        enc_gru: bool = False,
        dec_bi_rnn: bool = False,
        dec_drop_rnn: float = 0.0,
        dec_gru: bool = False,
        d_k: int = 512,
        pred_dropout: float = 0.1,
        pred_concat: bool = True,
    ) -> None:
        super().__init__()
        self.encoder = SAREncoder(in_channels, enc_dim, enc_bi_rnn, enc_drop_rnn, enc_gru)
        self.decoder = ParallelSARDecoder(
            out_channels,
            in_channels,
            enc_dim * (2 if enc_bi_rnn else 1),
            dec_bi_rnn,
            dec_drop_rnn,
            dec_gru,
            d_k,
            pred_dropout,
            max_text_length,
            pred_concat,
        )

    def class_rows(self) -> dict[str, Rows]:
        """Return where the rows of characters are; unknown, start/end and padding follow."""
        return {
            "decoder.embedding.weight": Rows(0, 0, is_score=False),
            "decoder.prediction.weight": Rows(1, 0),
            "decoder.prediction.bias": Rows(0, 0),
        }

    def forward(self, x_NCHW: Tensor, targets: Mapping[str, Any] | None = None) -> Tensor:
        ratio_N = (targets or {}).get("valid_ratio")
        holistic_NC = self.encoder(x_NCHW, ratio_N)
        if not self.training:
            return self.decoder.read(x_NCHW, holistic_NC, ratio_N)
        if targets is None:
            raise ValueError("SARHead needs label and valid_ratio to train")
        return self.decoder(x_NCHW, holistic_NC, targets["label"], ratio_N)


class SAREncoder(nn.Layer):
    """One vector (N, C) per image, read column by column up to the last valid one."""

    def __init__(
        self, in_channels: int, enc_dim: int, is_bidirectional: bool, dropout: float, is_gru: bool
    ) -> None:
        super().__init__()
        self.rnn_encoder = _rnn(in_channels, enc_dim, is_bidirectional, dropout, is_gru)
        width = enc_dim * (2 if is_bidirectional else 1)
        self.linear = nn.Linear(width, width)

    def forward(self, x_NCHW: Tensor, ratio_N: Tensor | None) -> Tensor:
        columns_NTC = x_NCHW.max(axis=2).transpose([0, 2, 1])
        hidden_NTC = self.rnn_encoder(columns_NTC)[0]
        if ratio_N is None:
            return self.linear(hidden_NTC[:, -1])
        last_N = _valid_steps(ratio_N, hidden_NTC.shape[1]) - 1
        picked = F.one_hot(last_N, hidden_NTC.shape[1]).unsqueeze(1).astype(hidden_NTC.dtype)
        return self.linear(paddle.matmul(picked, hidden_NTC).squeeze(1))


class ParallelSARDecoder(nn.Layer):
    """Scores of all characters at once when they are known, else one after the other."""

    def __init__(
        self,
        out_channels: int,
        in_channels: int,
        width: int,
        is_bidirectional: bool,
        dropout: float,
        is_gru: bool,
        d_k: int,
        pred_dropout: float,
        max_text_length: int,
        pred_concat: bool,
    ) -> None:
        super().__init__()
        self.start_index = out_channels - 2
        self.max_text_length = max_text_length
        self.pred_concat = pred_concat
        self.pred_dropout = nn.Dropout(pred_dropout)
        decoded = width * (2 if is_bidirectional else 1)
        self.conv1x1_1 = nn.Linear(decoded, d_k)
        self.conv3x3_1 = flat_conv.Conv2D(in_channels, d_k, 3, padding=1)
        self.conv1x1_2 = nn.Linear(d_k, 1)
        self.rnn_decoder = _rnn(width, width, is_bidirectional, dropout, is_gru)
        self.embedding = nn.Embedding(out_channels, width, padding_idx=out_channels - 1)
        features = decoded + in_channels + width if pred_concat else in_channels
        self.prediction = nn.Linear(features, out_channels - 1)

    def forward(
        self, x_NCHW: Tensor, holistic_NC: Tensor, label_NL: Tensor, ratio_N: Tensor | None
    ) -> Tensor:
        characters = self.embedding(label_NL)
        inputs_NLC = paddle.concat([holistic_NC.unsqueeze(1), characters], axis=1)
        hidden_NLC = self.rnn_decoder(inputs_NLC)[0][:, 1:]  # what the image gave is no character
        scores = self._scores(hidden_NLC, x_NCHW, self._keys(x_NCHW), holistic_NC, ratio_N)
        return self.pred_dropout(scores)

    def read(self, x_NCHW: Tensor, holistic_NC: Tensor, ratio_N: Tensor | None) -> Tensor:
        """Return probabilities (N, max_text_length, classes - 1), each step fed with the last."""
        keys = self._keys(x_NCHW)
        start = paddle.full([x_NCHW.shape[0]], self.start_index, dtype="int64")
        inputs = [holistic_NC, self.embedding(start)]
        steps = []
        for _ in range(self.max_text_length):
            hidden_NLC = self.rnn_decoder(paddle.stack(inputs, axis=1))[0][:, -1:]
            scores = self._scores(hidden_NLC, x_NCHW, keys, holistic_NC, ratio_N)
            steps.append(F.softmax(scores[:, 0], axis=-1))
            inputs.append(self.embedding(steps[-1].argmax(axis=-1)))
        return paddle.stack(steps, axis=1)

    def _keys(self, x_NCHW: Tensor) -> Tensor:
        """Return what attention compares with, (N, 1, H*W, d_k)."""
        return self.conv3x3_1(x_NCHW).flatten(2).transpose([0, 2, 1]).unsqueeze(1)

    def _scores(
        self,
        hidden_NLC: Tensor,
        x_NCHW: Tensor,
        keys: Tensor,
        holistic_NC: Tensor,
        ratio_N: Tensor | None,
    ) -> Tensor:
        query = self.conv1x1_1(hidden_NLC).unsqueeze(2)
        weight_NLP = self.conv1x1_2(paddle.tanh(pair_sums(keys, query))).squeeze(3)
        if ratio_N is not None:
            weight_NLP = weight_NLP + _beyond(ratio_N, *x_NCHW.shape[2:]).astype(weight_NLP.dtype)
        weight_NLP = F.softmax(weight_NLP, axis=-1)
        seen_NLC = paddle.matmul(weight_NLP, x_NCHW.flatten(2).transpose([0, 2, 1]))
        if not self.pred_concat:
            return self.prediction(seen_NLC)
        own_NLC = paddle.concat([hidden_NLC, seen_NLC], axis=-1)
        widths = [own_NLC.shape[2], holistic_NC.shape[1]]
        of_own, of_whole = paddle.split(self.prediction.weight, widths, axis=0)
        # what the whole image says is the same for every character: multiplied once
        whole_NC = F.linear(holistic_NC, of_whole, self.prediction.bias)
        return row_sums(paddle.matmul(own_NLC, of_own), whole_NC.unsqueeze(1))


def _valid_steps(ratio_N: Tensor, width: int) -> Tensor:
    """Return how many of ``width`` columns are not padding, int64 (N)."""
    return paddle.ceil(ratio_N.astype("float32") * width).astype("int64").clip(1, width)


def _beyond(ratio_N: Tensor, height: int, width: int) -> Tensor:
    """Return float32 (N, 1, H*W): 0 on valid columns, -inf on padding."""
    columns = paddle.arange(width).unsqueeze(0)
    is_padding = columns >= _valid_steps(ratio_N, width).unsqueeze(1)
    far = paddle.where(is_padding, paddle.full([1], float("-inf")), paddle.zeros([1]))
    return far.unsqueeze(1).expand([-1, height, -1]).flatten(1).unsqueeze(1)


def _rnn(
    in_channels: int, hidden: int, is_bidirectional: bool, dropout: float, is_gru: bool
) -> nn.Layer:
    direction = "bidirectional" if is_bidirectional else "forward"
    layer = nn.GRU if is_gru else nn.LSTM
    return layer(in_channels, hidden, num_layers=2, dropout=dropout, direction=direction)
