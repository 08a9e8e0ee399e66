"""Networks as a whole: what they state, what they give, what an export may change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn
from paddle.static import InputSpec

from ppocr.config.errors import ConfigError
from ppocr.modeling import build_model
from ppocr.modeling.fuse import fuse
from ppocr.modeling.layers.attention import DropPath
from ppocr.modeling.layers.svtr import Attention
from ppocr.modeling.layers.upsample import upsample_nearest

CTC = {"name": "CTCHead", "out_channels": 6}
BY_COLUMN = {"name": "SequenceEncoder", "encoder_type": "reshape"}
SVTR = {
    "name": "SequenceEncoder",
    "encoder_type": "svtr",
    "dims": 16,
    "depth": 1,
    "hidden_dims": 16,
}
CASCADE = {
    "name": "SequenceEncoder",
    "encoder_type": "cascadernn",
    "hidden_size": 8,
    "out_channels": [8, 12],
    "with_linear": True,
}
DB = {"name": "DBHead", "k": 50}
SMALL_DET = {"name": "MobileNetV3", "scale": 0.35, "model_name": "small"}
SMALL_REC = {"name": "MobileNetV1Enhance", "scale": 0.25}

DETECTORS = {
    "DBFPN": {"Backbone": SMALL_DET, "Neck": {"name": "DBFPN", "out_channels": 16}, "Head": DB},
    "RSEFPN": {"Backbone": SMALL_DET, "Neck": {"name": "RSEFPN", "out_channels": 16}, "Head": DB},
    "LKPAN lite": {
        "Backbone": SMALL_DET,
        "Neck": {"name": "LKPAN", "out_channels": 16, "mode": "lite", "intracl": True},
        "Head": DB,
    },
    "local head": {
        "Backbone": {"name": "PPLCNetV3", "scale": 0.5, "det": True},
        "Neck": {"name": "LKPAN", "out_channels": 16},
        "Head": {"name": "PFHeadLocal", "mode": "small"},
    },
    "PPHGNetV2_B4": {
        "Backbone": {"name": "PPHGNetV2_B4", "det": True},
        "Neck": {"name": "LKPAN", "out_channels": 32, "intracl": True},
        "Head": {"name": "PFHeadLocal", "mode": "large"},
    },
}
RECOGNISERS: dict[str, tuple[int, dict[str, Any]]] = {
    "svtr neck": (32, {"Backbone": SMALL_REC, "Neck": SVTR, "Head": CTC}),
    "cascade": (32, {"Backbone": SMALL_REC, "Neck": CASCADE, "Head": CTC}),
    "fc": (
        32,
        {"Backbone": SMALL_REC, "Neck": {**BY_COLUMN, "encoder_type": "fc"}, "Head": CTC},
    ),
    "PPLCNetV3": (48, {"Backbone": {"name": "PPLCNetV3", "scale": 0.5}, "Neck": SVTR, "Head": CTC}),
    "PPHGNetV2_B4": (
        48,
        {"Backbone": {"name": "PPHGNetV2_B4", "text_rec": True}, "Neck": BY_COLUMN, "Head": CTC},
    ),
}


def _detector(name: str) -> nn.Layer:
    return build_model({"model_type": "det", "algorithm": "DB", **DETECTORS[name]})


def _recogniser(name: str) -> tuple[int, nn.Layer]:
    height, parts = RECOGNISERS[name]
    return height, build_model({"model_type": "rec", "algorithm": "CRNN", **parts})


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors_draw_maps_of_the_images_size(name: str) -> None:
    model = _detector(name)
    image = paddle.rand([2, 3, 32, 64])
    trained = model(image)
    assert trained["maps"].shape == [2, 3, 32, 64]
    model.eval()
    found = model.as_outputs(model(image))
    assert [one.shape for one in found] == [[2, 1, 32, 64]] * len(model.outputs)
    assert list(model.outputs) == sorted(model.outputs)  # the order of an exported graph
    assert 0 <= found[-1].min().item() <= found[-1].max().item() <= 1


@pytest.mark.parametrize("name", RECOGNISERS)
def test_recognisers_read_any_width(name: str) -> None:
    height, model = _recogniser(name)
    model.eval()
    for width in (64, 160):
        (probs,) = model.as_outputs(model(paddle.rand([1, 3, height, width])))
        assert probs.shape[::2] == [1, 6]
        assert probs.shape[1] in (width // 8, width // 4)
        np.testing.assert_allclose(probs.numpy().sum(-1), 1.0, rtol=1e-5)
    assert model.outputs == ("probs",)
    assert model.fixed_width is False


def test_models_that_need_one_width_say_so() -> None:
    parts = {"Transform": {"name": "TPS"}, "Backbone": SMALL_REC, "Neck": BY_COLUMN, "Head": CTC}
    assert build_model({"model_type": "rec", **parts}).fixed_width is True
    svtr = {"name": "SVTRNet", "img_size": [32, 64], "out_char_num": 8}
    model = build_model({"model_type": "rec", "Backbone": svtr, "Neck": BY_COLUMN, "Head": CTC})
    assert model.fixed_width is True


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_all_features_under_their_names(kind: str) -> None:
    backbone = {**SMALL_REC, "last_pool_type": kind, "last_pool_kernel_size": [2, 2]}
    parts = {"Backbone": backbone, "Neck": SVTR, "Head": CTC, "return_all_feats": True}
    model = build_model({"model_type": "rec", **parts})
    image = paddle.rand([1, 3, 32, 64])
    assert set(model(image)) == {"backbone_out", "neck_out", "head_out"}
    model.eval()
    assert set(model(image)) == {"head_out"}
    assert model.as_outputs(model(image))[0].shape[-1] == 6


def test_names_begin_anew_for_every_network() -> None:
    names = [[p.name for p in _recogniser("svtr neck")[1].parameters()] for _ in range(2)]
    assert names[0] == names[1]


def test_fusing_changes_rounding_only() -> None:
    paddle.seed(5)
    backbone = {"name": "PPLCNetV3", "scale": 0.35}
    model = build_model({"model_type": "rec", "Backbone": backbone, "Neck": BY_COLUMN, "Head": CTC})
    model(paddle.rand([2, 3, 48, 32]))  # statistics that are not those of the beginning
    model.eval()
    image = paddle.rand([1, 3, 48, 32])
    before = model(image).numpy()
    for _ in range(2):  # a second time changes nothing
        assert fuse(model) == 28
        np.testing.assert_allclose(model(image).numpy(), before, atol=1e-5)
    names = [parameter.name for parameter in model.parameters()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_enlargement_is_the_same_in_training_and_in_graphs(factor: int, tmp_path: Path) -> None:
    class Enlarge(nn.Layer):
        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return upsample_nearest(x, factor)

    image = paddle.rand([2, 3, 5, 7])
    expected = F.interpolate(image, scale_factor=factor, mode="nearest", align_mode=1).numpy()
    np.testing.assert_array_equal(upsample_nearest(image, factor).numpy(), expected)
    spec = [InputSpec([None, 3, None, None], "float32", "x")]
    graph = paddle.jit.to_static(Enlarge(), input_spec=spec, full_graph=True)
    np.testing.assert_array_equal(graph(image).numpy(), expected)


def test_local_mixing_sees_neighbours_only() -> None:
    paddle.seed(1)
    layer = Attention(8, 2, "Local", HW=[4, 6], local_k=[3, 3])
    image = paddle.rand([1, 24, 8])
    image.stop_gradient = False
    layer(image)[0, 6 + 1].sum().backward()  # row 1, column 1
    seen = np.abs(image.grad.numpy()[0]).sum(-1).reshape(4, 6) > 1e-20  # softmax of -inf
    expected = np.zeros((4, 6), bool)
    expected[:3, :3] = True
    np.testing.assert_array_equal(seen, expected)
    assert "mask" not in layer.state_dict()


def test_drop_path_keeps_the_mean_and_drops_whole_samples() -> None:
    paddle.seed(0)
    layer = DropPath(0.25)
    out = layer(paddle.ones([4000, 3])).numpy()
    assert np.unique(out) == pytest.approx([0.0, 1 / 0.75])
    assert (out == out[:, :1]).all()
    assert out.mean() == pytest.approx(1.0, abs=0.05)
    layer.eval()
    assert (layer(paddle.ones([5])).numpy() == 1).all()


def test_features_that_a_head_adds_are_not_taken_for_its_answer() -> None:
    head = {**CTC, "return_feats": True}
    model = build_model({"Backbone": SMALL_REC, "Neck": BY_COLUMN, "Head": head})
    features_NTC, logits_NTC = found = model(paddle.zeros([1, 3, 32, 64]))
    assert features_NTC.shape[2] != logits_NTC.shape[2] == 6
    assert model.as_outputs(found)[0] is logits_NTC
    model.eval()
    assert model.as_outputs(model(paddle.zeros([1, 3, 32, 64])))[0].shape == logits_NTC.shape


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"Backbone": {"name": "MobileNetV4"}}, "did you mean 'MobileNetV3'"),
        ({"Backbone": {**SMALL_REC, "scal": 1}}, "did you mean 'scale'"),
        ({"Backbone": SMALL_REC, "Neck": {**CASCADE, "out_channels": None}}, "one width per layer"),
        ({"Backbone": {"name": "PPLCNetV3", "lr_mult_list": [1.0]}}, "lr_mult_list needs 6"),
        ({"Backbone": {"name": "PPHGNetV2_B4"}}, "either det or text_rec"),
        ({"Backbone": {"name": "SVTRNet", "depth": [1, 1, 1]}}, "3 blocks need as many mixers"),
        (
            {
                "Backbone": SMALL_REC,
                "Head": {"name": "MultiHead", "out_channels_list": {}, "head_list": ["DBHead"]},
            },
            "not DBHead",
        ),
    ],
)
def test_wrong_settings_are_named(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_model({"model_type": "rec", **section})
