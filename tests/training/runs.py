"""Tiny runs: configs of networks that train in a second or two on a CPU."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ppocr.training import settings as settings_of
from ppocr.training import setup
from ppocr.utils import pickles
from tests.data import sets


def rec_config(folder: Path, count: int = 12) -> Path:
    """Return the path of a recogniser's config with its data, all below ``folder``."""
    labels = sets.lines(folder / "data", count)
    sections = sets.rec_config(labels)
    for mode in ("Train", "Eval"):
        transforms = sections[mode]["dataset"]["transforms"]
        transforms[2] = {"RecResizeImg": {"image_shape": [3, 32, 64]}}
    return _written(
        folder,
        sections,
        Architecture={
            "model_type": "rec",
            "algorithm": "CRNN",
            "Transform": None,
            "Backbone": {
                "name": "MobileNetV3",
                "scale": 0.35,
                "model_name": "small",
                "small_stride": [1, 2, 2, 2],
            },
            "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 8},
            "Head": {"name": "CTCHead", "fc_decay": 0.0},
        },
        Loss={"name": "CTCLoss"},
        PostProcess={"name": "CTCLabelDecode"},
        Metric={"name": "RecMetric", "main_indicator": "acc"},
    )


def det_config(folder: Path, count: int = 4) -> Path:
    """Return the path of a detector's config with its data, all below ``folder``."""
    labels = sets.pages(folder / "data", count)
    sections = sets.rec_config(labels)
    normalize = [
        {"NormalizeImage": {"scale": "1./255.", "order": "hwc"}},
        {"ToCHWImage": None},
    ]
    first = [{"DecodeImage": {"img_mode": "BGR"}}, {"DetLabelEncode": None}]
    train = [
        *first,
        {"IaaAugment": {"augmenter_args": [{"type": "Fliplr", "args": {"p": 0.5}}]}},
        {"EastRandomCropData": {"size": [96, 96], "max_tries": 10, "keep_ratio": True}},
        {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
        {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
        *normalize,
        {
            "KeepKeys": {
                "keep_keys": [
                    "image",
                    "threshold_map",
                    "threshold_mask",
                    "shrink_map",
                    "shrink_mask",
                ]
            }
        },
    ]
    valid = [
        *first,
        {"DetResizeForTest": {"limit_side_len": 96, "limit_type": "max"}},
        *normalize,
        {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
    ]
    sections["Train"]["dataset"] = {**sections["Train"]["dataset"], "transforms": train}
    sections["Eval"]["dataset"] = {**sections["Eval"]["dataset"], "transforms": valid}
    sections["Eval"]["loader"] = {**sections["Eval"]["loader"], "batch_size_per_card": 1}
    return _written(
        folder,
        sections,
        Architecture={
            "model_type": "det",
            "algorithm": "DB",
            "Transform": None,
            "Backbone": {"name": "MobileNetV3", "scale": 0.35, "disable_se": True},
            "Neck": {"name": "DBFPN", "out_channels": 16},
            "Head": {"name": "DBHead", "k": 50},
        },
        Loss={"name": "DBLoss", "balance_loss": True, "main_loss_type": "DiceLoss"},
        PostProcess={"name": "DBPostProcess", "thresh": 0.3, "box_thresh": 0.6},
        Metric={"name": "DetMetric", "main_indicator": "hmean"},
    )


def train(config: Path, *overrides: str) -> Any:
    """Return the final state of a run."""
    return setup.train(settings_of.read(config, overrides))


def digest(prefix: Path) -> str:
    """Return one digest of the weights and the optimizer state of a checkpoint."""
    found = hashlib.sha256()
    for ending in (".pdparams", ".pdopt"):
        arrays = pickles.read(f"{prefix}{ending}")
        for key in sorted(arrays):
            if isinstance(arrays[key], np.ndarray):
                found.update(key.encode() + arrays[key].tobytes())
    return found.hexdigest()


def _written(folder: Path, sections: dict[str, Any], **others: Any) -> Path:
    config = {
        **sections,
        **others,
        "Global": {
            **sections["Global"],
            "use_gpu": False,
            "epoch_num": 2,
            "print_batch_step": 1,
            "save_epoch_step": 2,
            "eval_batch_step": [0, 1000],
            "save_model_dir": str(folder / "run"),
        },
        "Optimizer": {
            "name": "Adam",
            "lr": {"name": "Cosine", "learning_rate": 0.002, "warmup_epoch": 1},
            "regularizer": {"name": "L2", "factor": 0.0001},
        },
    }
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
