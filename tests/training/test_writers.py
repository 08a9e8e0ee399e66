"""Where numbers go besides metrics.jsonl."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ppocr.config import as_section
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


class PlayedWandb(ModuleType):
    """Takes what ``wandb.init`` takes, as keywords of its own."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.given: dict[str, Any] = {}
        self.logged: list[tuple[int, dict[str, float]]] = []

    def init(self, **given: Any) -> PlayedWandb:
        self.given = given
        return self

    def log(self, values: dict[str, float], step: int) -> None:
        self.logged.append((step, values))

    def finish(self) -> None:
        self.given["finished"] = True


def test_every_setting_of_the_wandb_section_reaches_it(tmp_path, monkeypatch):
    played = PlayedWandb()
    monkeypatch.setitem(sys.modules, "wandb", played)
    monkeypatch.setenv("WANDB_MODE", "offline")
    section = {"project": "p", "name": "n", "save_dir": str(tmp_path / "w"), "config": {"site": 2}}
    writer = writers.Wandb(section, as_section({"Global": {"seed": 1}}), tmp_path)
    writer.write("train", 3, {"loss": 0.5, "lr": 1e-3, "note": "x"})
    writer.close()
    assert played.given == {
        "project": "p",
        "name": "n",
        "dir": str(tmp_path / "w"),
        "config": {"Global": {"seed": 1}, "site": 2},
        "resume": "allow",
        "finished": True,
    }
    assert (tmp_path / "w").is_dir()
    assert played.logged == [(3, {"TRAIN/loss": 0.5, "TRAIN/lr": 1e-3})]
