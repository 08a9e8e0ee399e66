"""Samples as the network sees them: through the transforms of the config, maps and labels drawn.

A recorder stands behind the operations and keeps what passes; samples are made by the fetcher
of training, with its random streams, so a sheet shows the very samples of that seed and epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from ppocr.config import Section
from ppocr.data.fetch import Fetcher
from ppocr.data.sampler import order
from ppocr.doctor.rows import MAX_PIXELS
from ppocr.doctor.sets import MODES, Set, open_sets
from ppocr.doctor.sheet import Group, Tile
from ppocr.transforms.base import Rejected, Sample
from ppocr.transforms.decode import decode_image
from ppocr.transforms.header import read_header
from ppocr.transforms.normalize import Normalization, finish
from ppocr.utils.exits import DataError, UsageError

CARED, IGNORED = (70, 170, 40), (50, 50, 230)  # BGR
MAPS = ("shrink_map", "threshold_map", "shrink_mask", "threshold_mask")
LONGEST_TEXT = 80


class Recorder:
    """Keeps a copy of what an operation leaves behind."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"
    keeps: ClassVar[bool] = True  # normalisation may still wait for the batch

    def __init__(self, after: str) -> None:
        self.after = after
        self.kept: Sample | None = None

    def __call__(self, sample: Sample) -> Sample:
        self.kept = dict(sample)
        for name in ("image", "polys", *MAPS):
            if isinstance(sample.get(name), np.ndarray):
                self.kept[name] = sample[name].copy()
        return sample


def groups(
    config: Section, mode: str, count: int, seed: int, epoch: int = 0, each_op: bool = False
) -> list[Group]:
    """Return ``count`` samples of a section, in the order in which training meets them.

    With ``each_op`` a sample is shown after every operation that changes something to see.
    """
    one = _opened(config, mode, seed)
    recorders = [Recorder(type(op).__name__) for op in one.ops[:-1]]
    if not each_op:
        recorders = recorders[-1:]
    chain = _with(one.ops, recorders)
    source = one.source
    fetcher = Fetcher(source, chain, list, one.training, seed)  # type: ignore[arg-type]
    total = len(fetcher)
    positions = order(total, seed, epoch) if one.training else np.arange(total)
    found = []
    for position in positions[:count].tolist():
        for recorder in recorders:
            recorder.kept = None
        found.append(_group(fetcher, one, recorders, epoch, position))
    return found


def _opened(config: Section, mode: str, seed: int) -> Set:
    if mode not in MODES or not config.get(mode):
        raise UsageError(f"the config has no section {mode}; choose one of {', '.join(MODES)}")
    one = next(one for one in open_sets(config, seed) if one.mode == mode)
    if one.source is None:
        raise DataError(one.error)
    if not one.total:
        raise DataError(f"{mode}.dataset has no samples: {'; '.join(one.source.describe())}")
    return one


def _with(ops: Sequence[Any], recorders: Sequence[Recorder]) -> list[Any]:
    """Return the operations with recorders: one behind each, or the only one before the last."""
    if len(recorders) == 1:
        return [*ops[:-1], recorders[0], *ops[-1:]]
    chain: list[Any] = []
    for op, recorder in zip(ops[:-1], recorders, strict=True):
        chain += [op, recorder]
    return [*chain, *ops[-1:]]


def _group(
    fetcher: Fetcher, one: Set, recorders: Sequence[Recorder], epoch: int, position: int
) -> Group:
    group = Group(place=_short(fetcher.place(epoch, position)))
    kept: list[Rejected] = []
    try:
        fetcher.one(epoch, position, extras=one.extras, kept=kept)
    except Rejected as rejected:
        detail = fetcher.reject(rejected, epoch, position).detail
        particulars = detail.removeprefix(f"{fetcher.place(epoch, position)}: ")
        group.wrong = f"refused: {rejected.reason} ({particulars})"[:LONGEST_TEXT]
    red = one.value("img_mode") == "RGB"
    shown: Sample | None = None
    for recorder in recorders:
        sample = recorder.kept
        if sample is None or not isinstance(sample.get("image"), np.ndarray):
            continue
        if shown is None or _differs(shown, sample):
            title = recorder.after if len(recorders) > 1 else ""
            group.tiles += _tiles(sample, shown, title, red)
            shown = sample
    if shown is not None:
        _label(group, shown, one)
    else:
        group.tiles += _as_it_came(fetcher, position, epoch)
    if kept:
        group.wrong = "; ".join(f"{each.reason} ({each.detail})" for each in kept)
    return group


def _as_it_came(fetcher: Fetcher, position: int, epoch: int) -> list[Tile]:
    """Return the picture of a sample that was refused, if there is one."""
    try:
        content = fetcher.raw(position, epoch)["image"]
        header = read_header(content)
        if header is None or header.width * header.height > MAX_PIXELS:
            return []
        return [Tile(decode_image(content))]
    except Rejected:
        return []


