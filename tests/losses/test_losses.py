"""What losses must do whatever the recorded numbers are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.config.errors import ConfigError
from ppocr.losses import build_loss

MAPS = ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask")
MAIN_LOSSES = ("DiceLoss", "BCELoss", "MaskL1Loss", "Euclidean", "CrossEntropy")


def _maps(share: float = 0.2, seed: int = 0) -> dict[str, paddle.Tensor]:
    draw = np.random.default_rng(seed)
    text = (draw.random((2, 16, 16)) < share).astype("float32")
    mask = (draw.random((2, 16, 16)) < 0.9).astype("float32")
    return {k: paddle.to_tensor(v) for k, v in zip(MAPS, (text, mask, text, mask), strict=True)}


def _prediction(seed: int = 1) -> paddle.Tensor:
    values = np.random.default_rng(seed).uniform(0.01, 0.99, (2, 3, 16, 16))
    return paddle.to_tensor(values.astype("float32"), stop_gradient=False)


@pytest.mark.parametrize("main", MAIN_LOSSES)
@pytest.mark.parametrize("balance", [True, False])
def test_db_loss_is_small_where_maps_are_right(main: str, balance: bool) -> None:
    batch = _maps()
    right = paddle.stack([batch["shrink_map"]] * 3, axis=1).clip(1e-3, 1 - 1e-3)
    loss = build_loss({"name": "DBLoss", "main_loss_type": main, "balance_loss": balance})
    good = loss({"maps": right}, batch)["loss"].item()
    bad = loss({"maps": _prediction()}, batch)["loss"].item()
    assert 0 <= good < 0.2 < bad


@pytest.mark.parametrize("main", MAIN_LOSSES)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_db_loss_stands_pages_of_nothing_and_of_text_only(main: str, share: float) -> None:
    maps = _prediction()
    found = build_loss({"name": "DBLoss", "main_loss_type": main})({"maps": maps}, _maps(share))
    assert all(math.isfinite(value.item()) for value in found.values())
    found["loss"].backward()
    assert np.isfinite(maps.grad.numpy()).all()


def test_hard_negatives_are_the_worst_of_the_background() -> None:
    """Against the definition, pixel by pixel."""
    batch, maps, ratio = _maps(0.05), _prediction(), 3
    found = build_loss(
        {"name": "DBLoss", "main_loss_type": "BCELoss", "alpha": 1, "ohem_ratio": ratio}
    )({"maps": maps}, batch)
    truth, mask = batch["shrink_map"].numpy(), batch["shrink_mask"].numpy()
    pred = maps.numpy()[:, 0].astype("float64")
    cross = -(truth * np.log(pred) + (1 - truth) * np.log(1 - pred))
    text, background = cross[(truth * mask) > 0], cross[((1 - truth) * mask) > 0]
    worst = np.sort(background)[::-1][: min(len(background), ratio * len(text))]
    expected = (text.sum() + worst.sum()) / (len(text) + len(worst))
    assert found["loss_shrink_maps"].item() == pytest.approx(expected, rel=1e-5)


def test_masked_pixels_do_not_count() -> None:
    batch, maps = _maps(), _prediction()
    loss = build_loss({"name": "DBLoss", "main_loss_type": "BCELoss"})
    loss({"maps": maps}, batch)["loss"].backward()
    masked = batch["shrink_mask"].numpy() == 0
    assert masked.any()
    assert not maps.grad.numpy()[:, 0][masked].any()
    assert maps.grad.numpy()[:, 0][~masked].any()


def test_ctc_loss_against_all_paths() -> None:
    """The likelihood of a label is the sum over all ways to write it in T steps."""
    logits = np.random.default_rng(0).standard_normal((1, 4, 3)).astype("float32")
    label = [1, 2]
    probs = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    total = 0.0
    for path in np.ndindex(3, 3, 3, 3):
        merged = [s for i, s in enumerate(path) if s and (i == 0 or s != path[i - 1])]
        if merged == label:
            total += np.prod([probs[t, s] for t, s in enumerate(path)])
    batch = {"label": paddle.to_tensor([[1, 2, 0]]), "length": paddle.to_tensor([2])}
    plain = build_loss({"name": "CTCLoss"})(paddle.to_tensor(logits), batch)["loss"].item()
    assert plain == pytest.approx(-math.log(total), rel=1e-5)
    focal = build_loss({"name": "CTCLoss", "use_focal_loss": True})
    assert focal(paddle.to_tensor(logits), batch)["loss"].item() == pytest.approx(
        plain * (1 - total) ** 2, rel=1e-4
    )


def test_padding_of_sar_labels_is_the_class_after_the_last_predicted() -> None:
    scores = paddle.rand([2, 4, 6])
    label = paddle.to_tensor([[4, 1, 4, 6], [4, 2, 3, 4]])
    loss = build_loss({"name": "SARLoss"})(scores, {"label": label})["loss"].item()
    named = build_loss({"name": "SARLoss", "ignore_index": 6})(scores, {"label": label})["loss"]
    assert loss == named.item()
    rows = paddle.nn.functional.log_softmax(scores, axis=-1).numpy()
    picked = [rows[0, 0, 1], rows[0, 1, 4], rows[1, 0, 2], rows[1, 1, 3], rows[1, 2, 4]]
    assert loss == pytest.approx(-np.mean(picked), rel=1e-5)


@pytest.mark.parametrize("smoothing", [True, False])
def test_padding_of_nrtr_labels_does_not_count(smoothing: bool) -> None:
    logits = paddle.rand([1, 3, 7])
    short = {"label": paddle.to_tensor([[2, 5, 3, 0, 0]]), "length": paddle.to_tensor([2])}
    loss = build_loss({"name": "NRTRLoss", "smoothing": smoothing})
    value = loss(logits, short)["loss"].item()
    other = paddle.concat([logits[:, :2], paddle.rand([1, 1, 7])], axis=1)
    assert loss(other, short)["loss"].item() == pytest.approx(value, rel=1e-6)


def test_multi_loss_pairs_by_name_in_any_order() -> None:
    predicts = {"ctc": paddle.rand([2, 9, 6]), "gtc": paddle.rand([2, 3, 10])}
    batch = {
        "label_ctc": paddle.to_tensor([[1, 2, 0], [3, 0, 0]]),
        "label_gtc": paddle.to_tensor([[2, 4, 5, 3], [2, 6, 3, 0]]),
        "length": paddle.to_tensor([2, 1]),
    }
    values = []
    for entries in (["CTCLoss", "NRTRLoss"], ["NRTRLoss", "CTCLoss"]):
        section = {"name": "MultiLoss", "loss_config_list": [{e: None} for e in entries]}
        loss = build_loss({**section, "weight_1": 2.0, "weight_2": 0.5})
        assert set(loss.reads) == {"label_ctc", "label_gtc", "length"}
        values.append(loss(predicts, batch)["loss"].item())
    assert values[0] == pytest.approx(values[1])
    ctc = build_loss({"name": "CTCLoss"})
    alone = ctc(predicts["ctc"], {**batch, "label": batch["label_ctc"]})["loss"].item()
    found = loss(predicts, batch)
    assert found["CTCLoss"].item() == pytest.approx(2 * alone)


def test_parts_of_one_name_do_not_overwrite_each_other() -> None:
    distance = {"DistillationDistanceLoss": {"weight": 1.0, "model_name_pairs": [["a", "b"]]}}
    loss = build_loss({"name": "CombinedLoss", "loss_config_list": [distance, distance]})
    found = loss({"a": paddle.ones([2, 3]), "b": paddle.zeros([2, 3])}, {})
    assert len(found) == 3
    assert found["loss"].item() == 2.0


@pytest.mark.parametrize(
    ("name", "plain", "guided"),
    [
        ("DistillationCTCLoss", {"label", "length"}, {"label_ctc", "length"}),
        ("DistillationSARLoss", {"label"}, {"label_sar"}),
        ("DistillationNRTRLoss", {"label", "length"}, {"label_gtc", "length"}),
    ],
)
def test_distillation_asks_for_the_label_of_its_head(
    name: str, plain: set[str], guided: set[str]
) -> None:
    settings = {"model_name_list": ["Student"], "key": "head_out"}
    for multi_head, wanted in ((False, plain), (True, guided)):
        entry = {name: {**settings, "multi_head": multi_head}}
        assert (
            set(build_loss({"name": "CombinedLoss", "loss_config_list": [entry]}).reads) == wanted
        )


def test_a_loss_without_parts_appears_under_its_own_name() -> None:
    loss = build_loss(
        {
            "name": "CombinedLoss",
            "loss_config_list": [
                {"CTCLoss": {"weight": 1.0}},
                {"CenterLoss": {"weight": 0.05, "num_classes": 6, "feat_dim": 4}},
            ],
        }
    )
    batch = {"label": paddle.to_tensor([[1, 2]]), "length": paddle.to_tensor([2])}
    found = loss((paddle.rand([1, 9, 4]), paddle.rand([1, 9, 6])), batch)
    assert list(found) == ["loss", "CTCLoss", "loss_center"]
    parts = found["CTCLoss"].item() + found["loss_center"].item()
    assert found["loss"].item() == pytest.approx(parts, rel=1e-5)


def test_centres_come_from_a_file(tmp_path: Any) -> None:
    from ppocr.utils import pickles

    path = tmp_path / "centers.pkl"
    pickles.write(path, {2: np.arange(3.0)})
    section = {"name": "CenterLoss", "num_classes": 4, "feat_dim": 3, "center_file_path": str(path)}
    logits = paddle.to_tensor([[[0.0, 0.0, 9.0, 0.0]]])
    value = build_loss(section)((paddle.zeros([1, 1, 3]), logits), {})["loss_center"]
    assert value.item() == pytest.approx(5.0)


def test_ace_is_least_where_frequencies_agree() -> None:
    loss = build_loss({"name": "ACELoss"})
    batch = {"length": paddle.to_tensor([2]), "label_ace": paddle.to_tensor([[0, 1, 1, 0]])}
    right = np.full((1, 4, 4), -20.0, "float32")
    for step, seen in enumerate((0, 1, 0, 2)):
        right[0, step, seen] = 20.0
    wrong = right[:, :, ::-1].copy()
    good, bad = (loss(paddle.to_tensor(x), batch)["loss_ace"].item() for x in (right, wrong))
    assert good == pytest.approx(-(0.5 * math.log(0.5) + 0.5 * math.log(0.25)), rel=1e-4)
    assert bad > good


def test_ace_of_the_original_takes_frequencies_for_scores() -> None:
    """By hand: two classes in turn are seen half the time each, and both are scores of 0.5."""
    loss = build_loss({"name": "ACELoss", "softmax_twice": True})
    batch = {
        "length": paddle.to_tensor([1, 0]),
        "label_ace": paddle.to_tensor([[0, 1], [0, 0]]),
    }
    logits = paddle.to_tensor([[[20.0, -20.0], [-20.0, 20.0]]] * 2)
    values = loss(logits, batch)["loss_ace"].numpy()
    np.testing.assert_allclose(values, [math.log(2.0)] * 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"name": "DBLoss", "main_loss_type": "Dice"}, "main_loss_type"),
        ({"name": "DBLoss", "ohem_ration": 3}, "did you mean 'ohem_ratio'"),
        ({"name": "MultiLoss", "loss_config_list": [{"DBLoss": None}]}, "not DBLoss"),
        (
            {
                "name": "CombinedLoss",
                "loss_config_list": [{"DistillationDMLLoss": {"maps_name": "maps", "weight": 1}}],
            },
            "maps_name takes thrink_maps",
        ),
    ],
)
def test_wrong_settings_are_named(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_loss(section)
