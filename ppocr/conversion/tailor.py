"""Configs for a split: those of a model, with the paths of the parts written into them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from ppocr import config as configs
from ppocr.config import Section
from ppocr.config.rewrite import rewritten
from ppocr.data.labels import LabelFile
from ppocr.utils.checkpoints import BEST, exists
from ppocr.utils.exits import OutputError, UsageError
from ppocr.utils.files import atomic_write, find_file

NEEDED = ("train", "val")
# steps of a training below which little is learnt, however few the samples are
LEAST_STEPS = {"det": 1000, "rec": 2000}
EVALUATIONS = 8
COMMON_HOME = "train_data"  # says nothing of what is in it


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of one task are, and how many rows each of them has."""

    root: Path
    rows: Mapping[str, int]

    @property
    def name(self) -> str:
        """What results of this data are called."""
        home = self.root.parent.name
        return "own" if home in ("", COMMON_HOME) else home


@dataclass(frozen=True, slots=True)
class Tailored:
    """A config that was written, and what to tell of it."""

    path: Path
    told: str


def check(paths: Sequence[str], roots: Mapping[str, Path], force: bool) -> dict[str, str]:
    """Return the config of each task; a UsageError or OutputError says what cannot be done."""
    found: dict[str, str] = {}
    for path in paths:
        task = task_of(configs.load(find_file(path)), path)
        if task in found:
            raise UsageError(f"--config: {found[task]} and {path} are both for {task}")
        target = target_of(roots[task], task)
        if target.exists() and not force:
            raise OutputError(f"{target} exists; --force replaces it")
        found[task] = path
    return found


def task_of(config: Section, path: str) -> str:
    """Return det or rec; a UsageError if the config is for neither, or reads no label files."""
    task = str((config.get("Architecture") or {}).get("model_type"))
    if task not in LEAST_STEPS:
        raise UsageError(f"--config {path}: is for {task}; a split has det and rec")
    for mode in ("Train", "Eval"):
        dataset = (config.get(mode) or {}).get("dataset") or {}
        if "label_file_list" not in dataset:
            raise UsageError(f"--config {path}: {mode}.dataset has no label_file_list")
    return task


def target_of(root: Path, task: str) -> Path:
    """Return where the config of a task is written."""
    return root.parent / f"{task}.yml"


def demand(path: str, task: str, parts: Collection[str]) -> None:
    """Raise a UsageError unless the parts that a config names are among those with samples."""
    lacking = [part for part in NEEDED if part not in parts]
    if lacking:
        raise UsageError(f"--config {path}: {' and '.join(lacking)} of {task} would be empty")


def write(path: str, task: str, parts: Parts) -> Tailored:
    """Write the config at ``path`` for these parts, beside their folder."""
    demand(path, task, [part for part, rows in parts.rows.items() if rows])
    source = find_file(path)
    config = configs.load(source)
    start = _weights(config)
    settings = [*_paths(config, task, parts), *_length(config, task, parts.rows["train"])]
    if start:
        settings.append(f"Global.pretrained_model={start}")
    target = target_of(parts.root, task)
    text = _without_head(rewritten(source, settings))
    head = f"# {path} for the data in {shown(parts.root)}, made by tools/split_data.py\n\n"
    with atomic_write(target, "w") as file:
        file.write(head + text)
    begins = f", starts from {start}" if start else ""
    epochs = configs.load(target)["Global"]["epoch_num"]
    return Tailored(target, f"{shown(target)}: {path} for it, {epochs} epochs{begins}")


def shown(path: Path) -> str:
    """Return a path as one would type it: from here, if it is below this folder."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def _paths(config: Section, task: str, parts: Parts) -> list[str]:
    found = []
    for mode, part in zip(("Train", "Eval"), NEEDED, strict=True):
        dataset = config[mode]["dataset"]
        found.append(f"{mode}.dataset.data_dir={shown(parts.root)}")
        found.append(f"{mode}.dataset.label_file_list=[{shown(parts.root / part)}.txt]")
        if "ratio_list" in dataset:
            found.append(f"{mode}.dataset.ratio_list=1.0")
    general = config["Global"]
    home = f"{parts.name}/{task}"
    found.append(f"Global.save_model_dir=./output/{home}/")
    found.append(f"Global.save_inference_dir=./inference/{home}/")
    if "infer_img" in general:
        found.append(f"Global.infer_img={shown(_images(parts.root, NEEDED[1]))}")
    if "save_res_path" in general:
        found.append(f"Global.save_res_path=./output/{home}/predicts.txt")
    return found


def _images(root: Path, part: str) -> Path:
    """Return the folder that the first image of a part is in: those of lines are several."""
    first = LabelFile(root / f"{part}.txt")[0]
    return (root / first.paths[0]).parent


def _length(config: Section, task: str, rows: int) -> list[str]:
    """Return settings that give a small set enough steps, nothing for a set that has them."""
    batch = int((config["Train"].get("loader") or {}).get("batch_size_per_card") or 1)
    steps = ceil(rows / batch)
    epochs = int(config["Global"].get("epoch_num") or 1)
    if epochs * steps >= LEAST_STEPS[task]:
        return []
    every = ceil(LEAST_STEPS[task] / EVALUATIONS)
    return [
        f"Global.epoch_num={ceil(LEAST_STEPS[task] / steps)}",
        f"Global.eval_batch_step=[0, {every}]",
    ]


def _weights(config: Section) -> str:
    """Return the weights that this config has been trained to here, '' if there are none."""
    general: Mapping[str, Any] = config["Global"]
    if general.get("pretrained_model") or not general.get("save_model_dir"):
        return ""
    folder = Path(str(general["save_model_dir"]))
    return shown(folder / BEST) if exists(folder / BEST) else ""


def _without_head(text: str) -> str:
    """Return a text without the comment it begins with, which is of another use of it."""
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)
