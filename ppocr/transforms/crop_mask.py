"""Random crops of an image together with the maps that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ppocr.transforms.base import Rejected, Sample
from ppocr.transforms.warp import move_points, shift


class RandomCropImgMask:
    """Cuts one window of ``size`` [H, W] out of every entry of ``crop_keys``.

    With the probability ``p`` it may be anywhere; otherwise it holds a pixel of text, drawn
    evenly from those where the map ``main_key`` is above 0. Entries are (H, W), (H, W, C) or
    (K, H, W), with the height and width of that map; one of another size is refused. An image
    that is smaller is filled with zeros to the right and below, which for a mask means "does
    not count". Polygons move along.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, size: Sequence[int], main_key: str, crop_keys: Sequence[str], p: float = 3 / 8
    ) -> None:
        self.size = int(size[0]), int(size[1])
        self.main_key = main_key
        self.crop_keys = tuple(crop_keys)
        self.p = p

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return 3, *self.size

    def __call__(self, sample: Sample) -> Sample:
        text_HW = np.asarray(sample[self.main_key])
        if text_HW.shape == self.size:
            return sample
        top, left = self.choose(text_HW, sample["rng"])
        for key in self.crop_keys:
            axis = _first_axis(sample[key], text_HW.shape, key)
            sample[key] = _window(np.asarray(sample[key]), axis, (top, left), self.size)
        if "polys" in sample:
            sample["polys"] = move_points(sample["polys"], shift(-left, -top))
        return sample

    def choose(self, text_HW: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        """Return the first row and column of the window."""
        # how far the window can move; 0 where the image is not larger
        room = np.maximum(np.subtract(text_HW.shape, self.size), 0)
        low, high = np.zeros(2, dtype=np.int64), room
        is_anywhere = rng.random() < self.p
        places = () if is_anywhere else np.flatnonzero(text_HW > 0)
        if len(places):
            row, column = divmod(int(places[rng.integers(len(places))]), text_HW.shape[1])
            low = np.clip(np.subtract((row + 1, column + 1), self.size), 0, room)
            high = np.minimum((row, column), room)
        top, left = rng.integers(low, high, endpoint=True)
        return int(top), int(left)


def _first_axis(entry: np.ndarray, shape: tuple[int, ...], key: str) -> int:
    """Return which axis of an entry is its height."""
    found = np.shape(entry)
    if found[:2] == shape and len(found) <= 3:
        return 0
    if len(found) == 3 and found[1:] == shape:
        return 1
    raise Rejected("size_of_map", f"'{key}' is {found}, but the map to crop by is {shape}")


def _window(
    array: np.ndarray, axis: int, start: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Return rows and columns from ``start`` on, filled with zeros up to ``size``."""
    parts = [slice(None)] * array.ndim
    parts[axis : axis + 2] = [
        slice(one, one + length) for one, length in zip(start, size, strict=True)
    ]
    cut = array[tuple(parts)]
    missing = [(0, 0)] * array.ndim
    for place, length in enumerate(size, start=axis):
        missing[place] = (0, length - cut.shape[place])
    return np.ascontiguousarray(np.pad(cut, missing) if np.any(missing) else cut)
