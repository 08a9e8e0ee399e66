"""Small sets for the doctor: good rows with one bad one among them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from ppocr.config import load
from ppocr.data.sampler import Request
from ppocr.doctor.rows import Examiner, Facts
from ppocr.doctor.sets import Set, open_sets

BOX = [[10, 10], [60, 10], [60, 30], [10, 30]]
TASKS = ("rec", "det", "cls")


def picture(width: int = 96, height: int = 32, seed: int = 0) -> np.ndarray:
    """Return a picture that is not like the one of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (8, 24, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def encoded(image_HWC: np.ndarray, ending: str = ".png") -> bytes:
    return cv2.imencode(ending, image_HWC)[1].tobytes()


def save(path: Path, width: int = 96, height: int = 32, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture(width, height, seed), path.suffix))


def region(points: Any = None, text: str = "word") -> dict[str, Any]:
    return {"transcription": text, "points": BOX if points is None else points}


def page(*regions: dict[str, Any]) -> str:
    return json.dumps(list(regions or (region(),)))


def rows_of(task: str, count: int, folder: Path, first: int = 0) -> list[str]:
    """Write pictures and return good rows that name them."""
    rows = []
    for number in range(first, first + count):
        name = f"{number}.png"
        if task == "det":
            save(folder / name, 128, 96, number)
            rows.append(f"{name}\t{page()}")
        else:
            save(folder / name, 64 + 16 * (number % 5), 32, number)
            rows.append(f"{name}\t{f'line {number}' if task == 'rec' else number % 2 * 180}")
    return rows


def config(
    root: Path,
    task: str,
    train: Sequence[str | bytes],
    evaluation: Sequence[str | bytes] | None = None,
    **more: Any,
) -> Path:
    """Write label files and a config that names them; return the path of the config.

    Without ``evaluation`` it has two good rows. ``more`` holds settings of Global.
    """
    if evaluation is None:
        evaluation = rows_of(task, 2, root, 900)
    sections: dict[str, Any] = {
        "Global": {
            "epoch_num": 1,
            "max_text_length": 25,
            "character_dict_path": None,
            "seed": 3,
            **more,
        },
        **_model(task),
    }
    if task == "rec":
        sections["Global"].setdefault("use_space_char", False)
        if sections["Global"]["character_dict_path"] is None:
            sections["Global"]["character_dict_path"] = "ppocr/utils/en_dict.txt"
    for mode, rows in (("Train", train), ("Eval", evaluation)):
        labels = root / f"{mode.lower()}.txt"
        labels.write_bytes(b"".join(_bytes(row) + b"\n" for row in rows))
        sections[mode] = {
            "dataset": {
                "name": "SimpleDataSet",
                "data_dir": str(root),
                "label_file_list": [str(labels)],
                "transforms": transforms(task, mode == "Train"),
            },
            "loader": {"batch_size_per_card": 2, "drop_last": False, "shuffle": mode == "Train"},
        }
    path = root / "config.yml"
    path.write_text(yaml.safe_dump(sections, sort_keys=False, allow_unicode=True))
    return path


def transforms(task: str, training: bool) -> list[dict[str, Any]]:
    decode = {"DecodeImage": {"img_mode": "BGR"}}
    if task == "rec":
        kept = {"KeepKeys": {"keep_keys": ["image", "label", "length"]}}
        return [decode, {"CTCLabelEncode": None},
                {"RecResizeImg": {"image_shape": [3, 32, 100]}}, kept]  # fmt: skip
    if task == "cls":
        kept = {"KeepKeys": {"keep_keys": ["image", "label"]}}
        return [decode, {"ClsLabelEncode": None},
                {"ClsResizeImg": {"image_shape": [3, 48, 192]}}, kept]  # fmt: skip
    normal = [{"NormalizeImage": {"scale": "1./255.", "order": "hwc"}}, {"ToCHWImage": None}]
    if not training:
        kept = {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}}
        sized = {"DetResizeForTest": {"limit_side_len": 128, "limit_type": "max"}}
        return [decode, {"DetLabelEncode": None}, sized, *normal, kept]
    keys = ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]
    return [
        decode,
        {"DetLabelEncode": None},
        {"EastRandomCropData": {"size": [128, 128], "max_tries": 10, "keep_ratio": True}},
        {"MakeBorderMap": None},
        {"MakeShrinkMap": {"min_text_size": 8}},
        *normal,
        {"KeepKeys": {"keep_keys": keys}},
    ]


def look(path: Path, mode: str = "Train") -> tuple[Set, Facts]:
    """Return the set of a config and the facts of all its rows, examined in this process."""
    read = load(path)
    one = next(one for one in open_sets(read, 3) if one.mode == mode)
    assert one.source is not None, one.error
    task = read["Architecture"]["model_type"]
    examiner = Examiner(one.source, one.ops, task, one.training, 3, one.extras)
    fetched = examiner(Request(0, tuple(range(one.total))))
    assert fetched.batch is not None
    return one, fetched.batch["facts"]


def png_that_says(width: int, height: int) -> bytes:
    """Return a small PNG whose header speaks of any number of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 10000))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _bytes(row: str | bytes) -> bytes:
    return row if isinstance(row, bytes) else row.encode()


def _model(task: str) -> dict[str, Any]:
    """Return the parts of a config that are no data."""
    loss, metric = {
        "rec": ("CTCLoss", "RecMetric"),
        "det": ("DBLoss", "DetMetric"),
        "cls": ("ClsLoss", "ClsMetric"),
    }[task]
    backbone: dict[str, Any] = {"name": "MobileNetV3", "scale": 0.35, "model_name": "small"}
    architecture: dict[str, Any] = {"model_type": task, "algorithm": "x", "Transform": None}
    if task == "det":
        backbone["model_name"] = "large"
        parts = {"Neck": {"name": "DBFPN", "out_channels": 16}, "Head": {"name": "DBHead", "k": 50}}
        post: dict[str, Any] = {"name": "DBPostProcess"}
    elif task == "rec":
        parts = {"Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
                 "Head": {"name": "CTCHead"}}  # fmt: skip
        post = {"name": "CTCLabelDecode"}
    else:
        parts = {"Neck": None, "Head": {"name": "ClsHead", "class_dim": 2}}
        post = {"name": "ClsPostProcess"}
    found = {
        "Architecture": {**architecture, "Backbone": backbone, **parts},
        "Loss": {"name": loss},
        "Optimizer": {"name": "Adam", "lr": {"name": "Const", "learning_rate": 0.001}},
        "PostProcess": post,
        "Metric": {"name": metric},
    }
    if task == "cls":
        found["Architecture"]["Backbone"]["model_name"] = "small"
    return found
