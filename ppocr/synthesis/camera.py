"""Effects on the finished picture that `ppocr.transforms.augment_color` does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from ppocr.transforms.augment_color import PixelOp
from ppocr.transforms.base import draw


class Shadow(PixelOp):
    """Darkens one side of a soft edge that runs anywhere across, by the share ``depth``."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, depth: float | Sequence[float] = (0.15, 0.5)) -> None:
        self.depth = depth

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = image_HWC.shape[:2]
        depth, angle = draw(rng, self.depth), draw(rng, (0, 2 * np.pi))
        softness = draw(rng, (0.05, 0.5)) * min(height, width) + 1
        through = rng.uniform(0.15, 0.85, 2) * (width, height)
        x = (np.arange(width, dtype=np.float32) - through[0]) * np.cos(angle)
        y = (np.arange(height, dtype=np.float32)[:, None] - through[1]) * np.sin(angle)
        side = np.clip((x + y) / softness, -1, 1, dtype=np.float32)
        return lit(image_HWC, 1 - depth * (side + 1) / 2)


class UnevenLight(PixelOp):
    """Makes the picture brighter here and darker there; corners differ by up to ``range``."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, range: Sequence[float] = (0.75, 1.1)) -> None:
        self.range = range

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = image_HWC.shape[:2]
        corners_22 = rng.uniform(*self.range, (2, 2)).astype(np.float32)
        light_HW = cv2.resize(corners_22, (width, height), interpolation=cv2.INTER_LINEAR)
        return lit(image_HWC, light_HW)


class LowResolution(PixelOp):
    """Shrinks to ``scale`` of the size and enlarges again, as pictures of pictures are."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, scale: float | Sequence[float] = (0.4, 0.8)) -> None:
        self.scale = scale

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = image_HWC.shape[:2]
        scale = min(max(draw(rng, self.scale), 0.05), 1.0)
        small = max(round(width * scale), 2), max(round(height * scale), 2)
        down = cv2.INTER_AREA if rng.random() < 0.6 else cv2.INTER_LINEAR
        up = cv2.INTER_CUBIC if rng.random() < 0.6 else cv2.INTER_LINEAR
        shrunk = cv2.resize(image_HWC, small, interpolation=down)
        return cv2.resize(shrunk, (width, height), interpolation=up)


def lit(image_HWC: np.ndarray, light_HW: np.ndarray) -> np.ndarray:
    """Return the image with its values multiplied by the light, uint8."""
    light_HWC = cv2.merge([light_HW.astype(np.float32, copy=False)] * image_HWC.shape[2])
    return cv2.multiply(image_HWC, light_HWC, dtype=cv2.CV_8U)
