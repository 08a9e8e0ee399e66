"""Labels, heads, losses and decoders that belong together: a head learns what is decoded."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss
from ppocr.modeling.heads import HEADS
from ppocr.postprocess import build_post_process
from ppocr.transforms import create_operators

TEXTS = ["ab", "b", "cab c", "ca"]
LENGTH, CHANNELS, STEPS = 8, 32, 12
MOST_ROUNDS, STEPS_A_ROUND = 6, 20
SETTINGS = {
    "AttentionHead": {"in_channels": CHANNELS, "hidden_size": 32, "max_text_length": LENGTH},
    "SARHead": {
        "in_channels": CHANNELS,
        "enc_dim": 32,
        "d_k": 32,
        "enc_drop_rnn": 0.0,
        "pred_dropout": 0.0,
        "max_text_length": LENGTH,
    },
    "Transformer": {
        "d_model": 32,
        "nhead": 2,
        "num_encoder_layers": 0,
        "num_decoder_layers": 1,
        "dim_feedforward": 64,
        "residual_dropout_rate": 0.0,
        "max_len": LENGTH,
    },
}


@pytest.mark.parametrize(
    ("encoder", "head", "loss", "decoder"),
    [
        ("AttnLabelEncode", "AttentionHead", "AttentionLoss", "AttnLabelDecode"),
        ("SARLabelEncode", "SARHead", "SARLoss", "SARLabelDecode"),
        ("NRTRLabelEncode", "Transformer", "NRTRLoss", "NRTRLabelDecode"),
    ],
)
def test_what_a_head_learns_is_what_is_decoded(encoder, head, loss, decoder, tmp_path):
    paddle.seed(0)
    path = tmp_path / "dict.txt"
    path.write_text("a\nb\nc\n", encoding="utf-8")
    given = {"character_dict_path": str(path), "use_space_char": True}
    (encode,) = create_operators([{encoder: {"max_text_length": LENGTH, **given}}])
    samples = [encode({"label": text}) for text in TEXTS]
    batch = {key: paddle.to_tensor(np.stack([s[key] for s in samples])) for key in encode.adds}
    batch["valid_ratio"] = paddle.ones([len(TEXTS)])
    decode = build_post_process({"name": decoder, **given})
    settings = {**SETTINGS[head], "out_channels": decode.codec.num_classes}
    network, judge = HEADS.find(head)(**settings), build_loss({"name": loss})
    shape = [len(TEXTS), CHANNELS, 2, STEPS] if head == "SARHead" else [len(TEXTS), STEPS, CHANNELS]
    features = paddle.randn(shape)
    assert read(network, features, decode) != TEXTS
    for _ in range(MOST_ROUNDS):
        train(network, judge, features, batch)
        if read(network, features, decode) == TEXTS:
            return
    assert read(network, features, decode) == TEXTS


def train(network, judge, features, batch) -> None:
    """Take some steps."""
    network.train()
    optimizer = paddle.optimizer.Adam(0.01, parameters=network.parameters())
    for _ in range(STEPS_A_ROUND):
        judge(network(features, batch), batch)["loss"].backward()
        optimizer.step()
        optimizer.clear_grad()


def read(network, features, decode) -> list[str]:
    """Return what the head writes."""
    network.eval()
    outputs = network(features)
    arrays = [one.numpy() for one in outputs] if isinstance(outputs, list) else outputs.numpy()
    return [text for text, _ in decode(arrays)]
