"""Learning-rate curves and optimizer trajectories against recorded ones."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import ParamAttr, nn
from paddle.regularizer import L2Decay

from ppocr.optimizer import OPTIMIZERS, SCHEDULES, build_optimizer
from tests.parity.cases import Case, case_rows, cases, fill_weights, need


@pytest.mark.parametrize("row", case_rows("lr"))
def test_learning_rates(row: dict[str, Any]) -> None:
    config = {"name": "Const", **row["config"]}
    need(SCHEDULES, config["name"])
    if config["name"] == "DecayLearningRate":
        config["ends_at_zero"] = True  # the recording ignores end_lr
    section = {"name": "Adam", "lr": config}
    _, rate = build_optimizer(section, row["epochs"], row["step_each_epoch"], nn.Linear(1, 1))
    assert isinstance(rate, float) == bool(row.get("plain_float"))
    values = [rate] if isinstance(rate, float) else [_next(rate) for _ in row["values"]]
    count = min(len(values), _comparable(config, row["epochs"], row["step_each_epoch"]))
    np.testing.assert_allclose(values[:count], row["values"][:count], rtol=1e-9, atol=1e-12)


def _next(rate: Any) -> float:
    value = rate()
    rate.step()
    return value


def _comparable(config: dict[str, Any], epochs: int, step_each_epoch: int) -> int:
    """Return how many values are meant to agree with the recording.

    Past its last batch OneCycle holds its rate, where the recording runs on below it and
    then raises; TwoStepCosine goes on with its second curve after 200 epochs, where the
    recording, unless it began with a warm-up, stays at 0.
    """
    if config["name"] == "OneCycle" and not config.get("warmup_epoch"):
        return epochs * step_each_epoch
    if config["name"] == "TwoStepCosine" and not config.get("warmup_epoch"):
        return 200 * step_each_epoch
    return 10**9


class Net(nn.Layer):
    """The small network of the recordings."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5, 4)
        self.bn = nn.BatchNorm1D(4)
        self.norm = nn.LayerNorm(4)
        slow = ParamAttr(learning_rate=0.1, regularizer=L2Decay(0.01))
        self.out = nn.Linear(4, 3, weight_attr=slow)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.out(self.norm(self.bn(self.fc(x))))


@pytest.mark.parametrize("case", cases("optim"))
def test_trajectory(case: Case) -> None:
    config = case["optimizer_config"]
    need(OPTIMIZERS, config["name"])
    with paddle.utils.unique_name.guard():
        net = Net()
    values, _ = fill_weights(net.state_dict(), 1.0)
    for key, value in values.items():
        net.state_dict()[key].set_value(value)
    optimizer, rate = build_optimizer(config, case["epochs"], case["step_each_epoch"], net)
    x, y = (paddle.to_tensor(case.arrays[f"in/{name}"]) for name in "xy")
    # bn cancels the bias before it: its gradient is rounding noise, which Adam scales up
    is_adam = config["name"].startswith("Adam")
    net.train()
    for step, recorded_loss in enumerate(case["loss_before_each_step"]):
        loss = (net(x) - y).square().mean()
        assert loss.item() == pytest.approx(recorded_loss, rel=1e-5)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        if not isinstance(rate, float):
            rate.step()
        for key, value in case.part(f"out/step{step}").items():
            ours = net.state_dict()[key].numpy()
            tolerance = 4 * 0.05 if key in ("fc.bias", "bn._mean") and is_adam else 2e-6
            np.testing.assert_allclose(ours, value, rtol=1e-4, atol=tolerance, err_msg=key)
    assert _plain(optimizer.state_dict()) == _plain(case["optimizer_state_keys"])


def _plain(keys: Any) -> set[str]:
    """Return state keys without the number that paddle counts up per process."""
    return {re.sub(r"_\d+$", "", key) for key in keys if key != "LR_Scheduler"}
