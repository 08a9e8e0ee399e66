"""A small distillation, trained once per test process by the real trainer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import yaml

from ppocr.config import load
from tests.export.small import workplace
from tests.training import runs

NETWORK = {
    "model_type": "det",
    "algorithm": "DB",
    "Backbone": {"name": "PPLCNetV3", "scale": 0.35, "det": True},
    "Neck": {"name": "RSEFPN", "out_channels": 16, "shortcut": True},
    "Head": {"name": "DBHead", "k": 50},
}
TEACHER = {
    **NETWORK,
    "Backbone": {"name": "MobileNetV3", "scale": 0.35, "disable_se": True},
    "Neck": {"name": "DBFPN", "out_channels": 16},
}
NAMES = ("Student", "Student2", "Teacher")
LOSSES = [
    {
        "DistillationDilaDBLoss": {
            "model_name_pairs": [["Student", "Teacher"], ["Student2", "Teacher"]],
            "key": "maps",
        }
    },
    {
        "DistillationDMLLoss": {
            "model_name_pairs": [["Student", "Student2"]],
            "maps_name": "thrink_maps",
            "key": "maps",
        }
    },
    {"DistillationDBLoss": {"model_name_list": ["Student", "Student2"], "alpha": 4}},
]
# every part of the loss, as it stands in the log
PARTS = (
    "dila_dbloss_Student_Teacher",
    "dila_dbloss_Student2_Teacher",
    "dml_thrink_maps_0",
    *(f"db_{one}_loss_{part}_maps" for one in NAMES[:2] for part in ("shrink", "threshold")),
)


@dataclass(frozen=True)
class Run:
    """A finished run: its config, its checkpoint, and what the teacher began with.

    ``settled`` holds the weights of the checkpoint with statistics of a page, for comparisons of
    numbers.
    """

    config: Path
    checkpoint: Path
    teacher: Path
    settled: Path


def config_in(folder: Path, teacher: Path) -> Path:
    """Return the path of a distillation's config with its data, all below ``folder``."""
    path = runs.det_config(folder)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    frozen = {**TEACHER, "freeze_params": True, "pretrained": str(teacher)}
    config["Architecture"] = {
        "name": "DistillationModel",
        "algorithm": "Distillation",
        "model_type": "det",
        "Models": {"Student": NETWORK, "Student2": TEACHER, "Teacher": frozen},
    }
    config["Loss"] = {"name": "CombinedLoss", "loss_config_list": LOSSES}
    thresholds = {"thresh": 0.3, "box_thresh": 0.3, "unclip_ratio": 2.0}
    names = ["Student", "Student2"]
    config["PostProcess"] = {"name": "DistillationDBPostProcess", "model_name": names, **thresholds}
    base = {"base_metric_name": "DetMetric", "main_indicator": "hmean"}
    config["Metric"] = {"name": "DistillationMetric", **base, "key": "Student"}
    config["Global"]["epoch_num"] = 6
    config["Optimizer"]["lr"] = {"name": "Const", "learning_rate": 0.005}
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def trained() -> Run:
    """Return a run of the distillation whose teacher is frozen."""
    import paddle

    from ppocr.modeling import build_model
    from ppocr.modeling.weights import load_weights
    from ppocr.utils import pickles
    from tests.settling import settle

    folder = workplace() / "distilled"
    folder.mkdir()
    paddle.seed(5)
    teacher = folder / "teacher.pdparams"
    pickles.write(teacher, build_model(TEACHER).state_dict())
    config = config_in(folder, teacher)
    runs.train(config)
    checkpoint, settled = folder / "run" / "latest", folder / "settled.pdparams"
    model = build_model(load(config)["Architecture"])
    load_weights(model, str(checkpoint), whole=True)
    settle(model, paddle.to_tensor(_page(folder / "data" / "0.png")))
    pickles.write(settled, model.state_dict())
    return Run(config, checkpoint, teacher, settled)


def _page(path: Path) -> np.ndarray:
    """Return a page as the network is given it: (1, 3, 64, 96)."""
    image_HWC = cv2.resize(cv2.imread(str(path)), (96, 64)).astype(np.float32)
    return ((image_HWC / 255 - 0.45) / 0.225).transpose(2, 0, 1)[None]
