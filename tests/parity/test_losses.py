"""Losses and their gradients against recorded ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import paddle
import pytest

from ppocr.losses import LOSSES, build_loss
from ppocr.losses.center_loss import CenterLoss
from tests.parity.cases import Case, cases, flatten, need

KINDS = (
    "loss_db",
    "loss_det_misc",
    "loss_rec",
    "loss_distill",
    "loss_table",
    "loss_kie",
    "loss_sr",
)
# what the batch holds where a loss is one of several; alone it reads what it states
DETECTION = ("image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask")
TWO_LABELS = ("image", "label_ctc", "{guide}", "length", "valid_ratio")
ONE_LABEL = ("image", "label", "length", "label_ace")
# how losses do what the recording did, and the settings that it ignores or cannot be given
MODES = {
    "ACELoss": {"softmax_twice": True},
    "DistillationDMLLoss": {"per_sample": True},
    "DistillationNRTRLoss": {"ignore_index": -100},
}
DB_SETTINGS = ("balance_loss", "main_loss_type", "alpha", "beta", "ohem_ratio", "eps")
IGNORED = {
    "CenterLoss": ("center_file_path",),
    "DistillationDBLoss": DB_SETTINGS,
    "DistillationDilaDBLoss": DB_SETTINGS,
}


def _params() -> list[Any]:
    return [one for kind in KINDS for one in cases(kind)]


@pytest.mark.parametrize("case", _params())
def test_loss(case: Case) -> None:
    config = case["config"]
    for name in _names(config):
        need(LOSSES, name)
    loss = build_loss(_as_recorded(config))
    _take_centres(loss, case)
    predicts = _tree(case.part("in/preds"), case.arrays.get("in/preds"))
    leaves = flatten(predicts)
    results = loss(predicts, _batch(config, loss, case.part("in/batch")))
    if _names_a_list_of_maps(config):  # the recording loses such a list and results in 0
        assert results["loss"].min().item() > 0
        return
    for name, recorded in case["result"].items():
        ours = np.asarray(results[_our_name(config, name)].numpy(), np.float64).reshape(-1)
        np.testing.assert_allclose(ours, recorded, rtol=1e-4, atol=1e-6, err_msg=name)
    total = [results["loss"]] if "loss" in results else list(results.values())
    sum(one.sum() for one in total).backward()
    _compare_gradients(case, leaves)


def _compare_gradients(case: Case, leaves: Mapping[str, paddle.Tensor]) -> None:
    for path, recorded in case["grad_of_total_wrt_preds"].items():
        leaf = leaves[path.strip("/") or "out"]
        if recorded is None:
            assert leaf.grad is None or not leaf.grad.abs().max().item(), path
            continue
        gradient = leaf.grad.numpy().astype(np.float64)
        assert np.linalg.norm(gradient) == pytest.approx(recorded["norm"], rel=1e-3, abs=1e-7), path
        whole = case.arrays.get(f"out/grad/{path.strip('/')}".rstrip("/"))
        if whole is not None:
            scale = max(np.abs(whole).max(), 1e-6)
            np.testing.assert_allclose(gradient, whole, rtol=1e-3, atol=1e-3 * scale, err_msg=path)


def _take_centres(loss: Any, case: Case) -> None:
    """Give a loss the centres of the recording, which are random: the array of their shape."""
    for layer in loss.sublayers(include_self=True):
        if not isinstance(layer, CenterLoss):
            continue
        shape = tuple(layer.centers.shape)
        stored = [one for one in case.part("in").values() if one.shape == shape]
        if not stored:
            pytest.skip(f"{case.name} does not say where the centres were")
        layer.centers.set_value(paddle.to_tensor(stored[0].astype("float64")))


def _names(config: Mapping[str, Any]) -> list[str]:
    """Return the loss and the losses inside it."""
    inner = [next(iter(one)) for one in config.get("loss_config_list", ())]
    return [config.get("name", "without a name"), *inner]


def _as_recorded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings under which our loss repeats what the recording did.

    The recording keeps one number per sample in the divergence of maps and in ACELoss, counts
    padding in DistillationNRTRLoss, and does not hand the settings of DistillationDBLoss on to
    DBLoss.
    """
    config = copy.deepcopy(dict(config))
    for entry in ({config["name"]: config}, *config.get("loss_config_list", ())):
        for name in entry:
            settings = entry[name] = {} if entry[name] is None else entry[name]
            settings.update(MODES.get(name, {}))
            for ignored in IGNORED.get(name, ()):
                settings.pop(ignored, None)
    return config


def _our_name(config: Mapping[str, Any], name: str) -> str:
    """Return our name of a part: distances are called after their mode, not always "l2"."""
    for entry in config.get("loss_config_list", ()):
        settings = entry.get("DistillationDistanceLoss") or {}
        start, mode = settings.get("name", "loss_distance"), settings.get("mode", "l2")
        name = name.replace(f"{start}_l2_", f"{start}_{mode}_")
    return name


def _names_a_list_of_maps(config: Mapping[str, Any]) -> bool:
    entries = config.get("loss_config_list", ())
    settings = [one.get("DistillationDMLLoss") or {} for one in entries]
    return any(isinstance(one.get("maps_name"), list) for one in settings)


def _batch(
    config: Mapping[str, Any], loss: Any, arrays: Mapping[str, np.ndarray]
) -> dict[str, paddle.Tensor]:
    """Return the recorded list of arrays under the names that a config gives them."""
    names = _batch_names(config, loss, len(arrays))
    entries = [arrays[str(index)] for index in range(len(arrays))]
    return {key: paddle.to_tensor(value) for key, value in zip(names, entries, strict=False)}


def _batch_names(config: Mapping[str, Any], loss: Any, count: int) -> tuple[str, ...]:
    inner = _names(config)
    if "ACELoss" in inner or (len(inner) > 1 and count == len(ONE_LABEL) - 1):
        return ONE_LABEL
    if len(inner) == 1:
        return ("image", *loss.reads)
    if any("DB" in name or "maps_name" in str(config) for name in inner):
        return DETECTION
    guide = "label_sar" if any("SAR" in name for name in inner) else "label_gtc"
    return tuple(name.format(guide=guide) for name in TWO_LABELS)


def _tree(arrays: Mapping[str, np.ndarray], bare: np.ndarray | None) -> Any:
    """Return predictions as the nested dicts and lists that their paths describe."""
    if bare is not None:
        return paddle.to_tensor(bare, stop_gradient=False)
    tree: dict[str, Any] = {}
    for path, value in arrays.items():
        *parents, leaf = path.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = paddle.to_tensor(value, stop_gradient=False)
    return _listed(tree)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    values = {key: _listed(value) for key, value in node.items()}
    if values and all(key.isdigit() for key in values):
        return [values[str(index)] for index in range(len(values))]
    return values
