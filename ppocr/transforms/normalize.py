"""Pixels to network input: at once, or for a whole batch in one step after collation.

The deferred way gives the bits of the direct way: whole images go through a compiled loop that
does the same arithmetic in the same order, eight pixels at a time; anything else through a table
of the 256 possible values per channel, made with the formula of the direct way.

Array suffixes: _HWC, _CHW, _NCHW.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from ppocr.transforms.base import Sample
from ppocr.utils.compiled import compiled

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Normalization:
    """What is still to be done to a uint8 HWC image.

    Values become (value * scale - mean) / std when ``formula`` is "affine", and
    (value / 255 - 0.5) / 0.5 when it is "centred"; "none" only converts to float32. The
    result is written into the top left of ``shape`` (C, H, W) when that is given, the rest
    is 0. ``channel_first`` says whether the result is CHW or HWC.
    """

    formula: Literal["affine", "centred", "none"] = "none"
    scale: float = 1.0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    channel_first: bool = False
    shape: tuple[int, int, int] | None = None

    def apply(self, values: np.ndarray, channel: int) -> np.ndarray:
        """Return values of one channel as float32."""
        values = values.astype(np.float32)
        if self.formula == "affine":
            mean, std = _of(self.mean, channel), _of(self.std, channel)
            return (values * np.float32(self.scale) - mean) / std
        if self.formula == "centred":
            values = values / np.float32(255)
            values -= np.float32(0.5)
            values /= np.float32(0.5)
        return values

    def table(self, channel: int) -> np.ndarray:
        """Return the result for each of the 256 values a pixel can have, float32 (256,)."""
        return self.apply(np.arange(256, dtype=np.uint8), channel)


class NormalizeImage:
    """(image * scale - mean) / std as float32; ``order`` says where the channels are."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"
    seen_alike: ClassVar[tuple[str, ...]] = ("mean", "std", "scale")

    def __init__(
        self,
        scale: float | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        order: Literal["chw", "hwc"] = "chw",
    ) -> None:
        self.scale = 1 / 255 if scale is None else fraction(scale)
        self.mean = tuple(float(m) for m in (IMAGENET_MEAN if mean is None else mean))
        self.std = tuple(float(s) for s in (IMAGENET_STD if std is None else std))
        self.order = order
        shape = (-1, 1, 1) if order == "chw" else (1, 1, -1)
        self._mean = np.array(self.mean, dtype=np.float32).reshape(shape)
        self._std = np.array(self.std, dtype=np.float32).reshape(shape)

    def __call__(self, sample: Sample) -> Sample:
        image = np.asarray(sample["image"]).astype(np.float32)
        sample["image"] = (image * np.float32(self.scale) - self._mean) / self._std
        return sample

    def deferred(self, sample: Sample) -> Sample:
        """Note what is to be done instead of doing it."""
        image = sample["image"]
        if image.dtype != np.uint8 or image.ndim != 3 or self.order != "hwc":
            return self(sample)
        sample["normalize"] = Normalization("affine", self.scale, self.mean, self.std)
        return sample


class ToCHWImage:
    """Moves the channels to the front."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __call__(self, sample: Sample) -> Sample:
        sample["image"] = np.asarray(sample["image"]).transpose(2, 0, 1)
        return sample

    def deferred(self, sample: Sample) -> Sample:
        """Note what is to be done instead of doing it."""
        image, todo = sample["image"], sample.get("normalize", Normalization())
        if image.dtype != np.uint8 or image.ndim != 3:
            return self(sample)
        sample["normalize"] = Normalization(
            todo.formula, todo.scale, todo.mean, todo.std, channel_first=True, shape=todo.shape
        )
        return sample


def finish(samples: Sequence[Mapping[str, Any]], key: str = "image") -> np.ndarray:
    """Return the images of a batch as one array, with deferred normalisation done.

    float32 NCHW for the usual chains; shapes must agree (ValueError). Images that were not
    deferred are stacked as they are.
    """
    shape, dtype = finished(samples, key)
    batch = np.empty(shape, dtype=dtype)
    finish_into(batch, samples, key)
    return batch


def finished(
    samples: Sequence[Mapping[str, Any]], key: str = "image"
) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and type of what `finish` gives; ValueError when shapes differ."""
    shapes = {_result_shape(np.asarray(one[key]), one.get("normalize")) for one in samples}
    if len(shapes) != 1:
        raise ValueError(f"images of one batch differ in shape: {sorted(shapes)}")
    deferred = any(one.get("normalize") for one in samples)
    dtype = np.dtype(np.float32) if deferred else np.asarray(samples[0][key]).dtype
    return (len(samples), *shapes.pop()), dtype


