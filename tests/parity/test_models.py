"""Keys, order, shapes, types, automatic names and settings of parameters against manifests."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.modeling.fuse import fuse
from tests.parity.cases import Case, manifests
from tests.parity.networks import build

SETTINGS = ("lr_mult", "regularizer", "need_clip")


@pytest.mark.parametrize("case", manifests())
def test_parameters(case: Case) -> None:
    if not case.get("ok", True):
        pytest.skip(f"{case.name} could not be built when it was recorded")
    paddle.seed(20240605)
    model = build(case.name)
    state = model.state_dict()
    rows = case["train"]
    assert list(state) == [row[0] for row in rows]
    problems = [text for row in rows for text in _differences(state, row)]
    assert not problems, "\n".join(problems[:20])
    if case.get("export_ok"):
        _compare_export(case, model)


def _differences(state: dict[str, paddle.Tensor], row: list[Any]) -> list[str]:
    key, shape, dtype, flag, name, initial, extra = row
    tensor = state[key]
    ours = {
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("paddle."),
        "flag": _flag(tensor),
    }
    recorded = {"shape": shape, "dtype": dtype, "flag": flag}
    if flag != "B":
        ours["name"], recorded["name"] = tensor.name, name
        ours["settings"] = _settings(tensor)
        recorded["settings"] = {one: extra[one] for one in SETTINGS if one in extra}
    if "same_tensor_as" in extra:
        ours["same tensor"] = tensor is state[extra["same_tensor_as"]]
        recorded["same tensor"] = True
    found = [
        f"{key} {one}: {ours[one]}, not {recorded[one]}"
        for one in ours
        if ours[one] != recorded[one]
    ]
    return found + ([] if found else _initial_differences(key, tensor, initial))


def _flag(tensor: paddle.Tensor) -> str:
    if not hasattr(tensor, "optimize_attr"):
        return "B"
    return "F" if tensor.stop_gradient else "T"


def _settings(tensor: paddle.Tensor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if tensor.optimize_attr["learning_rate"] != 1.0:
        found["lr_mult"] = tensor.optimize_attr["learning_rate"]
    if tensor.regularizer is not None:
        found["regularizer"] = [type(tensor.regularizer).__name__, tensor.regularizer._coeff]
    if not tensor.need_clip:
        found["need_clip"] = False
    return found


def _initial_differences(key: str, tensor: paddle.Tensor, recorded: list[float]) -> list[str]:
    """Compare the spread of two draws from, hopefully, the same distribution."""
    values = tensor.numpy().astype(np.float64)
    count, (mean, std, *_) = values.size, recorded
    if std == 0 and (count > 1 or mean in (0.0, 1.0)):  # a constant
        same = np.allclose(values, mean, atol=1e-6)
        return [] if same else [f"{key} is not {mean} everywhere"]
    if count < 30:
        return []  # too few draws for statistics
    slack = 4 / np.sqrt(count)
    problems = []
    if abs(values.std() - std) > max(slack, 0.02) * std:
        problems.append(f"{key} initial std {values.std():.5g}, not {std}")
    if abs(values.mean() - mean) > 2 * slack * std:
        problems.append(f"{key} initial mean {values.mean():.5g}, not {mean}")
    return problems


def _compare_export(case: Case, model: paddle.nn.Layer) -> None:
    """Fusing for the export may add and take away what the recorded export did."""
    before = set(model.state_dict())
    model.eval()
    fuse(model)
    after = model.state_dict()
    added = {key: list(after[key].shape) for key in after if key not in before}
    assert added == {row[0]: row[1] for row in case.get("export_added", [])}
    removed = {key for key in before if key not in after}
    assert removed == {row[0] for row in case.get("export_removed", [])}
