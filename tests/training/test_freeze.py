"""What is frozen does not move, statistics included; the rest learns."""

from __future__ import annotations

import logging

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.config.errors import ConfigError
from ppocr.training import freeze as freezing
from ppocr.utils import pickles
from tests.faults import tiny
from tests.training.runs import train


def weights(prefix) -> dict[str, np.ndarray]:
    found = pickles.read(f"{prefix}.pdparams")
    return {key: value for key, value in found.items() if isinstance(value, np.ndarray)}


def test_a_frozen_backbone_is_the_same_after_training(tmp_path):
    config = tiny.config(tmp_path)
    train(config, "Global.epoch_num=1")
    start = tmp_path / "run" / "latest"
    folder = tmp_path / "frozen"
    train(
        config,
        f"Global.pretrained_model={start}",
        f"Global.save_model_dir={folder}",
        "Global.freeze=[backbone]",
    )
    before, after = weights(start), weights(folder / "latest")
    assert any("_mean" in key for key in before)
    moved = {key for key in before if not np.array_equal(before[key], after[key])}
    assert moved
    assert not {key for key in moved if key.startswith("backbone.")}
    assert {key.partition(".")[0] for key in moved} == {"neck", "head"}
    assert "Global.freeze) and random" not in (folder / "train.log").read_text()
    assert "frozen: 6 of 24 parameters" in (folder / "train.log").read_text()


def test_a_run_with_frozen_parts_is_resumed_and_unfreezing_is_noticed(tmp_path):
    config = tiny.config(tmp_path)
    words = ("Global.freeze=[backbone]", "Optimizer.lr.warmup_epoch=0")
    train(config, *words, "Global.max_hours=1e-9")
    assert "Global.freeze) and random" in (tmp_path / "run" / "train.log").read_text()
    with pytest.raises(ConfigError, match=r"freeze: \['backbone'\] -> None"):
        train(config, "Optimizer.lr.warmup_epoch=0", "Global.resume=auto")
    assert train(config, *words, "Global.resume=auto").step == 6


def test_statistics_and_dropout_rest_and_gradients_pass_through():
    paddle.seed(5)
    net = nn.Sequential(
        ("first", nn.Linear(3, 3)),
        ("middle", nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1D(3), nn.Dropout(0.5))),
        ("last", nn.Sequential(nn.BatchNorm1D(3), nn.Dropout(0.5))),
    )
    frozen = freezing.freeze(net, ["middle"])
    assert frozen == [f"middle.{name}" for name in ("0.weight", "0.bias", "1.weight", "1.bias")]
    net.train()
    mean = net.middle[1]._mean.numpy().copy()
    x = paddle.rand([8, 3])
    net(x).sum().backward()
    assert not net.middle[1].training
    assert not net.middle[2].training
    assert net.last[0].training
    assert net.last[1].training
    assert np.array_equal(net.middle[1]._mean.numpy(), mean)
    assert not np.array_equal(net.last[0]._mean.numpy(), mean)
    # a frozen norm is a fixed scale and shift, also for the gradient of what lies before it
    first, middle = net.first, net.middle
    first.clear_gradients()
    middle(first(x)).sum().backward()
    scale = middle[1].weight / (middle[1]._variance + middle[1]._epsilon).sqrt()
    wanted = (middle[0].weight @ scale).numpy() * x.numpy().sum(0)[:, None]
    np.testing.assert_allclose(first.weight.grad.numpy(), wanted, rtol=1e-4)


def test_a_norm_that_is_partly_trained_goes_on_counting():
    net = nn.Sequential(("norm", nn.BatchNorm1D(3)), ("out", nn.Linear(3, 1)))
    freezing.freeze(net, ["*.bias"])
    net.train()
    net(paddle.rand([8, 3]))
    assert net.norm.training


def test_a_norm_without_scale_and_shift_rests_only_if_it_is_meant():
    def norm() -> nn.Layer:
        return nn.BatchNorm1D(3, weight_attr=False, bias_attr=False)

    net = nn.Sequential(("one", norm()), ("two", norm()), ("out", nn.Linear(3, 1)))
    freezing.freeze(net, ["one"])
    net.train()
    net(paddle.rand([8, 3]))
    assert not net.one.training
    assert net.two.training


@pytest.mark.parametrize(
    ("pattern", "hint"), [("backbne", "did you mean 'backbone'"), ("qqq.*", "there are backbone")]
)
def test_a_pattern_of_nothing_is_an_error(tmp_path, pattern, hint):
    with pytest.raises(ConfigError, match=hint):
        train(tiny.config(tmp_path), f"Global.freeze=[{pattern}]")


def test_the_rate_of_a_run_is_scaled_to_its_batch(tmp_path, capsys):
    logging.getLogger("ppocr").setLevel(logging.INFO)
    train(
        tiny.config(tmp_path),
        *("Global.epoch_num=1", "Global.accumulate_steps=2", "Optimizer.lr_for_batch=16"),
    )
    said = (tmp_path / "run" / "train.log").read_text()
    assert "learning rate times 0.5: a step has 8 samples, it is meant for 16" in said
