"""What optimizers and schedules must do whatever the recorded numbers are."""

from __future__ import annotations

from typing import Any

import paddle
import pytest
from paddle import ParamAttr, nn

from ppocr.config.errors import ConfigError
from ppocr.modeling import build_model
from ppocr.optimizer import OPTIMIZERS, SCHEDULES, build_optimizer

CONST = {"learning_rate": 0.1}


def _rates(section: dict[str, Any], epochs: int, steps: int, count: int) -> list[float]:
    _, rate = build_optimizer({"name": "Adam", "lr": section}, epochs, steps, nn.Linear(1, 1))
    values = []
    for _ in range(count):
        values.append(rate())
        rate.step()
    return values


def test_one_cycle_stays_where_it_ended() -> None:
    values = _rates({"name": "OneCycle", "max_lr": 1.0}, 2, 10, 30)
    assert max(values) == pytest.approx(values[5], rel=0.05)
    assert values[19:] == [values[19]] * 11
    assert 0 < values[19] < 1e-5


def test_decay_ends_where_it_is_told_to() -> None:
    section = {"name": "DecayLearningRate", "learning_rate": 1.0, "end_lr": 0.25}
    values = _rates(section, 2, 5, 12)
    assert values[0] == 1.0
    assert values[10] == values[11] == pytest.approx(0.25)
    assert _rates({**section, "ends_at_zero": True}, 2, 5, 12)[10] == pytest.approx(0.0)


def test_two_step_cosine_goes_on_after_its_first_curve() -> None:
    section = {"name": "TwoStepCosine", "learning_rate": 1.0, "first_epochs": 2}
    values = _rates(section, 6, 2, 12)
    assert values[4] == pytest.approx(0.0)
    assert values[5] > 0.5


@pytest.mark.parametrize("name", SCHEDULES.names())
def test_every_schedule_continues_after_a_resume(name: str) -> None:
    extra = {
        "OneCycle": {"max_lr": 0.1},
        "Piecewise": {"decay_epochs": [1], "values": [0.1, 0.01]},
        "Step": {"learning_rate": 0.1, "step_size": 1, "gamma": 0.5},
        "MultiStepDecay": {"learning_rate": 0.1, "milestones": [1]},
        "CyclicalCosine": {"learning_rate": 0.1, "cycle": 1},
    }
    section = {"name": name, **extra.get(name, CONST)}
    if name != "DecayLearningRate":
        section["warmup_epoch"] = 1
    _, rate = build_optimizer({"name": "Adam", "lr": section}, 3, 4, nn.Linear(1, 1))
    for _ in range(6):
        rate.step()
    _, other = build_optimizer({"name": "Adam", "lr": section}, 3, 4, nn.Linear(1, 1))
    other.set_state_dict(rate.state_dict())
    for _ in range(6):
        assert other() == pytest.approx(rate())
        rate.step()
        other.step()


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_learns(name: str) -> None:
    paddle.seed(1)
    net = nn.Linear(3, 1)
    rate = 10.0 if name == "Adadelta" else 0.01
    optimizer, _ = build_optimizer({"name": name, "lr": {"learning_rate": rate}}, 1, 1, net)
    x = paddle.rand([32, 3])
    y = x.sum(axis=1, keepdim=True)
    losses = []
    for _ in range(60):
        loss = (net(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_frozen_parameters_are_left_out() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    for parameter in net[0].parameters():
        parameter.trainable = False
    optimizer, _ = build_optimizer({"name": "Adam", "lr": CONST}, 1, 1, net)
    names = {one.name for one in optimizer._parameter_list}
    assert names == {one.name for one in net[1].parameters()}


def test_nothing_to_train_is_an_error() -> None:
    net = nn.Linear(2, 2)
    for parameter in net.parameters():
        parameter.trainable = False
    with pytest.raises(ConfigError, match="no trainable parameter"):
        build_optimizer({"name": "Adam", "lr": CONST}, 1, 1, net)


@pytest.mark.parametrize("kind", ["L1", "L1Decay", "L2", "L2Decay"])
def test_penalties_pull_towards_zero(kind: str) -> None:
    net = nn.Linear(1, 1, weight_attr=ParamAttr(initializer=nn.initializer.Constant(1.0)))
    section = {"name": "Momentum", "lr": CONST, "regularizer": {"name": kind, "factor": 0.5}}
    optimizer, _ = build_optimizer(section, 1, 1, net)
    (net(paddle.zeros([1, 1])) * 0).sum().backward()
    optimizer.step()
    assert net.weight.item() == pytest.approx(1 - 0.1 * 0.5)


def test_a_parameters_own_settings_win() -> None:
    """The classifier of a recogniser has a penalty of its own, affine scalars a slower rate."""
    model = build_model(
        {
            "model_type": "rec",
            "Backbone": {"name": "PPLCNetV3", "scale": 0.5},
            "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
            "Head": {"name": "CTCHead", "out_channels": 5, "fc_decay": 0.125},
        }
    )
    state = model.state_dict()
    assert state["head.fc.weight"].regularizer._coeff == 0.125
    assert state["backbone.blocks2.0.dw_conv.lab.scale"].optimize_attr["learning_rate"] == 0.1


def test_words_spare_parameters_from_decay() -> None:
    net = nn.Sequential(("norm", nn.LayerNorm(2)), ("out", nn.Linear(2, 2)))
    section = {"name": "AdamW", "lr": CONST, "weight_decay": 0.5, "no_weight_decay_name": "norm"}
    optimizer, _ = build_optimizer(section, 1, 1, net)
    for parameter in net.parameters():
        parameter.set_value(paddle.ones_like(parameter))
    (net(paddle.zeros([1, 2])) * 0).sum().backward()
    optimizer.step()
    assert net["norm"].weight.numpy() == pytest.approx(1.0)
    assert net["out"].weight.numpy() == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"name": "Adam"}, "needs 'lr'"),
        ({"name": "Adam", "lr": {"name": "Cosin", "learning_rate": 1}}, "did you mean 'Cosine'"),
        ({"name": "Adam", "lr": {"name": "Cosine"}}, "needs 'learning_rate'"),
        ({"name": "Adam", "lr": CONST, "beta3": 1}, "did you mean 'beta1'"),
        (
            {"name": "Adam", "lr": {"name": "Piecewise", "decay_epochs": [1], "values": [1.0]}},
            "1 decay_epochs need 2 values",
        ),
    ],
)
def test_wrong_settings_are_named(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_optimizer(section, 1, 1, nn.Linear(1, 1))