def _differs(before: Sample, now: Sample) -> bool:
    if any(name in now and name not in before for name in (*MAPS, "polys")):
        return True
    same = before["image"].shape == now["image"].shape
    return not same or not np.array_equal(before["image"], now["image"])


def _tiles(sample: Sample, before: Sample | None, title: str, red: bool) -> list[Tile]:
    """Return the image with its boxes, and the maps that are new since ``before``."""
    image = seen(sample)
    if red and image.shape[2] == 3:
        image = np.ascontiguousarray(image[:, :, ::-1])
    known = before or {}
    tiles = []
    changed = before is None or not any(name in sample and name not in known for name in MAPS)
    if changed or not title:
        tiles.append(Tile(_with_boxes(image.copy(), sample), title or "image and boxes"))
    if not title and "polys" not in sample:
        tiles = [Tile(image)]
    for name in MAPS[:2]:
        if name in sample and name not in known:
            tiles.append(Tile(_with_map(image, sample[name]), title or name.replace("_", " ")))
    return tiles


def seen(sample: Sample) -> np.ndarray:
    """Return the pixels that the network gets, as uint8 HWC: padding included, scale undone."""
    todo = sample.get("normalize")
    if isinstance(todo, Normalization):
        tensor = finish([sample])[0]
        tensor = tensor.transpose(1, 2, 0) if todo.channel_first else tensor
        image = _undone(tensor, todo)
    else:
        image = np.asarray(sample["image"])
        if image.dtype != np.uint8:
            image = _stretched(image)
    if image.ndim == 2 or image.shape[2] == 1:
        image = cv2.cvtColor(image.reshape(image.shape[:2]), cv2.COLOR_GRAY2BGR)
    return image


def _undone(tensor_HWC: np.ndarray, todo: Normalization) -> np.ndarray:
    if todo.formula == "affine":
        tensor_HWC = (tensor_HWC * np.array(todo.std) + np.array(todo.mean)) / todo.scale
    elif todo.formula == "centred":
        tensor_HWC = (tensor_HWC * 0.5 + 0.5) * 255
    return np.clip(np.rint(tensor_HWC), 0, 255).astype(np.uint8)


def _stretched(image: np.ndarray) -> np.ndarray:
    """Return an image of unknown scale with its values stretched over 0..255."""
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[2] not in (1, 3):
        image = image.transpose(1, 2, 0)
    low, high = float(image.min()), float(image.max())
    return ((image - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)


def _with_boxes(image_HWC: np.ndarray, sample: Sample) -> np.ndarray:
    polys = np.asarray(sample.get("polys", ()), np.float32)
    if polys.ndim != 3 or not len(polys):
        return image_HWC
    shape = sample.get("shape")
    if shape is not None:  # evaluation keeps the boxes of the page and notes the scale
        polys = polys * np.array([shape[3], shape[2]], np.float32)
    tags = sample.get("ignore_tags")
    ignored = np.zeros(len(polys), bool) if tags is None else np.asarray(tags, bool)
    outlines = np.clip(np.rint(polys), -30000, 30000).astype(np.int32)
    for points, without in zip(outlines, ignored.tolist(), strict=True):
        cv2.polylines(image_HWC, [points], True, IGNORED if without else CARED, 1, cv2.LINE_AA)
    return image_HWC


def _with_map(image_HWC: np.ndarray, values_HW: np.ndarray) -> np.ndarray:
    """Return the image in gray with a map over it: the higher the value, the warmer."""
    gray = cv2.cvtColor(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    low, high = float(values_HW.min()), max(float(values_HW.max()), 1e-6)
    part = (values_HW - low) / max(high - low, 1e-6)
    heat = cv2.applyColorMap((part * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    weight = (0.15 + 0.7 * part)[..., None]
    return (gray * (1 - weight) * 0.6 + heat * weight).astype(np.uint8)


def _label(group: Group, sample: Sample, one: Set) -> None:
    """Write below the sample what its label says once it is numbers."""
    text = sample.get("text")
    codec, classes = one.value("codec"), one.value("label_list")
    if classes is not None and not isinstance(sample.get("label"), str):
        group.text = f"class {sample['label']}: {classes[int(sample['label'])]}"
    elif text is not None and hasattr(codec, "decode_labels"):
        ids = np.atleast_2d(sample["label"])
        group.text = codec.decode_labels(ids)[0][0] if ids.size > 1 else str(text)
        if group.text != codec.charset.comparable(str(text)):
            group.wrong = group.wrong or f"written as {str(text)[:LONGEST_TEXT]!r}"
    elif text is not None:
        group.text = str(text)
    elif "texts" in sample:
        count = len(sample["texts"])
        group.text = "1 box" if count == 1 else f"{count} boxes"
    group.text = group.text[:LONGEST_TEXT]


def _short(place: str) -> str:
    path, colon, rest = place.partition(":")
    return f"{Path(path).name}{colon}{rest}"
