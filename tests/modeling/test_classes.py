"""A changed dictionary keeps what both have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.modeling import build_model
from ppocr.modeling.weights import load_weights
from ppocr.utils import pickles
from ppocr.utils.exits import DataError

OLD = ["a", "b", "c", "d", "e"]
ATTENTION = {"Neck": {"name": "SequenceEncoder", "hidden_size": 8}}


def _ctc(count: int, **settings: Any) -> dict[str, Any]:
    head = {"name": "CTCHead", "out_channels": count + 1, **settings}
    return {"Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"}, "Head": head}


def _guided(count: int, guide: dict[str, Any]) -> dict[str, Any]:
    ctc = {"Neck": {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 16}}
    widths = {
        "CTCLabelDecode": count + 1,
        "SARLabelDecode": count + 3,
        "NRTRLabelDecode": count + 4,
    }
    return {
        "Head": {
            "name": "MultiHead",
            "out_channels_list": widths,
            "head_list": [{"CTCHead": ctc}, guide],
        }
    }


HEADS = {
    "ctc": _ctc,
    "ctc with two layers": lambda n: _ctc(n, mid_channels=6),
    "sar": lambda n: _guided(n, {"SARHead": {"enc_dim": 16, "d_k": 16, "max_text_length": 5}}),
    "nrtr": lambda n: _guided(n, {"NRTRHead": {"nrtr_dim": 32, "num_decoder_layers": 1}}),
    "attention": lambda n: {
        **ATTENTION,
        "Head": {"name": "AttentionHead", "out_channels": n + 2, "hidden_size": 8},
    },
}


def _model(head: str, characters: list[str], seed: int) -> paddle.nn.Layer:
    paddle.seed(seed)
    backbone = {"name": "MobileNetV1Enhance", "scale": 0.125}
    model = build_model({"model_type": "rec", "Backbone": backbone, **HEADS[head](len(characters))})
    model.eval()
    return model


def _saved(model: paddle.nn.Layer, folder: Path) -> str:
    pickles.write(folder / "w.pdparams", model.state_dict())
    return str(folder / "w")


def _texts(model: paddle.nn.Layer, first: int, characters: list[str], image: Any) -> list[str]:
    probs = model(image).numpy()[:, :, : first + len(characters)]
    names = [f"<{i}>" for i in range(first)] + characters
    return ["|".join(names[step] for step in row) for row in probs.argmax(-1)]


def _scores(model: paddle.nn.Layer, image: Any, classes: list[int]) -> np.ndarray:
    """Return the scores of some classes at the first step, relative to the first of them."""
    scores_NC = np.log(model(image).numpy()[:, 0][:, classes])
    return scores_NC - scores_NC[:, :1]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    "new",
    [[*OLD, "f", "g"], ["e", "d", "c", "b", "a"], ["x", "a", "c", "y", "e", "b", "d"]],
    ids=["appended", "reordered", "mixed"],
)
def test_what_was_read_before_is_read_again(tmp_path: Path, head: str, new: list[str]) -> None:
    trained = _model(head, OLD, seed=1)
    model = _model(head, new, seed=2)
    report = load_weights(model, _saved(trained, tmp_path), dictionaries=(OLD, new))
    assert report.complete
    assert any("5 kept" in note for note in report.notes)
    image = paddle.rand([3, 3, 32, 96])
    assert _texts(model, 1, new, image) == _texts(trained, 1, OLD, image)
    shared = [0, *(1 + new.index(one) for one in OLD)]
    before = _scores(trained, image, list(range(1 + len(OLD))))
    np.testing.assert_allclose(_scores(model, image, shared), before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", ["sar", "nrtr"])
def test_guides_are_adapted_too(tmp_path: Path, head: str) -> None:
    """Scores of shared characters agree when the guide is fed the same text."""
    new = ["x", *reversed(OLD)]
    trained, model = _model(head, OLD, seed=1), _model(head, new, seed=2)
    load_weights(model, _saved(trained, tmp_path), dictionaries=(OLD, new))
    image = paddle.rand([1, 3, 32, 96])
    first = 0 if head == "sar" else 4
    rows = []
    for one, characters in ((trained, OLD), (model, new)):
        ids = [first + characters.index(c) for c in "bad"]
        if head == "sar":
            label = [len(characters) + 1, *ids, len(characters) + 1]
        else:
            label = [2, *ids, 3, 0]
        features = one.backbone(image)
        data = {"label": paddle.to_tensor([label]), "length": paddle.to_tensor([3])}
        if head == "sar":
            part = one.head.sar_head
            holistic = part.encoder(features, None)
            scores = part.decoder(features, holistic, data["label"], None)
        else:
            scores = one.head.gtc_head._logits(data["label"][:, :4], one.head.before_gtc(features))
        rows.append(scores.numpy()[0][:, [first + characters.index(c) for c in OLD]])
    np.testing.assert_allclose(rows[1], rows[0], rtol=1e-4, atol=1e-5)


def test_of_two_spaces_the_trained_one_is_kept(tmp_path: Path) -> None:
    """A dictionary with a space, and use_space_char: labels are written with the later class."""
    trained = _model("ctc", [*OLD, " "], 1)
    model = _model("ctc", [*OLD, " ", "f", " "], 2)
    load_weights(
        model, _saved(trained, tmp_path), dictionaries=([*OLD, " "], [*OLD, " ", "f", " "])
    )
    old, new = (one.head.fc.weight.numpy() for one in (trained, model))
    np.testing.assert_array_equal(new[:, -1], old[:, -1])


@pytest.mark.parametrize("old", [[*OLD, " "], OLD], ids=["a space too many", "one too few"])
def test_whether_a_space_was_added_is_seen_by_the_number_of_classes(
    tmp_path: Path, old: list[str]
) -> None:
    real = OLD if old[-1] == " " else [*OLD, " "]
    trained, model = _model("ctc", real, 1), _model("ctc", ["x", *OLD], 2)
    report = load_weights(model, _saved(trained, tmp_path), dictionaries=(old, ["x", *OLD]))
    assert any("5 kept" in note for note in report.notes)
    old_rows, new_rows = (one.head.fc.weight.numpy() for one in (trained, model))
    np.testing.assert_array_equal(new_rows[:, 2:], old_rows[:, 1:6])


def test_dropped_characters_are_named(tmp_path: Path) -> None:
    trained, model = _model("ctc", OLD, 1), _model("ctc", ["a", "z"], 2)
    report = load_weights(model, _saved(trained, tmp_path), dictionaries=(OLD, ["a", "z"]))
    assert "classes: 1 kept, 1 (z) new, 4 (b c d e) dropped" in report.notes


def test_another_dictionary_than_the_files_is_an_error(tmp_path: Path) -> None:
    path = _saved(_model("ctc", OLD, 1), tmp_path)
    with pytest.raises(DataError, match="has 6 classes, but a dictionary of 3 characters makes 4"):
        load_weights(_model("ctc", OLD, 2), path, dictionaries=(OLD[:3], OLD))


def test_without_dictionaries_the_shapes_have_to_fit(tmp_path: Path) -> None:
    path = _saved(_model("ctc", OLD, 1), tmp_path)
    with pytest.raises(DataError, match=r"other shape: head\.fc"):
        load_weights(_model("ctc", [*OLD, "f"], 2), path)