def finish_into(
    batch: np.ndarray, samples: Sequence[Mapping[str, Any]], key: str = "image"
) -> None:
    """Write the images of a batch into an array of the shape and type that `finished` tells."""
    tables: dict[tuple[Normalization, int], np.ndarray] = {}
    for target, sample in zip(batch, samples, strict=True):
        todo, image = sample.get("normalize"), np.asarray(sample[key])
        if todo is None:
            target[...] = image
        else:
            _write(target, image, todo, tables)


def awaiting(samples: Sequence[Mapping[str, Any]], key: str = "image") -> Normalization | None:
    """Return what all images of a batch, uint8 HWC of one shape, still need.

    None when it is not the "affine" formula on whole images, the same for all; they then have
    to go through `finish`.
    """
    todo = samples[0].get("normalize")
    images = [np.asarray(sample[key]) for sample in samples]
    shape = images[0].shape
    if not isinstance(todo, Normalization) or todo.formula != "affine":
        return None
    if not todo.channel_first or todo.shape is not None:
        return None
    if any(sample.get("normalize") != todo for sample in samples):
        return None
    if any(image.shape != shape or image.dtype != np.uint8 for image in images):
        return None
    return todo


def unfinished(
    samples: Sequence[Mapping[str, Any]], key: str = "image"
) -> tuple[np.ndarray, Normalization] | None:
    """Return the images of a batch as uint8 NHWC and what `awaiting` says of them."""
    todo = awaiting(samples, key)
    return None if todo is None else (np.stack([sample[key] for sample in samples]), todo)


def fraction(text: float | int | str) -> float:
    """Return the value of a number, of '1e-6' or of '1./255.'; ValueError for anything else."""
    if not isinstance(text, str):
        return float(text)
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom) if bottom else float(top)


def _of(values: Sequence[float], channel: int) -> np.float32:
    return np.float32(values[channel if len(values) > 1 else 0])


def _result_shape(image: np.ndarray, todo: Normalization | None) -> tuple[int, ...]:
    if todo is None:
        return image.shape
    if todo.shape is not None:
        return tuple(todo.shape)
    if todo.channel_first:
        return image.shape[2], image.shape[0], image.shape[1]
    return image.shape


def _write(
    target: np.ndarray,
    image_HWC: np.ndarray,
    todo: Normalization,
    tables: dict[tuple[Normalization, int], np.ndarray],
) -> None:
    """Write one image into its place in the batch."""
    height, width, channels = image_HWC.shape
    if todo.formula == "affine" and channels == 3 and target.shape == (3, height, width):
        statistics = [[_of(values, c) for c in range(3)] for values in (todo.mean, todo.std)]
        means, stds = np.array(statistics, dtype=np.float32)
        _affine(np.ascontiguousarray(image_HWC), np.float32(todo.scale), means, stds, target)
        return
    planes = cv2.split(image_HWC) if channels > 1 else (image_HWC[:, :, 0],)
    for channel, plane in enumerate(planes):
        place = target[channel] if todo.channel_first else target[..., channel]
        table = tables.get((todo, channel))
        if table is None:
            table = tables.setdefault((todo, channel), todo.table(channel))
        if place.shape == plane.shape and todo.channel_first:
            cv2.LUT(plane, table, dst=place)
            continue
        place[:height, :width] = cv2.LUT(plane, table)
        place[height:] = 0
        place[:height, width:] = 0


@compiled("void(uint8[:,:,::1], float32, float32[::1], float32[::1], float32[:,:,::1])")
def _affine(image_HWC, scale, means, stds, target_CHW):
    """Take the channels of each row apart, while it is in the nearest cache, and normalise them."""
    height, width = image_HWC.shape[:2]
    blue, green, red = (
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
    )
    for y in range(height):
        pixels = image_HWC[y].reshape(3 * width)
        for x in range(width):
            blue[x], green[x], red[x] = pixels[3 * x], pixels[3 * x + 1], pixels[3 * x + 2]
        for channel in range(3):
            plane = blue if channel == 0 else (green if channel == 1 else red)
            mean, std, row = means[channel], stds[channel], target_CHW[channel, y]
            for x in range(width):
                row[x] = (np.float32(plane[x]) * scale - mean) / std
