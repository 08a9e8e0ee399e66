"""A small detector and a small recogniser with random weights, exported once per test process.

The detector's thresholds lie in the middle of what its untrained map holds, so that it finds boxes.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

CHARACTERS = tuple("0123456789abcdefghijklmnopqrstuvwxyz") + ("yes", "~", "'", "é", "#")
DECODE = {"DecodeImage": {"img_mode": "BGR", "channel_first": False}}
NORMALIZE = {
    "NormalizeImage": {
        "scale": "1./255.",
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "order": "hwc",
    }
}
DET = {
    "Global": {"epoch_num": 1},
    "Architecture": {
        "model_type": "det",
        "algorithm": "DB",
        "Transform": None,
        "Backbone": {
            "name": "MobileNetV3",
            "scale": 0.35,
            "model_name": "small",
            "disable_se": True,
        },
        "Neck": {"name": "DBFPN", "out_channels": 16},
        "Head": {"name": "DBHead", "k": 50},
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.5,
        "box_thresh": 0.5,
        "max_candidates": 100,
        "unclip_ratio": 1.5,
    },
    "Eval": {
        "dataset": {
            "name": "SimpleDataSet",
            "data_dir": ".",
            "label_file_list": ["none.txt"],
            "transforms": [
                DECODE,
                {"DetLabelEncode": None},
                {"DetResizeForTest": {"limit_side_len": 320, "limit_type": "max"}},
                NORMALIZE,
                {"ToCHWImage": None},
                {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
            ],
        },
        "loader": {
            "shuffle": False,
            "drop_last": False,
            "batch_size_per_card": 1,
            "num_workers": 0,
        },
    },
}
REC = {
    "Global": {"epoch_num": 1, "max_text_length": 25, "use_space_char": True},
    "Architecture": {
        "model_type": "rec",
        "algorithm": "CRNN",
        "Transform": None,
        "Backbone": {
            "name": "MobileNetV3",
            "scale": 0.5,
            "model_name": "small",
            "small_stride": [1, 2, 2, 2],
        },
        "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 16},
        "Head": {"name": "CTCHead", "fc_decay": 0.0},
    },
    "PostProcess": {"name": "CTCLabelDecode"},
    "Eval": {
        "dataset": {
            "name": "SimpleDataSet",
            "data_dir": ".",
            "label_file_list": ["none.txt"],
            "transforms": [
                DECODE,
                {"CTCLabelEncode": None},
                {"RecResizeImg": {"image_shape": [3, 32, 100]}},
                {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
            ],
        },
        "loader": {
            "shuffle": False,
            "drop_last": False,
            "batch_size_per_card": 8,
            "num_workers": 0,
        },
    },
}


@dataclass(frozen=True)
class Model:
    """A config file, its weights, and the folder of its export (json and onnx)."""

    config: Path
    weights: Path
    folder: Path

    def overrides(self, **more: str) -> list[str]:
        """Return what ``-o`` needs to name these weights, and more Global values."""
        given = {"pretrained_model": self.weights, "save_inference_dir": self.folder, **more}
        return [f"Global.{key}={value}" for key, value in given.items()]


@lru_cache(maxsize=1)
def workplace() -> Path:
    """Return a folder that lives as long as this process."""
    place = Path(tempfile.mkdtemp(prefix="small-models-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    (place / "dict.txt").write_text("\n".join(CHARACTERS) + "\n", encoding="utf-8")
    return place


def config_of(task: str) -> dict:
    """Return the plain config of the small detector or recogniser."""
    config = yaml.safe_load(yaml.safe_dump(DET if task == "det" else REC))
    config["Train"] = yaml.safe_load(yaml.safe_dump(config["Eval"]))
    config["Optimizer"] = {"name": "Adam", "lr": {"learning_rate": 0.001}}
    config["Loss"] = {"name": "DBLoss" if task == "det" else "CTCLoss"}
    config["Metric"] = {"name": "DetMetric" if task == "det" else "RecMetric"}
    if task == "det":
        kept = ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]
        steps = [DECODE, {"DetLabelEncode": None}, {"EastRandomCropData": {"size": [64, 64]}}]
        steps += [{"MakeBorderMap": None}, {"MakeShrinkMap": None}, NORMALIZE]
        steps += [{"ToCHWImage": None}, {"KeepKeys": {"keep_keys": kept}}]
        config["Train"]["dataset"]["transforms"] = steps
    if task == "rec":
        config["Global"]["character_dict_path"] = str(workplace() / "dict.txt")
    return config


@lru_cache(maxsize=2)
def untrained(task: str) -> Model:
    """Return a model whose random weights are saved as a checkpoint; nothing is exported."""
    import paddle

    from ppocr.config import as_section
    from ppocr.modeling import build_model
    from ppocr.pipeline.derive import wire

    place = workplace()
    config = config_of(task)
    path = place / f"{task}.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    paddle.seed(11)
    root = wire(as_section(config))
    model = build_model(root["Architecture"])
    model.eval()
    _spread(model, root)
    weights = place / f"{task}.pdparams"
    paddle.save(model.state_dict(), str(weights))
    return Model(path, weights, place / task)


def _spread(model, root) -> None:
    """Stretch the last layer: untrained, it says the same of everything, and faults do not show."""
    import numpy as np
    import paddle

    from ppocr.backends.dygraph import Dygraph
    from ppocr.export.images import generate
    from ppocr.pipeline.derive import derive
    from ppocr.pipeline.runner import Runner, stack

    task = root["Architecture"]["model_type"]
    if task == "det":  # the same for all four pixels of a block: areas instead of a chequerboard
        for layer in (model.head.binarize.conv2, model.head.binarize.conv3):
            smooth = layer.weight.mean(axis=[2, 3], keepdim=True)
            layer.weight.set_value(paddle.ones_like(layer.weight) * smooth)
    runner = Runner(derive(root), Dygraph(model))
    outputs = []
    for picture in generate(task):
        answer = runner.infer(stack([runner.prepare(picture.data)]))
        outputs.append(next(iter(answer.values())))
    if task == "det":
        last = model.head.binarize.conv3
        logits = np.concatenate([np.log(one / (1 - one)).ravel() for one in outputs])
        middle, factor = logits.mean() + 0.3 * logits.std(), 3.0 / logits.std()
    else:
        last = model.head.fc
        logits = np.log(np.concatenate([one.reshape(-1, one.shape[-1]) for one in outputs]))
        middle, factor = logits.mean(axis=0), 2.0 / (logits - logits.mean(axis=0)).std()
    last.weight.set_value(last.weight * float(factor))
    bias = (last.bias.numpy() - middle) * factor
    last.bias.set_value(paddle.to_tensor(bias.astype(np.float32)))


@lru_cache(maxsize=2)
def exported(task: str) -> Model:
    """Return a model exported and verified as inference.json and inference.onnx."""
    from ppocr.config import load
    from ppocr.export import run

    model = untrained(task)
    status = run.export(load(model.config, model.overrides(export_onnx="true")))
    if status != 0:
        raise RuntimeError(f"the small {task} model did not export: status {status}")
    return model


@lru_cache(maxsize=2)
def source_of(task: str):
    """Return the checkpoint of a model as exporting sees it."""
    from ppocr.config import load
    from ppocr.export import source

    model = untrained(task)
    return source.load(load(model.config, model.overrides()))


@lru_cache(maxsize=2)
def legacy(task: str) -> Path:
    """Return a folder with the same model as inference.pdmodel."""
    from ppocr.config import load
    from ppocr.export import run

    model = untrained(task)
    folder = workplace() / f"{task}-pdmodel"
    options = model.overrides(export_with_pir="false", save_inference_dir=str(folder))
    if run.export(load(model.config, options), verify=False) != 0:
        raise RuntimeError(f"the small {task} model did not export as pdmodel")
    return folder
