"""Several networks side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.config import as_section
from ppocr.losses import build_loss
from ppocr.modeling import build_model
from ppocr.modeling.architectures.distillation import answering
from ppocr.modeling.weights import load_pretrained, load_weights
from ppocr.optimizer import build_optimizer
from ppocr.pipeline.lessons import given
from ppocr.utils import pickles
from ppocr.utils.exits import DataError, MissingInput

SMALL = {
    "model_type": "det",
    "algorithm": "DB",
    "Backbone": {"name": "MobileNetV3", "scale": 0.35, "model_name": "small", "disable_se": True},
    "Neck": {"name": "DBFPN", "out_channels": 16},
    "Head": {"name": "DBHead"},
}
LINE = {
    "model_type": "rec",
    "algorithm": "SVTR_LCNet",
    "return_all_feats": True,
    "Backbone": {"name": "MobileNetV1Enhance", "scale": 0.25},
    "Head": {
        "name": "MultiHead",
        "out_channels_list": {"CTCLabelDecode": 8, "SARLabelDecode": 10, "NRTRLabelDecode": 11},
        "head_list": [
            {"CTCHead": {"Neck": {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 16}}},
            {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 5, "num_decoder_layers": 1}},
        ],
    },
}
MUTUAL = {
    "name": "CombinedLoss",
    "loss_config_list": [
        {
            "DistillationDilaDBLoss": {
                "weight": 1.0,
                "model_name_pairs": [["Student", "Teacher"], ["Student2", "Teacher"]],
                "key": "maps",
            }
        },
        {
            "DistillationDMLLoss": {
                "weight": 1.0,
                "model_name_pairs": ["Student", "Student2"],
                "maps_name": "thrink_maps",
                "key": "maps",
            }
        },
        {"DistillationDBLoss": {"weight": 1.0, "model_name_list": ["Student", "Student2"]}},
    ],
}


def _three(**settings: Any) -> paddle.nn.Layer:
    networks = {"Student": SMALL, "Student2": SMALL, "Teacher": {**SMALL, "freeze_params": True}}
    return build_model(
        {"name": "DistillationModel", "model_type": "det", "Models": networks, **settings}
    )


def _batch() -> dict[str, paddle.Tensor]:
    draw = np.random.default_rng(0)
    shrink = (draw.random((2, 64, 64)) > 0.7).astype("float32")
    ones = np.ones_like(shrink)
    maps = {"shrink_map": shrink, "threshold_map": 0.5 * shrink}
    masks = {"shrink_mask": ones, "threshold_mask": ones}
    return {key: paddle.to_tensor(value) for key, value in {**maps, **masks}.items()}


def _state(network: paddle.nn.Layer) -> dict[str, np.ndarray]:
    return {key: one.numpy().copy() for key, one in network.state_dict().items()}


def _train(model: paddle.nn.Layer, steps: int = 3) -> list[float]:
    section = {"name": "Adam", "lr": {"learning_rate": 0.001}}
    optimizer, _ = build_optimizer(section, 1, 1, model)
    loss, batch = build_loss(MUTUAL), _batch()
    image = paddle.to_tensor(np.random.default_rng(1).random((2, 3, 64, 64), np.float32))
    values = []
    model.train()
    for _ in range(steps):
        found = loss(model(image), batch)
        assert found["loss"].shape == []
        found["loss"].backward()
        optimizer.step()
        optimizer.clear_grad()
        values.append(found["loss"].item())
    return values


def test_a_frozen_teacher_does_not_move_at_all() -> None:
    paddle.seed(3)
    model = _three()
    teacher, student = _state(model.networks["Teacher"]), _state(model.networks["Student"])
    values = _train(model, steps=6)
    for key, value in _state(model.networks["Teacher"]).items():
        np.testing.assert_array_equal(value, teacher[key], err_msg=key)
    after = _state(model.networks["Student"])
    assert all(
        not np.array_equal(after[key], student[key]) for key in student if "conv3" not in key
    )
    assert values[-1] < values[0]


def test_statistics_drift_only_where_that_is_asked_for() -> None:
    model = _three(freeze_statistics=False)
    before = _state(model.networks["Teacher"])
    _train(model, steps=1)
    moved = [k for k, v in _state(model.networks["Teacher"]).items() if (v != before[k]).any()]
    assert moved
    assert all(key.endswith(("_mean", "_variance")) for key in moved)


def test_a_frozen_line_reader_still_gives_what_losses_compare() -> None:
    networks = {"Teacher": {**LINE, "freeze_params": True}, "Student": LINE}
    model = build_model({"name": "DistillationModel", "model_type": "rec", "Models": networks})
    label = paddle.to_tensor([[2, 4, 5, 3, 0, 0], [2, 6, 3, 0, 0, 0]])
    data = {"label_gtc": label, "length": paddle.to_tensor([2, 1])}
    image = paddle.rand([2, 3, 32, 64])
    model.train()
    first, second = model(image, data), model(image, data)
    assert (
        set(first["Teacher"]) == set(first["Student"]) == {"backbone_out", "neck_out", "head_out"}
    )
    for part in ("ctc", "gtc"):
        one, other = first["Teacher"]["head_out"][part], second["Teacher"]["head_out"][part]
        np.testing.assert_array_equal(one.numpy(), other.numpy())  # no dropout either
        assert one.stop_gradient
        assert not np.array_equal(
            first["Student"]["head_out"][part].numpy(), second["Student"]["head_out"][part].numpy()
        )


def test_the_total_is_that_of_the_recorded_way_divided_by_the_batch() -> None:
    """Published models were trained with one total per sample; gradients point the same way."""
    per_sample = {**MUTUAL, "loss_config_list": [*MUTUAL["loss_config_list"]]}
    per_sample["loss_config_list"][1] = {
        "DistillationDMLLoss": {
            **MUTUAL["loss_config_list"][1]["DistillationDMLLoss"],
            "per_sample": True,
        }
    }
    gradients = []
    for config in (MUTUAL, per_sample):
        paddle.seed(3)
        model = _three()
        model.train()
        paddle.seed(4)
        total = build_loss(config)(model(paddle.rand([2, 3, 64, 64])), _batch())["loss"]
        total.sum().backward()
        gradients.append(model.networks["Student"].head.binarize.conv1.weight.grad.numpy())
    np.testing.assert_allclose(gradients[1], 2 * gradients[0], rtol=1e-4, atol=1e-6)


def test_evaluation_names_every_network() -> None:
    model = _three()
    model.eval()
    found = model(paddle.rand([1, 3, 64, 64]))
    assert list(found) == ["Student", "Student2", "Teacher"]
    assert model.outputs == ("Student.maps", "Student2.maps", "Teacher.maps")
    assert [one.shape for one in model.as_outputs(found)] == [[1, 1, 64, 64]] * 3


def test_each_network_begins_with_its_own_weights(tmp_path: Path) -> None:
    paddle.seed(7)
    source = _state(build_model(SMALL))
    pickles.write(tmp_path / "teacher.pdparams", source)
    networks = {
        "Student": SMALL,
        "Teacher": {**SMALL, "freeze_params": True, "pretrained": str(tmp_path / "teacher")},
    }
    model = build_model({"name": "DistillationModel", "model_type": "det", "Models": networks})
    (report,) = load_pretrained(model)
    assert report.complete
    for key, value in _state(model.networks["Teacher"]).items():
        np.testing.assert_array_equal(value, source[key])
    assert load_pretrained(build_model(SMALL)) == []


@pytest.mark.parametrize("content", [None, {"w": np.zeros(2)}])
def test_what_cannot_be_loaded_says_for_which_network(tmp_path: Path, content: Any) -> None:
    if content is not None:
        pickles.write(tmp_path / "t.pdparams", content)
    networks = {"Student": SMALL, "Teacher": {**SMALL, "pretrained": str(tmp_path / "t")}}
    model = build_model({"name": "DistillationModel", "model_type": "det", "Models": networks})
    with pytest.raises((DataError, MissingInput), match=r"^config: Teacher\.pretrained: "):
        load_pretrained(model)


def test_networks_whose_parameters_have_explicit_names_train_apart() -> None:
    """The optimizer keeps its moments by parameter name: a shared name would mix them up."""
    line = {
        "model_type": "rec",
        "algorithm": "CRNN",
        "Backbone": {"name": "ResNet", "layers": 18},
        "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
        "Head": {"name": "CTCHead", "out_channels": 5},
    }
    paddle.seed(1)
    networks = {"Student": line, "Teacher": line}
    model = build_model({"name": "DistillationModel", "model_type": "rec", "Models": networks})
    alone = build_model(line)
    names = [one.name for one in model.parameters()]
    assert len(set(names)) == len(names)
    keys = list(alone.state_dict())
    assert list(model.networks["Student"].state_dict()) == keys
    assert list(model.state_dict()) == [f"{name}.{key}" for name in networks for key in keys]
    first = model.networks["Student"].state_dict()
    key = "backbone.conv1_1._conv.weight"
    assert first[key].name == alone.state_dict()[key].name == "conv1_1_weights"
    optimizer, _ = build_optimizer({"name": "Adam", "lr": {"learning_rate": 0.01}}, 1, 1, model)
    for factor, network in zip((1.0, 100.0), model.networks.values(), strict=True):
        (network.backbone.conv1_1._conv.weight * factor).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    moments = [state[f"{name}conv1_1_weights_moment1_0"].mean() for name in ("", "Teacher.")]
    assert moments[1].item() == pytest.approx(100 * moments[0].item())


def test_only_the_networks_that_are_asked_for_are_run() -> None:
    model = _three()
    part = answering(model, ("Student2.maps",))
    part.eval()
    assert not model.training
    image = paddle.rand([1, 3, 64, 64])
    found = part(image)
    assert list(found) == ["Student2"]
    np.testing.assert_array_equal(found["Student2"]["maps"], model(image)["Student2"]["maps"])
    assert [one.shape for one in part.as_outputs(found)] == [[1, 1, 64, 64]]
    part.train()
    assert model.networks["Student"].training
    assert answering(model.networks["Student"], ("maps",)) is model.networks["Student"]


@pytest.mark.parametrize("front", ["", "module."])
def test_of_a_whole_distillation_a_network_takes_its_own_part(tmp_path: Path, front: str) -> None:
    """Two students that begin alike would stay alike."""
    paddle.seed(1)
    saved = _three().state_dict()
    pickles.write(tmp_path / "w.pdparams", {front + key: one for key, one in saved.items()})
    networks = {
        name: {**SMALL, "pretrained": str(tmp_path / "w")}
        for name in ("Student2", "Teacher", "Own")
    }
    model = build_model({"name": "DistillationModel", "model_type": "det", "Models": networks})
    load_pretrained(model)
    for name, part in (("Student2", "Student2"), ("Teacher", "Teacher"), ("Own", "Student")):
        for key, value in _state(model.networks[name]).items():
            np.testing.assert_array_equal(value, saved[f"{part}.{key}"].numpy(), err_msg=key)


@pytest.mark.parametrize("front", ["", "backbone."], ids=["a network", "a backbone"])
def test_weights_of_one_network_are_not_those_of_all(tmp_path: Path, front: str) -> None:
    """Official files of distillations name a backbone as Global.pretrained_model."""
    wide = {**SMALL, "Backbone": {**SMALL["Backbone"], "scale": 0.5}}
    networks = {"Student": SMALL, "Teacher": wide}
    model = build_model({"name": "DistillationModel", "model_type": "det", "Models": networks})
    params = {
        key: one for key, one in build_model(SMALL).state_dict().items() if key.startswith(front)
    }
    pickles.write(tmp_path / "w.pdparams", params)
    with pytest.raises(
        DataError, match=r"fit Student alone: .*Models\.Student\.pretrained=\.\.\.$"
    ):
        load_weights(model, tmp_path / "w")


@pytest.mark.parametrize("all_feats", [False, True])
@pytest.mark.parametrize("section", [SMALL, LINE, SMALL | {"Head": {"name": "PFHeadLocal"}}])
def test_what_heads_state_that_they_give_is_what_networks_give(section, all_feats) -> None:
    """The check of a config goes by it (ppocr/pipeline/lessons.py)."""
    section = {**section, "return_all_feats": all_feats}
    label = paddle.to_tensor([[2, 4, 5, 3, 0, 0]])
    model = build_model(section)
    model.train()
    data = {"label_gtc": label, "length": paddle.to_tensor([2])}
    found = model(paddle.rand([1, 3, 32, 64]), data)
    stated = given(as_section(section))
    assert stated is not None
    assert set(found) == set(stated)
    for name, inside in stated.items():
        assert set(inside) == (set(found[name]) if isinstance(found[name], dict) else set())


def test_training_results_give_the_output_that_is_left_after_training() -> None:
    for all_feats in (True, False):
        model = build_model({**LINE, "return_all_feats": all_feats})
        batch = {
            "label_gtc": paddle.to_tensor(np.full((1, 7), 4, np.int64)),
            "length": paddle.to_tensor([3]),
        }
        model.train()
        (answer,) = model.as_outputs(model(paddle.rand([1, 3, 48, 64]), batch))
        assert answer.shape[-1] == 8
