"""One size for every image, whatever its shape: how classifiers of PaddleOCR 3.x see a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2

from ppocr.transforms.base import Sample


class ResizeImage:
    """Stretches an image to ``size`` = [width, height]; the name and the order are PaddleX's."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, size: Sequence[int]) -> None:
        if len(size) != 2 or min(size) < 1:
            raise ValueError(f"ResizeImage.size is [width, height] in pixels, not {list(size)}")
        self.width, self.height = (int(one) for one in size)

    def __call__(self, sample: Sample) -> Sample:
        sample["image"] = cv2.resize(sample["image"], (self.width, self.height))
        return sample

    def output_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return 3, self.height, self.width
