"""Writes the quickstart data set: pages, their labels and line crops.

    ROOT/det/train.txt val.txt              image<TAB>[{"transcription": ..., "points": ...}]
    ROOT/det/train/*.jpg val/*.jpg
    ROOT/rec/train.txt val.txt              image<TAB>text
    ROOT/rec/train/*.jpg val/*.jpg
    ROOT/unseen/*.jpg, unseen.txt           pages that no training sees, with their labels
    ROOT/recipe.json                        what was asked for; says whether a folder is complete

Line crops are cut by the function that prediction cuts with, from corners that are slightly off,
as a detector's are.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ppocr.geometry.crop import rotate_crop
from ppocr.synthesis.page import Line, line, page

VERSION = 2  # of the drawing rules; another number makes existing folders stale
# how far a cut reaches beyond its line, in heights of the line; 5 % and 95 % of detected boxes
LEAST_BEYOND_END, MOST_BEYOND_END = 0.1, 0.3
LEAST_BEYOND_LINE, MOST_BEYOND_LINE = 0.12, 0.2
CORNER_JITTER = 0.03
_STREAM = {"train": 0, "val": 1, "unseen": 2, "lines": 3}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much to draw. ``lines`` are line images beside those cut from the training pages."""

    train_pages: int = 160
    val_pages: int = 20
    unseen_pages: int = 3
    lines: int = 8000
    seed: int = 7
    version: int = VERSION


def write(root: Path, recipe: Recipe, workers: int = 0, progress: bool = True) -> bool:
    """Return True when the data set was drawn, False when ``root`` already holds this recipe."""
    if _existing(root) == asdict(recipe):
        return False
    scratch = root.with_name(root.name + ".unfinished")
    shutil.rmtree(scratch, ignore_errors=True)
    for name in ("det/train", "det/val", "rec/train", "rec/val", "unseen"):
        (scratch / name).mkdir(parents=True)
    _draw(scratch, recipe, workers or os.cpu_count() or 1, progress)
    (scratch / "recipe.json").write_text(json.dumps(asdict(recipe)) + "\n", encoding="utf-8")
    shutil.rmtree(root, ignore_errors=True)
    scratch.replace(root)
    return True


def _existing(root: Path) -> dict[str, int] | None:
    path = root / "recipe.json"
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def _draw(root: Path, recipe: Recipe, workers: int, progress: bool) -> None:
    """Draw every page and line in ``workers`` processes and write the label files."""
    pages = [("train", i) for i in range(recipe.train_pages)]
    pages += [("val", i) for i in range(recipe.val_pages)]
    pages += [("unseen", i) for i in range(recipe.unseen_pages)]
    draw_page = partial(_page_job, root, recipe.seed)
    draw_lines = partial(_line_job, root, recipe.seed)
    chunks = [range(i, min(i + 50, recipe.lines)) for i in range(0, recipe.lines, 50)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        drawn = _collect(pool, draw_page, pages, "pages", progress)
        extra = _collect(pool, draw_lines, chunks, "lines", progress)
    for part in ("train", "val"):
        mine = [job for job, (name, _) in zip(drawn, pages, strict=True) if name == part]
        _text(root / "det" / f"{part}.txt", (row for rows, _ in mine for row in rows))
        crops = [row for _, rows in mine for row in rows]
        if part == "train":
            crops += [row for rows in extra for row in rows]
        _text(root / "rec" / f"{part}.txt", crops)
    unseen = [job for job, (name, _) in zip(drawn, pages, strict=True) if name == "unseen"]
    _text(root / "unseen.txt", (row for rows, _ in unseen for row in rows))


def _collect(pool: ProcessPoolExecutor, work: Callable, jobs: list, what: str, progress: bool):
    bar = tqdm(total=len(jobs), desc=f"drawing {what}", disable=not progress, mininterval=0.5)
    results = []
    with bar:
        for result in pool.map(work, jobs):
            results.append(result)
            bar.update()
    return results


def _text(path: Path, rows: Iterator[str] | list[str]) -> None:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _page_job(root: Path, seed: int, job: tuple[str, int]) -> tuple[list[str], list[str]]:
    """Draw one page; return its rows for detection and for recognition."""
    part, index = job
    rng = np.random.default_rng((seed, _STREAM[part], index))
    image_HWC, lines = page(rng)
    home = "unseen" if part == "unseen" else f"det/{part}"
    name = f"page_{index:04d}.jpg"
    _save(rng, root / home / name, image_HWC)
    row = json.dumps([_labelled(one) for one in lines])
    det = [f"{'unseen' if part == 'unseen' else part}/{name}\t{row}"]
    if part == "unseen":
        return det, []
    rec = []
    for i, one in enumerate(lines):
        crop = f"{part}/page_{index:04d}_{i:02d}.jpg"
        _save(rng, root / "rec" / crop, _cut(rng, image_HWC, one))
        rec.append(f"{crop}\t{one.text}")
    return det, rec


def _line_job(root: Path, seed: int, indices: range) -> list[str]:
    """Draw single lines; return their rows for recognition."""
    rows = []
    for index in indices:
        rng = np.random.default_rng((seed, _STREAM["lines"], index))
        image_HWC, one = line(rng)
        name = f"train/line_{index:05d}.jpg"
        _save(rng, root / "rec" / name, _cut(rng, image_HWC, one))
        rows.append(f"{name}\t{one.text}")
    return rows


def _labelled(one: Line) -> dict[str, object]:
    return {"transcription": one.text, "points": np.rint(one.quad_42).astype(int).tolist()}


def _cut(rng: np.random.Generator, image_HWC: np.ndarray, one: Line) -> np.ndarray:
    """Return the line cut out along corners that are as far off as a detector's.

    Boxes that were detected on such pages are off side by side rather than corner by corner, and
    further along the line than across it.
    """
    along_2, across_2 = one.quad_42[1] - one.quad_42[0], one.quad_42[3] - one.quad_42[0]
    height = np.linalg.norm(across_2)
    along_2 *= height / np.linalg.norm(along_2)
    left, right = rng.uniform(-LEAST_BEYOND_END, MOST_BEYOND_END, 2)
    above, below = rng.uniform(-LEAST_BEYOND_LINE, MOST_BEYOND_LINE, 2)
    corners_42 = np.array([[-left, -above], [right, -above], [right, below], [-left, below]])
    corners_42 += rng.uniform(-CORNER_JITTER, CORNER_JITTER, (4, 2))
    limit = (image_HWC.shape[1] - 1, image_HWC.shape[0] - 1)
    moved_42 = one.quad_42 + corners_42 @ np.stack([along_2, across_2])
    quad_42 = np.clip(moved_42, 0, limit).astype(np.float32)
    return rotate_crop(image_HWC, quad_42)


def _save(rng: np.random.Generator, path: Path, image_HWC: np.ndarray) -> None:
    quality = int(rng.integers(80, 96))
    good, data = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise ValueError(f"{path.name}: cannot be written as JPEG, shape {image_HWC.shape}")
    path.write_bytes(data.tobytes())
