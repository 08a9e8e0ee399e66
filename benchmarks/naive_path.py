"""The data path written the plain way, to measure against and to compare results with.

Every step works on the whole picture: full decode, one warp per movement, distance maps edge
by edge over each grown region, normalisation in float per image. Nothing here is used by the
library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pyclipper

Sample = dict[str, Any]


def rotate_page(sample: Sample, degrees: float) -> Sample:
    """Rotate picture and polygons about the centre."""
    height, width = sample["image"].shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    sample["image"] = cv2.warpAffine(sample["image"], matrix, (width, height))
    moved = [[matrix[:, :2] @ point + matrix[:, 2] for point in poly] for poly in sample["polys"]]
    sample["polys"] = np.array(moved, dtype=np.float32).reshape(sample["polys"].shape)
    return sample


def flip_page(sample: Sample) -> Sample:
    """Mirror picture and polygons."""
    sample["image"] = cv2.flip(sample["image"], 1)
    sample["polys"] = sample["polys"].copy()
    sample["polys"][..., 0] = sample["image"].shape[1] - sample["polys"][..., 0]
    return sample


def resize_page(sample: Sample, factor: float) -> Sample:
    """Resize picture and polygons."""
    height, width = sample["image"].shape[:2]
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    sample["image"] = cv2.resize(sample["image"], size, interpolation=cv2.INTER_CUBIC)
    sample["polys"] = sample["polys"] * np.float32(factor)
    return sample


def crop_page(sample: Sample, box: tuple[int, int, int, int], side: int) -> Sample:
    """Cut out a box, scale it into a square and drop what is outside."""
    x, y, width, height = box
    scale = min(side / width, side / height)
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    padded = np.zeros((side, side, 3), dtype=np.uint8)
    padded[: size[1], : size[0]] = cv2.resize(sample["image"][y : y + height, x : x + width], size)
    polys, tags = [], []
    for poly, tag in zip(sample["polys"], sample["ignore_tags"], strict=True):
        moved = (poly - (x, y)) * scale
        if moved.max() >= 0 and (moved.min(axis=0) <= side).all():
            polys.append(moved)
            tags.append(tag)
    sample["image"] = padded
    sample["polys"] = np.array(polys, dtype=np.float32).reshape(-1, 4, 2)
    sample["ignore_tags"] = np.array(tags, dtype=bool)
    return sample


def border_map(sample: Sample) -> Sample:
    """Make the threshold map, one region and one edge after another."""
    height, width = sample["image"].shape[:2]
    canvas = np.zeros((height, width), dtype=np.float32)
    mask = np.zeros((height, width), dtype=np.float32)
    for poly, tag in zip(sample["polys"], sample["ignore_tags"], strict=True):
        if not tag:
            _raise_one(canvas, mask, poly.astype(np.float64))
    sample["threshold_map"] = canvas * np.float32(0.4) + np.float32(0.3)
    sample["threshold_mask"] = mask
    return sample


def shrink_map(sample: Sample) -> Sample:
    """Make the shrink map, one region after another."""
    height, width = sample["image"].shape[:2]
    found = np.zeros((height, width), dtype=np.float32)
    mask = np.ones((height, width), dtype=np.float32)
    for poly, tag in zip(sample["polys"], sample["ignore_tags"], strict=True):
        clipped = np.clip(poly, 0, (width - 1, height - 1)).astype(np.float64)
        outlines = []
        if not tag and np.ptp(clipped, axis=0).min() >= 8:
            outlines = _offset(clipped, -_distance(clipped))
        if not outlines:
            cv2.fillPoly(mask, [clipped.astype(np.int32)], 0)
        for outline in outlines:
            cv2.fillPoly(found, [outline], 1)
    sample["shrink_map"], sample["shrink_mask"] = found, mask
    return sample


def normalize(sample: Sample, mean: Sequence[float], std: Sequence[float]) -> Sample:
    """Make the network's input in float."""
    image = sample["image"].astype(np.float32) * np.float32(1 / 255)
    image = (image - np.array(mean, np.float32)) / np.array(std, np.float32)
    sample["image"] = np.ascontiguousarray(image.transpose(2, 0, 1))
    return sample


def det_chain(
    encode: Callable[[Sample], Sample],
    choose: Callable[..., tuple[int, int, int, int]],
    side: int,
    statistics: Mapping[str, Sequence[float]],
) -> Callable[[Sample], Sample]:
    """Return the training chain of detection: the same draws, every step on the whole picture."""

    def run(sample: Sample) -> Sample:
        sample, rng = dict(sample), sample["rng"]
        data = np.frombuffer(sample["image"], np.uint8)
        sample["image"] = cv2.imdecode(data, cv2.IMREAD_COLOR)
        sample = encode(sample)
        if rng.random() < 0.5:
            sample = flip_page(sample)
        sample = rotate_page(sample, float(rng.uniform(-10, 10)))
        sample = resize_page(sample, float(rng.uniform(0.5, 3.0)))
        care = sample["polys"][~np.asarray(sample["ignore_tags"], dtype=bool)]
        sample = crop_page(sample, choose(care, sample["image"].shape[:2], rng), side)
        return normalize(shrink_map(border_map(sample)), statistics["mean"], statistics["std"])

    return run


def _raise_one(canvas: np.ndarray, mask: np.ndarray, poly: np.ndarray) -> None:
    distance = _distance(poly)
    outlines = _offset(poly, distance)
    if not outlines or distance <= 0:
        return
    cv2.fillPoly(mask, [outlines[0]], 1)
    low, high = outlines[0].min(axis=0), outlines[0].max(axis=0)
    xs = np.broadcast_to(
        np.arange(low[0], high[0] + 1)[None], np.ptp(outlines[0], axis=0)[::-1] + 1
    )
    ys = np.broadcast_to(np.arange(low[1], high[1] + 1)[:, None], xs.shape)
    nearest = np.ones(xs.shape)
    for a, b in zip(poly, np.roll(poly, -1, axis=0), strict=True):
        to_a = (xs - a[0]) ** 2 + (ys - a[1]) ** 2
        to_b = (xs - b[0]) ** 2 + (ys - b[1]) ** 2
        length = max(float(np.hypot(*(b - a))), 1e-9)
        across = np.abs((b[0] - a[0]) * (a[1] - ys) - (b[1] - a[1]) * (a[0] - xs)) / length
        ends = np.sqrt(np.minimum(to_a, to_b))
        away = np.where(to_a + to_b <= length**2, across, ends)
        nearest = np.minimum(nearest, np.clip(away / distance, 0, 1))
    first = np.clip(low, 0, (canvas.shape[1], canvas.shape[0]))
    last = np.clip(high + 1, 0, (canvas.shape[1], canvas.shape[0]))
    part = canvas[first[1] : last[1], first[0] : last[0]]
    inner = nearest[first[1] - low[1] : last[1] - low[1], first[0] - low[0] : last[0] - low[0]]
    np.maximum(part, (1 - inner).astype(np.float32), out=part)


def _distance(poly: np.ndarray) -> float:
    following = np.roll(poly, -1, axis=0)
    area = abs(float((poly[:, 0] * following[:, 1] - poly[:, 1] * following[:, 0]).sum())) / 2
    length = float(np.hypot(*(following - poly).T).sum())
    return area * (1 - 0.4**2) / length if length else 0.0


def _offset(poly: np.ndarray, distance: float) -> list[np.ndarray]:
    offsetter = pyclipper.PyclipperOffset()
    offsetter.AddPath(poly.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.array(path, dtype=np.int32) for path in offsetter.Execute(distance)]
