"""Transformer that writes the text character by character.

Sheng et al., NRTR: A No-Recurrence Sequence-to-Sequence Model For Scene Text Recognition, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn
from paddle.nn import initializer

from ppocr.modeling.classes import Rows
from ppocr.modeling.layers.attention import Mlp

START, END = 2, 3
SPECIALS = 4
POSITIONS = 5000


class Transformer(nn.Layer):
    """Logits (N, L, classes + 1) in training; [ids, probabilities] (N, L) in evaluation.

    Input is a sequence (N, T, d_model). In training ``label`` (N, >= L) begins with the
    start mark 2, ``length`` (N) decides how many of its characters count. In evaluation
    ids begin with the start mark and end when every sample says 3 at the same step, or
    after ``max_len``. ``num_encoder_layers`` of 0 or less leaves the encoder out.
    """

    outputs: ClassVar[tuple[str, ...]] = ("ids", "probs")
    gives: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ("label", "length")

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        beam_size: int = 0,
        num_decoder_layers: int = 6,
        max_len: int = 25,
        dim_feedforward: int = 1024,
        attention_dropout_rate: float = 0.0,
        residual_dropout_rate: float = 0.1,
        in_channels: int = 0,
        out_channels: int = 0,
        scale_embedding: bool = True,
    ) -> None:
        super().__init__()
        if beam_size > 0:
            raise ValueError("beam search is not available; beam_size has to be 0 or less")
        self.max_len = max_len
        classes = out_channels + 1
        self.embedding = Embeddings(d_model, classes, scale_embedding)
        self.positional_encoding = PositionalEncoding(residual_dropout_rate, d_model)
        settings = (d_model, nhead, dim_feedforward, attention_dropout_rate, residual_dropout_rate)
        self.encoder = None
        if num_encoder_layers > 0:
            layers = [
                TransformerBlock(*settings, with_cross_attn=False)
                for _ in range(num_encoder_layers)
            ]
            self.encoder = nn.LayerList(layers)
        layers = [
            TransformerBlock(*settings, with_cross_attn=True) for _ in range(num_decoder_layers)
        ]
        self.decoder = nn.LayerList(layers)
        self.tgt_word_prj = nn.Linear(d_model, classes, bias_attr=False)
        for layer in self.sublayers():
            if isinstance(layer, nn.Linear):
                initializer.XavierUniform()(layer.weight)
        initializer.Normal(0.0, d_model**-0.5)(self.tgt_word_prj.weight)

    def class_rows(self) -> dict[str, Rows]:
        """Return where the rows of characters are: after blank, unknown, start and end."""
        return {
            "embedding.embedding.weight": Rows(0, SPECIALS, is_score=False),
            "tgt_word_prj.weight": Rows(1, SPECIALS),
        }

    def forward(self, x_NTC: Tensor, targets: Mapping[str, Any] | None = None) -> Any:
        memory_NTC = self._encode(x_NTC)
        if not self.training:
            return self._read(memory_NTC)
        if targets is None:
            raise ValueError("the transformer head needs label and length to train")
        longest = int(targets["length"].max().item())
        return self._logits(targets["label"][:, : 1 + longest], memory_NTC)

    def _encode(self, x_NTC: Tensor) -> Tensor:
        if self.encoder is None:
            return x_NTC
        x_NTC = self.positional_encoding(x_NTC)
        for layer in self.encoder:
            x_NTC = layer(x_NTC)
        return x_NTC

    def _logits(self, ids_NL: Tensor, memory_NTC: Tensor) -> Tensor:
        text_NLC = self.positional_encoding(self.embedding(ids_NL))
        length = ids_NL.shape[1]
        later = paddle.triu(paddle.full([length, length], float("-inf")), diagonal=1)
        for layer in self.decoder:
            text_NLC = layer(text_NLC, memory_NTC, later)
        return self.tgt_word_prj(text_NLC)

    def _read(self, memory_NTC: Tensor) -> list[Tensor]:
        count = memory_NTC.shape[0]
        ids_NL = paddle.full([count, 1], START, dtype="int64")
        probs_NL = paddle.ones([count, 1])
        for _ in range(1, self.max_len):
            probs_NC = F.softmax(self._logits(ids_NL, memory_NTC)[:, -1], axis=-1)
            best_N = probs_NC.argmax(axis=-1)
            if bool((best_N == END).all()):
                break
            ids_NL = paddle.concat([ids_NL, best_N.unsqueeze(1)], axis=1)
            probs_NL = paddle.concat([probs_NL, probs_NC.max(axis=-1, keepdim=True)], axis=1)
        return [ids_NL, probs_NL]


class NRTRHead(Transformer):
    """The transformer under the names that MultiHead's list gives to its settings."""

    def __init__(
        self,
        out_channels: int = 0,
        nrtr_dim: int = 256,
        max_text_length: int = 25,
        num_decoder_layers: int = 4,
    ) -> None:
        super().__init__(
            d_model=nrtr_dim,
            nhead=nrtr_dim // 32,
            num_encoder_layers=-1,
            beam_size=-1,
            num_decoder_layers=num_decoder_layers,
            max_len=max_text_length,
            dim_feedforward=nrtr_dim * 4,
            out_channels=out_channels,
        )


