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
    """Return the images of a batch as one float32 array, with deferred normalisation done.

    NCHW for the usual chains; shapes must agree (ValueError). Images that were not deferred
    are stacked as they are.
    """
    todo: list[Normalization | None] = [sample.get("normalize") for sample in samples]
    images = [np.asarray(sample[key]) for sample in samples]
    shapes = {_result_shape(image, one) for image, one in zip(images, todo, strict=True)}
    if len(shapes) != 1:
        raise ValueError(f"images of one batch differ in shape: {sorted(shapes)}")
    dtype = np.float32 if any(todo) else images[0].dtype
    batch = np.empty((len(images), *shapes.pop()), dtype=dtype)
    tables: dict[tuple[Normalization, int], np.ndarray] = {}
    for place, (image, one) in enumerate(zip(images, todo, strict=True)):
        if one is None:
            batch[place] = image
        else:
            _write(batch[place], image, one, tables)
    return batch


def unfinished(
    samples: Sequence[Mapping[str, Any]], key: str = "image"
) -> tuple[np.ndarray, Normalization] | None:
    """Return the images of a batch as uint8 NHWC and what `Normalization` they still need.

    None when it is not the "affine" formula, on whole images and the same for all; they then
    have to go through `finish`.
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
    return np.stack(images), todo


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
    planes = cv2.split(image_HWC) if channels > 1 else (image_HWC[:, :, 0],)
    for channel, plane in enumerate(planes):
        place = target[channel] if todo.channel_first else target[..., channel]
        whole = place.shape == plane.shape and todo.channel_first
        if whole and todo.formula == "affine" and plane.flags.c_contiguous:
            mean, std = _of(todo.mean, channel), _of(todo.std, channel)
            _affine(plane, np.float32(todo.scale), mean, std, place)
            continue
        table = tables.get((todo, channel))
        if table is None:
            table = tables.setdefault((todo, channel), todo.table(channel))
        if whole:
            cv2.LUT(plane, table, dst=place)
            continue
        place[:height, :width] = cv2.LUT(plane, table)
        place[height:] = 0
        place[:height, width:] = 0


@compiled("void(uint8[:,::1], float32, float32, float32, float32[:,::1])")
def _affine(plane_HW, scale, mean, std, target_HW):
    for y in range(plane_HW.shape[0]):
        pixels, row = plane_HW[y], target_HW[y]
        for x in range(plane_HW.shape[1]):
            row[x] = (np.float32(pixels[x]) * scale - mean) / std
