"""Small data sets made by the tests that need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

TEXTS = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def lines(folder: Path, count: int = 12, name: str = "rows.txt") -> Path:
    """Return a label file of ``count`` line images below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        text = TEXTS[number % len(TEXTS)]
        image = np.full((32, 100, 3), 255, np.uint8)
        cv2.putText(image, text, (4, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2)
        cv2.imwrite(str(folder / f"{number}.png"), image)
        rows.append(f"{number}.png\t{text}\n")
    (folder / name).write_text("".join(rows), encoding="utf-8")
    return folder / name


def pages(folder: Path, count: int = 4, size: int = 160) -> Path:
    """Return a label file of ``count`` pages with two dark words each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        image = np.full((size, size, 3), 230, np.uint8)
        regions = []
        for top in (20 + number, 90):
            box = [[20, top], [120, top], [120, top + 30], [20, top + 30]]
            cv2.rectangle(image, tuple(box[0]), tuple(box[2]), (30, 30, 30), -1)
            regions.append(f'{{"transcription": "word", "points": {box}}}')
        cv2.imwrite(str(folder / f"{number}.png"), image)
        rows.append(f"{number}.png\t[{', '.join(regions)}]\n")
    (folder / "rows.txt").write_text("".join(rows), encoding="utf-8")
    return folder / "rows.txt"


def rec_config(labels: Path, **settings: Any) -> dict[str, Any]:
    """Return the data sections of a recognition config over ``labels``."""
    transforms = [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"CTCLabelEncode": None},
        {"RecResizeImg": {"image_shape": [3, 32, 100]}},
        {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
    ]
    dataset = {
        "name": "SimpleDataSet",
        "data_dir": str(labels.parent),
        "label_file_list": [str(labels)],
        "transforms": transforms,
    }
    loader = {
        "shuffle": True,
        "drop_last": False,
        "batch_size_per_card": 4,
        "num_workers": 0,
        **settings,
    }
    return {
        "Global": {"character_dict_path": None, "max_text_length": 10, "seed": 7},
        "Train": {"dataset": dataset, "loader": loader},
        "Eval": {"dataset": dataset, "loader": {**loader, "shuffle": False}},
    }
