"""Text lines to the height of a recogniser, and to its width by padding or squeezing.

Array suffixes: _HWC (uint8, BGR), _CHW (float32).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import ClassVar

import cv2
import numpy as np

from ppocr.transforms.base import Sample
from ppocr.transforms.normalize import Normalization


class RecResizeImg:
    """Resizes a line to ``image_shape`` [C, H, W], to float32 CHW in -1..1, padded with 0.

    The width follows the image up to W; ``padding: false`` stretches to W instead. With
    ``eval_mode``, or ``infer_mode`` and a dictionary given, a line that is wider than W : H
    keeps its own width (and ``padding`` does not matter), as the original does when
    predicting. Adds ``valid_ratio``, the part of the width that is not padding.
    """

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ("valid_ratio",)
    touches: ClassVar[str] = "pixels"
    seen_alike: ClassVar[tuple[str, ...]] = ("image_shape",)

    def __init__(
        self,
        image_shape: Sequence[int],
        infer_mode: bool = False,
        eval_mode: bool = False,
        character_dict_path: str | None = None,
        padding: bool = True,
    ) -> None:
        self.image_shape = three(image_shape)
        self.padding = padding
        self.own_width = eval_mode or (infer_mode and character_dict_path is not None)

    def __call__(self, sample: Sample) -> Sample:
        image_HWC, todo = self._resized(sample["image"])
        sample["valid_ratio"] = self._valid_ratio(image_HWC, todo)
        sample["image"] = to_tensor(image_HWC, todo)
        return sample

    def deferred(self, sample: Sample) -> Sample:
        """Resize now; leave normalising and padding to the end of the batch."""
        image_HWC, todo = self._resized(sample["image"])
        sample["valid_ratio"] = self._valid_ratio(image_HWC, todo)
        sample["image"], sample["normalize"] = image_HWC, todo
        return sample

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W); W is -1 when every line keeps its own width."""
        channels, height, width = self.image_shape
        return channels, height, -1 if self.own_width else width

    def _resized(self, image: np.ndarray) -> tuple[np.ndarray, Normalization]:
        channels, height, width = self.image_shape
        if self.own_width:
            width = line_width(height, max(width / height, _aspect(image)))
        return fit(image, (channels, height, width), pad=self.padding or self.own_width)

    @staticmethod
    def _valid_ratio(image_HWC: np.ndarray, todo: Normalization) -> float:
        width = todo.shape[2] if todo.shape else image_HWC.shape[1]
        return min(1.0, float(image_HWC.shape[1] / width))


class SVTRRecResizeImg:
    """Resizes a line to ``image_shape`` [C, H, W]; like RecResizeImg without its own widths."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ("valid_ratio",)
    touches: ClassVar[str] = "pixels"
    seen_alike: ClassVar[tuple[str, ...]] = ("image_shape",)

    def __init__(self, image_shape: Sequence[int], padding: bool = True) -> None:
        self._inner = RecResizeImg(image_shape, padding=padding)
        self.image_shape, self.padding = self._inner.image_shape, padding

    def __call__(self, sample: Sample) -> Sample:
        return self._inner(sample)

    def deferred(self, sample: Sample) -> Sample:
        """Resize now; leave normalising and padding to the end of the batch."""
        return self._inner.deferred(sample)

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return self._inner.output_shape()


class ClsResizeImg:
    """Resizes a line for the direction classifier: to the height, padded up to the width."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"
    seen_alike: ClassVar[tuple[str, ...]] = ("image_shape",)

    def __init__(self, image_shape: Sequence[int]) -> None:
        self.image_shape = three(image_shape)

    def __call__(self, sample: Sample) -> Sample:
        sample["image"] = to_tensor(*fit(sample["image"], self.image_shape, pad=True))
        return sample

    def deferred(self, sample: Sample) -> Sample:
        """Resize now; leave normalising and padding to the end of the batch."""
        sample["image"], sample["normalize"] = fit(sample["image"], self.image_shape, pad=True)
        return sample

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return self.image_shape


def three(image_shape: Sequence[int]) -> tuple[int, int, int]:
    """Return (C, H, W) as whole numbers; ValueError if there are not three of them."""
    channels, height, width = (int(n) for n in image_shape)
    return channels, height, width


def fit(
    image: np.ndarray, shape: tuple[int, int, int], pad: bool
) -> tuple[np.ndarray, Normalization]:
    """Return a line resized into ``shape`` (C, H, W) as uint8 HWC, and what is left to do."""
    channels, height, width = shape
    new_width = min(width, ceil(height * _aspect(image))) if pad else width
    resized = cv2.resize(image, (max(new_width, 1), height))
    if resized.ndim == 2:
        resized = resized[:, :, None]
    if channels == 1 and resized.shape[2] == 3:
        resized = cv2.cvtColor(resized, cv2.COLOR_BGR2GRAY)[:, :, None]
    return resized, Normalization("centred", channel_first=True, shape=shape)


def to_tensor(image_HWC: np.ndarray, todo: Normalization) -> np.ndarray:
    """Return the normalised, padded image (float32 CHW)."""
    shape = todo.shape or image_HWC.transpose(2, 0, 1).shape
    tensor_CHW = np.zeros(shape, dtype=np.float32)
    height, width = image_HWC.shape[:2]
    for channel in range(image_HWC.shape[2]):
        tensor_CHW[channel, :height, :width] = todo.apply(image_HWC[:, :, channel], channel)
    return tensor_CHW


def line_width(height: int, max_wh_ratio: float) -> int:
    """Return the width in pixels of a batch whose widest line has this width : height."""
    return int(height * max_wh_ratio)


def resize_to_ratio(
    image: np.ndarray, image_shape: Sequence[int], max_wh_ratio: float
) -> np.ndarray:
    """Return a line as float32 CHW in a tensor as wide as ``max_wh_ratio`` asks for."""
    channels, height, _ = image_shape
    shape = (channels, height, line_width(height, max_wh_ratio))
    return to_tensor(*fit(image, shape, pad=True))


def _aspect(image: np.ndarray) -> float:
    return image.shape[1] / float(image.shape[0])
