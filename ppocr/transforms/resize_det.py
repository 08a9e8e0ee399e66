"""Image sizes for detection: multiples of what the network halves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import cv2
import numpy as np

from ppocr.transforms.base import Rejected, Sample

STRIDE_PX = 32
LONG_STRIDE_PX = 128
DEFAULT_SHORT_SIDE_PX = 736


class DetResizeForTest:
    """Resizes an image for detection and notes ``shape`` = (height, width, ratio_h, ratio_w).

    One of these rules, the first that is given:

    * ``image_shape`` [H, W]: exactly that; with ``keep_ratio`` the height is H and the width
      follows, rounded up to a multiple of 32;
    * ``limit_side_len`` with ``limit_type`` "min" (default: the short side is at least that),
      "max" (the long side is at most that) or "resize_long" (the long side is that); sides
      are rounded to multiples of 32 (halves to the even multiple), at least 32;
    * ``resize_long``: the long side is that, then sides are rounded up to multiples of 128;
    * nothing: the short side is at least 736.

    Height and width in ``shape`` are those of the image as it came; images whose height and
    width add up to less than 64 are padded to 32 with black before ratios are taken.
    """

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ("shape",)
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        image_shape: Sequence[int] | None = None,
        keep_ratio: bool = False,
        limit_side_len: int | None = None,
        limit_type: Literal["min", "max", "resize_long"] = "min",
        resize_long: int | None = None,
    ) -> None:
        self.image_shape = (int(image_shape[0]), int(image_shape[1])) if image_shape else None
        self.keep_ratio = keep_ratio
        self.limit_side_len = limit_side_len
        self.limit_type = limit_type
        self.resize_long = resize_long

    def __call__(self, sample: Sample) -> Sample:
        image_HWC = sample["image"]
        height, width = image_HWC.shape[:2]
        if height + width < 2 * STRIDE_PX:
            image_HWC = _pad(image_HWC, max(STRIDE_PX, height), max(STRIDE_PX, width))
        padded_height, padded_width = image_HWC.shape[:2]
        new_height, new_width = self.target(padded_height, padded_width)
        if new_height < 1 or new_width < 1:
            raise Rejected("too_small", f"{width} x {height} pixels leave nothing of one side")
        if (new_height, new_width) != (padded_height, padded_width):
            image_HWC = cv2.resize(image_HWC, (new_width, new_height))
        sample["image"] = image_HWC
        sample["shape"] = np.array(
            [height, width, new_height / padded_height, new_width / padded_width]
        )
        return sample

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W); -1 where it depends on the image."""
        if self.image_shape is not None and not self.keep_ratio:
            return 3, self.image_shape[0], self.image_shape[1]
        return 3, -1, -1

    def target(self, height: int, width: int) -> tuple[int, int]:
        """Return the new (height, width) for an image of this size."""
        if self.image_shape is not None:
            return self._to_shape(height, width, *self.image_shape)
        if self.limit_side_len is not None:
            return self._limited(height, width, self.limit_side_len, self.limit_type)
        if self.resize_long is not None:
            return self._to_long_side(height, width, self.resize_long)
        return self._limited(height, width, DEFAULT_SHORT_SIDE_PX, "min")

    def _to_shape(
        self, height: int, width: int, new_height: int, new_width: int
    ) -> tuple[int, int]:
        if self.keep_ratio:
            new_width = _up(new_height * width / height, STRIDE_PX)
        return new_height, new_width

    @staticmethod
    def _limited(height: int, width: int, limit: int, limit_type: str) -> tuple[int, int]:
        ratio = 1.0
        if limit_type == "max" and max(height, width) > limit:
            ratio = limit / max(height, width)
        elif limit_type == "min" and min(height, width) < limit:
            ratio = limit / min(height, width)
        elif limit_type == "resize_long":
            ratio = limit / max(height, width)
        return _near(int(height * ratio)), _near(int(width * ratio))

    @staticmethod
    def _to_long_side(height: int, width: int, long_side: int) -> tuple[int, int]:
        ratio = long_side / max(height, width)
        return _up(int(height * ratio), LONG_STRIDE_PX), _up(int(width * ratio), LONG_STRIDE_PX)


def _pad(image_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    padded = np.zeros((height, width, *image_HWC.shape[2:]), dtype=image_HWC.dtype)
    padded[: image_HWC.shape[0], : image_HWC.shape[1]] = image_HWC
    return padded


def _near(side: int) -> int:
    return max(round(side / STRIDE_PX) * STRIDE_PX, STRIDE_PX)


def _up(side: float, stride: int) -> int:
    return int(np.ceil(side / stride)) * stride
