"""Learning rates by pattern and by depth, scaled to the batch; what is written wrongly is said."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import ParamAttr, nn

from ppocr.config.errors import ConfigError
from ppocr.optimizer import OPTIMIZERS, build_optimizer
from ppocr.optimizer.patterns import layer_of, matching

CONST = {"learning_rate": 0.1}


class Net(nn.Layer):
    """A backbone of three layers (the second has two elements) and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            ("stem", nn.Linear(2, 2)),
            ("stages", nn.LayerList([nn.Linear(2, 2), nn.Linear(2, 2)])),
        )
        self.head = nn.Linear(2, 2)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = self.backbone.stem(x)
        for one in self.backbone.stages:
            x = one(x)
        return self.head(x)


def built(settings: dict[str, Any], net: nn.Layer | None = None, **more: Any) -> Any:
    section = {"name": "Momentum", "momentum": 0.0, "lr": CONST, **settings}
    return build_optimizer(section, 2, 5, net or Net(), **more)


def rates(net: nn.Layer) -> dict[str, float]:
    return {key: one.optimize_attr["learning_rate"] for key, one in net.named_parameters()}


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_takes_smaller_steps_where_it_is_told_to(name: str) -> None:
    """One step of each parameter: half the rate is half the way."""
    paddle.seed(3)
    plain = Net()
    slow = copy.deepcopy(plain)
    for net, more in ((plain, {}), (slow, {"lr_mult": {"backbone": 0.5}})):
        before = {key: one.numpy().copy() for key, one in net.named_parameters()}
        section = {"name": name, "lr": CONST, "regularizer": {"name": "L2", "factor": 0.0}}
        optimizer, _ = build_optimizer({**section, **more}, 1, 1, net)
        net(paddle.to_tensor([[1.0, 2.0]])).sum().backward()
        optimizer.step()
        net.moved = {key: one.numpy() - before[key] for key, one in net.named_parameters()}
    for key, way in plain.moved.items():
        assert np.abs(way).max() > 0
        factor = 0.5 if key.startswith("backbone") else 1.0
        np.testing.assert_allclose(slow.moved[key], factor * way, rtol=1e-3, atol=1e-7)


def test_the_longest_pattern_counts_and_own_rates_are_kept() -> None:
    net = Net()
    net.head = nn.Linear(2, 2, weight_attr=ParamAttr(learning_rate=0.5))
    built({"lr_mult": {"backbone.stages.1": 4, "backbone": 0.1, "*.weight": 2.0}}, net)
    found = rates(net)
    assert found["backbone.stages.1.weight"] == 4
    assert found["backbone.stages.0.weight"] == pytest.approx(2.0)  # "*.weight" is longer
    assert found["backbone.stem.bias"] == pytest.approx(0.1)
    assert found["head.weight"] == pytest.approx(2.0 * 0.5)
    assert found["head.bias"] == 1.0


def test_rates_fall_from_the_head_to_the_first_layer() -> None:
    net = Net()
    built({"layer_decay": 0.5, "lr_mult": {"head": 10}}, net)
    found = rates(net)
    assert found["head.weight"] == 10
    assert found["backbone.stages.1.bias"] == 0.5
    assert found["backbone.stages.0.weight"] == 0.25
    assert found["backbone.stem.weight"] == 0.125


def test_layers_of_the_backbone() -> None:
    assert layer_of("backbone.stages.2.conv.weight") == ("", "stages.2")
    assert layer_of("Student.backbone.conv1.weight") == ("Student", "conv1")
    assert layer_of("backbone.pos_embed") == ("", ".")
    assert layer_of("head.fc.weight") == layer_of("backbone") == ("", "")


def test_a_name_means_what_is_below_it_and_nothing_else() -> None:
    keys = ["conv.weight", "conv1.weight", "conv.bn.bias"]
    assert matching(keys, "conv") == ["conv.weight", "conv.bn.bias"]
    assert matching(keys, "conv*") == keys
    assert matching(keys, "*.bias") == ["conv.bn.bias"]


@pytest.mark.parametrize(
    ("section", "before", "after"),
    [
        ({"learning_rate": 0.1}, 0.1, 0.4),
        ({"name": "Cosine", "learning_rate": "0.1"}, 0.1, 0.4),
        ({"name": "Piecewise", "decay_epochs": [1], "values": [0.1, 0.01]}, 0.1, 0.4),
        ({"name": "OneCycle", "max_lr": 0.1}, 0.004, 0.016),
    ],
)
def test_rates_are_scaled_to_the_real_batch(section: Any, before: float, after: float) -> None:
    assert built({"lr": section})[0].get_lr() == pytest.approx(before)
    scaled, _ = built({"lr": section, "lr_for_batch": 64}, global_batch=256)
    assert scaled.get_lr() == pytest.approx(after)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr_mult": {"backbon": 0.1}}, "'backbon' matches no parameter.*did you mean 'backbone'"),
        ({"lr_mult": {"backbone.stage.*": 0.1}}, "did you mean 'backbone.stages'"),
        ({"lr_mult": {"xyz": 0.1}}, "there are backbone, head"),
        ({"lr_mult": {"head": 0}}, "use Global.freeze"),
        ({"lr_mult": {"head": "fast"}}, "'fast' of 'head' is not above 0"),
        ({"layer_decay": 1.5}, "above 0 and at most 1"),
        ({"lr_for_batch": 64}, "needs the samples of a step"),
        ({"lr_for_batch": 0}, "at least 1"),
    ],
)
def test_wrong_settings_are_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        built(settings)


def test_without_a_backbone_there_are_no_layers() -> None:
    with pytest.raises(ConfigError, match="no parameter is below 'backbone'"):
        built({"layer_decay": 0.5}, nn.Linear(2, 2))