class TransformerBlock(nn.Layer):
    """Self-attention, attention to the image, and a two-layer network; normalised after each."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        attention_dropout_rate: float,
        residual_dropout_rate: float,
        with_cross_attn: bool,
    ) -> None:
        super().__init__()
        self.drop = nn.Dropout(residual_dropout_rate)
        self.self_attn = MultiheadAttention(d_model, nhead, attention_dropout_rate, True)
        self.norm1 = nn.LayerNorm(d_model, epsilon=1e-5)
        self.cross_attn = None
        if with_cross_attn:
            self.cross_attn = MultiheadAttention(d_model, nhead, attention_dropout_rate, False)
            self.norm2 = nn.LayerNorm(d_model, epsilon=1e-5)
        self.mlp = Mlp(d_model, dim_feedforward, nn.ReLU, residual_dropout_rate)
        self.norm3 = nn.LayerNorm(d_model, epsilon=1e-5)

    def forward(
        self, x_NLC: Tensor, memory_NTC: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        x_NLC = self.norm1(x_NLC + self.drop(self.self_attn(x_NLC, mask=mask)))
        if self.cross_attn is not None:
            x_NLC = self.norm2(x_NLC + self.drop(self.cross_attn(x_NLC, memory_NTC)))
        return self.norm3(x_NLC + self.drop(self.mlp(x_NLC)))


class MultiheadAttention(nn.Layer):
    """Mixture (N, L, C) of the positions of x itself, or of ``memory``."""

    def __init__(self, embed_dim: int, num_heads: int, dropout: float, self_attn: bool) -> None:
        super().__init__()
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = nn.Dropout(dropout)
        self.self_attn = self_attn
        if self_attn:
            self.qkv = nn.Linear(embed_dim, embed_dim * 3)
        else:
            self.q = nn.Linear(embed_dim, embed_dim)
            self.kv = nn.Linear(embed_dim, embed_dim * 2)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(
        self, x_NLC: Tensor, memory_NTC: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        if self.self_attn:
            query, key, value = self._heads(self.qkv(x_NLC), 3)
        else:
            (query,) = self._heads(self.q(x_NLC), 1)
            key, value = self._heads(self.kv(memory_NTC), 2)
        scores = paddle.matmul(query * self.head_dim**-0.5, key.transpose([0, 1, 3, 2]))
        if mask is not None:
            scores = scores + mask.astype(scores.dtype)
        weights = self.dropout(F.softmax(scores, axis=-1))
        mixed = paddle.matmul(weights, value).transpose([0, 2, 1, 3])
        return self.out_proj(mixed.reshape([0, -1, self.embed_dim]))

    def _heads(self, x: Tensor, parts: int) -> list[Tensor]:
        x = x.reshape([0, -1, parts, self.num_heads, self.head_dim])
        return x.transpose([2, 0, 3, 1, 4]).unbind(0)


class Embeddings(nn.Layer):
    """Vectors (N, L, d_model) of ids; id 0, padding, is the zero vector."""

    def __init__(self, d_model: int, vocab: int, scale_embedding: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, d_model, padding_idx=0)
        values = initializer.Normal(0.0, d_model**-0.5)
        values(self.embedding.weight)
        self.scale = math.sqrt(d_model) if scale_embedding else 1.0

    def forward(self, ids_NL: Tensor) -> Tensor:
        return self.embedding(ids_NL) * self.scale


class PositionalEncoding(nn.Layer):
    """x_NLC plus sines and cosines of the position; the table is part of checkpoints."""

    def __init__(self, dropout: float, dim: int, max_len: int = POSITIONS) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        position = paddle.arange(0, max_len, dtype="float32").unsqueeze(1)
        step = paddle.exp(paddle.arange(0, dim, 2).astype("float32") * (-math.log(10000.0) / dim))
        table = paddle.zeros([max_len, dim])
        table[:, 0::2] = paddle.sin(position * step)
        table[:, 1::2] = paddle.cos(position * step)
        self.register_buffer("pe", table.unsqueeze(1))

    def forward(self, x_NLC: Tensor) -> Tensor:
        table_1LC = self.pe[: x_NLC.shape[1]].transpose([1, 0, 2])
        return self.dropout(x_NLC + table_1LC)
