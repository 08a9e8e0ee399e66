"""What a config needs to run in seconds: sizes, counts, paths. Nothing that decides what it is.

Left as the file has them: architecture, loss, optimizer, operations and their order, post-process,
metric, sampler. Changed: how many images, how large (``img_size`` of a backbone that states it goes
with them), where they are and where results go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr.config import Section
from ppocr.config.section import named
from ppocr.pipeline.derive import is_fixed_width, networks
from ppocr.utils.files import REPOSITORY

CROP_PX = 64  # of a page, for training
PAGE_PX = 64  # short side of a page in evaluation
LONG_PX = 128
LINE_WIDTH_PX = 96
BATCH = 2
STEPS = 2
WIDE_OPS = frozenset({"RecResizeImg", "SVTRRecResizeImg", "RecConAug"})


@dataclass(frozen=True, slots=True)
class Data:
    """Where the drawn images are."""

    pages: Path  # label files; beside each one with fewer rows, for evaluation
    lines: Path
    angles: Path
    lmdb: Path  # a folder, and beside it one with fewer rows
    characters: Path  # a dictionary, for configs whose own is not part of the project


def few(path: Path) -> Path:
    """Return where the first rows of a label file, or of an LMDB, stand for themselves."""
    return path.with_name(f"{path.stem}_few{path.suffix}")


def overrides(config: Section, data: Data, folder: Path) -> list[str]:
    """Return what ``-o`` needs so that a config trains two steps in ``folder`` on ``data``."""
    values = {
        **_run(config, folder),
        **_dictionaries(config, data),
        **_weights(config),
        **_narrow_backbone(config),
        **_data(config, data),
        **dict(_operations(config)),
    }
    return [f"{path}={json.dumps(value)}" for path, value in values.items()]


def _run(config: Section, folder: Path) -> dict[str, Any]:
    """Settings of the run: as short as it can be, and below ``folder``."""
    given = {
        "use_gpu": False,
        "epoch_num": 1,
        "seed": 7,
        "print_batch_step": 1,
        "save_epoch_step": 1000,
        "eval_batch_step": [0, STEPS],
        "pretrained_model": None,
        "checkpoints": None,
        "infer_img": None,
        "use_visualdl": False,
        "save_model_dir": str(folder / "run"),
        "save_inference_dir": str(folder / "inference"),
        "save_res_path": str(folder / "run" / "predicts.txt"),
    }
    return {f"Global.{key}": value for key, value in given.items()}


def _dictionaries(config: Section, data: Data) -> dict[str, Any]:
    path = config["Global"].get("character_dict_path")
    if not path or (REPOSITORY / path).is_file():
        return {}
    return {"Global.character_dict_path": str(data.characters)}


def _weights(config: Section) -> dict[str, Any]:
    """Networks begin with random numbers."""
    found: dict[str, Any] = {}
    for name, network in networks(config["Architecture"]).items():
        where = f"Architecture.Models.{name}" if name else "Architecture"
        if network.get("pretrained"):
            found[f"{where}.pretrained"] = None
        backbone = network.get("Backbone") or {}
        if isinstance(backbone.get("pretrained"), str):
            found[f"{where}.Backbone.pretrained"] = None
    return found


def _narrow_backbone(config: Section) -> dict[str, Any]:
    """A backbone that states the size of its images takes narrower ones when it is told so."""
    backbone = config["Architecture"].get("Backbone") or {}
    if not _states_its_size(config):
        return {}
    height, _ = backbone["img_size"]
    return {
        "Architecture.Backbone.img_size": [height, LINE_WIDTH_PX],
        "Architecture.Backbone.out_char_num": LINE_WIDTH_PX // 4,
    }


def _states_its_size(config: Section) -> bool:
    architecture = config["Architecture"]
    return "img_size" in (architecture.get("Backbone") or {}) and not architecture.get("Transform")


def _data(config: Section, data: Data) -> dict[str, Any]:
    task = config["Architecture"]["model_type"]
    labels = {"det": data.pages, "rec": data.lines, "cls": data.angles}[task]
    found: dict[str, Any] = {}
    for mode in ("Train", "Eval"):
        dataset = config[mode]["dataset"]
        if dataset["name"] == "LMDBDataSet":
            found[f"{mode}.dataset.data_dir"] = str(
                data.lmdb if mode == "Train" else few(data.lmdb)
            )
        else:
            found[f"{mode}.dataset.data_dir"] = str(labels.parent)
            found[f"{mode}.dataset.label_file_list"] = [
                str(labels if mode == "Train" else few(labels))
            ]
        if dataset.get("ratio_list") is not None:
            found[f"{mode}.dataset.ratio_list"] = [1.0]
        if dataset.get("ds_width"):
            found[f"{mode}.dataset.ds_width"] = False  # the drawn rows carry no sizes
        found[f"{mode}.loader.num_workers"] = 0
        if mode == "Train" or task != "det":  # pages differ in size: one at a time
            found[f"{mode}.loader.batch_size_per_card"] = BATCH
    sampler = config["Train"].get("sampler")
    if sampler:
        found["Train.sampler.first_bs"] = BATCH
        found["Train.sampler.scales"] = [_narrow(one) for one in sampler["scales"]]
    return found


def _narrow(scale: Any) -> Any:
    return [min(scale[0], LINE_WIDTH_PX), scale[1]] if isinstance(scale, list) else scale


def _operations(config: Section) -> Iterator[tuple[str, Any]]:
    fixed = is_fixed_width(config["Architecture"]) and not _states_its_size(config)
    for mode in ("Train", "Eval"):
        for place, entry in enumerate(config[mode]["dataset"]["transforms"]):
            name, settings = named(entry, config.place)
            where = f"{mode}.dataset.transforms[{place}].{name}"
            if name == "EastRandomCropData":
                yield f"{where}.size", [CROP_PX, CROP_PX]
            elif name == "DetResizeForTest":
                yield where, _page_rule(settings)
            elif name in WIDE_OPS and not fixed and settings.get("image_shape"):
                yield f"{where}.image_shape", _shape(settings["image_shape"])


def _page_rule(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same rule of resizing, to fewer pixels."""
    given = {key: value for key, value in settings.items() if value is not None}
    if "image_shape" in given:
        return {**given, "image_shape": [PAGE_PX, LONG_PX]}
    if "resize_long" in given:
        return {**given, "resize_long": LONG_PX}
    kind = given.get("limit_type", "min")
    return {"limit_side_len": PAGE_PX if kind == "min" else LONG_PX, "limit_type": kind}


def _shape(image_shape: Any) -> list[int]:
    *first, width = image_shape
    return [*first, min(width, LINE_WIDTH_PX)]
