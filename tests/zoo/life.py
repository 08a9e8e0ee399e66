"""The life of a config: trained for two steps, evaluated, exported, compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any
from unittest.mock import patch

import paddle
from paddle.nn.initializer import Constant
from paddle.nn.initializer.initializer import Initializer

from ppocr.config import load
from ppocr.data import build_dataloader
from ppocr.modeling import build_model
from ppocr.modeling.weights import load_weights
from ppocr.training import evaluation, settings
from tests.settling import settle
from tests.zoo.small import STEPS, Data, overrides
from tools import export_model, train

GRAPHS = {"json": ("true", "inference.json"), "pdmodel": ("false", "inference.pdmodel")}


@dataclass(frozen=True, slots=True)
class Life:
    """A config, and how it is made small enough to run in a test."""

    config: Path
    folder: Path
    options: list[str]

    def arguments(self, *more: str) -> list[str]:
        """Return the command line of a tool."""
        return ["-c", str(self.config), "--no_runtime", "-o", *self.options, *more]


def begin(config: Path, data: Data, folder: Path) -> Life:
    """Return a config that will run in ``folder``."""
    return Life(config, folder, overrides(load(config), data, folder))


def trained(life: Life) -> dict[str, Any]:
    """Train as the command does; return the last losses and the metrics it evaluated."""
    assert train.main(life.arguments()) == 0
    rows = [json.loads(row) for row in (life.folder / "run/metrics.jsonl").read_text().splitlines()]
    steps = [row for row in rows if "loss" in row]
    assert len(steps) >= STEPS, rows
    assert rows[-1]["step"] >= STEPS
    for row in steps:
        wrong = [key for key, value in row.items() if "loss" in key and not isfinite(value)]
        assert not wrong, row
    return rows[-1]


@contextmanager
def without_random_numbers() -> Iterator[None]:
    """Networks get zeros first where all of their weights are read from a file afterwards."""
    zeros = Constant(0.0)

    def fill(_: Initializer, parameter: Any, block: Any = None) -> Any:
        return zeros.forward(parameter, block)

    with patch.object(Initializer, "__call__", fill):
        yield


def evaluated(life: Life) -> dict[str, Any]:
    """Return what evaluating the last checkpoint gives."""
    options = [*life.options, f"Global.checkpoints={life.folder / 'run/latest'}"]
    _, measured = evaluation.evaluate(settings.read(life.config, options))
    main = settings.read(life.config, options).config["Metric"].get("main_indicator")
    assert isfinite(measured[main or "acc"]), measured
    return measured


def settled(life: Life) -> None:
    """Write settled.pdparams: the last weights, with statistics of a training batch."""
    read = settings.read(life.config, life.options)
    model = build_model(read.config["Architecture"])
    load_weights(model, str(life.folder / "run/latest"), whole=True)
    loader = build_dataloader(read.config, "Train", "cpu", seed=1)
    batch = next(iter(loader.epoch(0, 0)))
    loader.close()
    extra = {name: paddle.to_tensor(batch[name]) for name in model.reads}
    settle(model, paddle.to_tensor(batch["image"]), extra or None)
    paddle.save(model.state_dict(), str(life.folder / "settled.pdparams"))


def exported(life: Life, kind: str, onnx: bool) -> list[Path]:
    """Export the settled weights as the command does, with its comparison; return the folders."""
    pir, graph = GRAPHS[kind]
    target = life.folder / f"inference_{kind}"
    status = export_model.main(
        life.arguments(
            f"Global.pretrained_model={life.folder / 'settled.pdparams'}",
            f"Global.save_inference_dir={target}",
            f"Global.export_with_pir={pir}",
            f"Global.export_onnx={str(onnx).lower()}",
        )
    )
    assert status == 0, f"{life.config.name} as {kind} is not what was trained"
    found = sorted(path.parent for path in target.rglob("inference.yml"))
    assert found, f"{target} holds no export"
    for folder in found:
        compared = _compared(folder)
        assert compared == {graph: True, **({"inference.onnx": True} if onnx else {})}
    return found


def _compared(folder: Path) -> dict[str, bool]:
    """Return which graphs of a folder were compared with the checkpoint, and whether well."""
    report = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
    return {
        one["model"]: one["ok"] and _stage(one, "end to end")["compared"] > 0
        for one in report["models"]
    }


def _stage(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in report["stages"] if one["stage"] == name)


def whole(life: Life, kinds: Sequence[tuple[str, bool]]) -> None:
    """Train, evaluate and export in the given kinds: ("json" or "pdmodel", with ONNX or not)."""
    trained(life)
    with without_random_numbers():
        evaluated(life)
        settled(life)
        for kind, onnx in kinds:
            exported(life, kind, onnx)
