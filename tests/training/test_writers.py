"""Where numbers go besides metrics.jsonl."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from ppocr.training import writers
from ppocr.utils.exits import UsageError
from tests.faults import tiny
from tests.training.runs import train


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return what TensorBoard would read: length, checksum, event, checksum, again and again."""
    events = pytest.importorskip("tensorboardX.proto.event_pb2")
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = events.Event.FromString(content[12 : 12 + length])
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            content = content[16 + length :]
    return found


def test_a_run_writes_curves_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    train(tiny.config(tmp_path), "Global.use_tensorboard=true")
    found = scalars(tmp_path / "run" / "tensorboard")
    assert [step for step, _ in found["TRAIN/loss"]] == [1, 2, 3, 4, 5, 6]
    assert [step for step, _ in found["EVAL/acc"]] == [6]
    assert found["TRAIN/lr"][2][1] > 0


def test_numbers_are_taken_and_everything_else_is_left(tmp_path):
    pytest.importorskip("tensorboardX")
    writer = writers.TensorBoard(tmp_path, resumed_step=4)
    writer.write("eval", 5, {"acc": 0.5, "name": "x", "flag": True})
    writer.close()
    assert scalars(tmp_path) == {"EVAL/acc": [(5, 0.5)]}


@pytest.mark.parametrize("package", ["tensorboardX", "visualdl", "wandb"])
def test_a_missing_package_is_named_with_the_command(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    makers = {
        "tensorboardX": lambda: writers.TensorBoard(tmp_path),
        "visualdl": lambda: writers.VisualDL(tmp_path),
        "wandb": lambda: writers.Wandb({}, {}, tmp_path),
    }
    with pytest.raises(UsageError, match=f"pip install {package}"):
        makers[package]()
