"""What networks compute, in evaluation and in training, against recorded outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.fuse import fuse
from tests.parity.cases import Case, flatten, forward_cases
from tests.parity.networks import SLACK, build, data_of, fill, image_of, without_dropout

TOLERANCE = 1e-3  # of the output's standard deviation


@pytest.mark.parametrize("case", forward_cases())
def test_forward(case: Case) -> None:
    model = build(case.name.split("__")[0])
    checksum = fill(model, case)
    assert checksum == case["weights"]["crc32"]
    image, data = image_of(case), data_of(case)
    with paddle.no_grad():
        model.eval()
        _compare(case, "eval", _call(model, image, data), case["outputs"])
        if any(path.startswith("infer/") for path in case["outputs"]):
            _compare(case, "infer", model(image), case["outputs"])
        if "train_outputs" in case.meta:
            model.train()
            with without_dropout(model):
                outputs = _call(model, image, data)
            described = {f"train_nodrop/{k}": v for k, v in case["train_outputs"].items()}
            _compare(case, "train_nodrop", outputs, described)
            fill(model, case)
            model.eval()
        if fuse(model):
            _compare(case, "eval", _call(model, image, data), case["outputs"])


def _call(model: nn.Layer, image: paddle.Tensor, data: Any) -> Any:
    return model(image) if data is None else model(image, data)


def _compare(case: Case, part: str, outputs: Any, described: Mapping[str, Any]) -> None:
    leaves = {f"{part}/{path}": leaf for path, leaf in flatten(outputs).items()}
    wanted = {path for path in described if path.startswith(f"{part}/")}
    assert wanted <= set(leaves), f"{sorted(leaves)} instead of {sorted(wanted)}"
    for path in sorted(wanted):
        note, ours = described[path], leaves[path].numpy()
        assert list(ours.shape) == note["shape"], path
        ours = ours.astype(np.float64).reshape(-1)[:: note["stride"]]
        recorded = case.arrays[path].astype(np.float64).reshape(-1)
        worst = np.abs(ours - recorded).max() if ours.size else 0.0
        limit = TOLERANCE * SLACK.get(case.name.split("__")[0], 1.0) * note["std"] + 1e-7
        assert worst <= limit, f"{path}: {worst:.3g}, std {note['std']:.3g}"
