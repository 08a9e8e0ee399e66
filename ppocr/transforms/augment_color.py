"""Augmenters that change pixel values: blur, noise, brightness, contrast. Names as in imgaug.

Images are uint8 HWC. A range [low, high] is drawn from uniformly for each sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin
from typing import ClassVar

import cv2
import numpy as np

from ppocr.transforms.base import Sample, draw

LEVELS = np.arange(256, dtype=np.float32)


class PixelOp:
    """An operation on pixel values: subclasses say what becomes of them in `change`."""

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the changed image (uint8 HWC)."""
        raise NotImplementedError

    def __call__(self, sample: Sample) -> Sample:
        sample["image"] = self.change(sample["image"], sample["rng"])
        return sample


class GaussianBlur(PixelOp):
    """Blurs with a Gaussian of ``sigma`` pixels; below 0.05 nothing happens."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, sigma: float | Sequence[float] = (0.0, 3.0)) -> None:
        self.sigma = sigma

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        sigma = draw(rng, self.sigma)
        return cv2.GaussianBlur(image_HWC, (0, 0), sigma) if sigma >= 0.05 else image_HWC


class AverageBlur(PixelOp):
    """Replaces each pixel by the mean of ``k`` x ``k`` neighbours."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, k: int | Sequence[int] = (1, 7)) -> None:
        self.k = k

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k = _whole(rng, self.k)
        return cv2.blur(image_HWC, (k, k)) if k > 1 else image_HWC


class MedianBlur(PixelOp):
    """Replaces each pixel by the median of ``k`` x ``k`` neighbours (odd k)."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, k: int | Sequence[int] = (1, 7)) -> None:
        self.k = k

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k = _whole(rng, self.k) | 1
        return cv2.medianBlur(image_HWC, k) if k > 1 else image_HWC


class MotionBlur(PixelOp):
    """Blurs along a line of ``k`` pixels at ``angle`` degrees."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, k: int | Sequence[int] = (3, 7), angle: float | Sequence[float] = (0.0, 360.0)
    ) -> None:
        self.k, self.angle = k, angle

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k, angle = max(_whole(rng, self.k), 1) | 1, radians(draw(rng, self.angle))
        kernel = np.zeros((k, k), dtype=np.float32)
        reach_x, reach_y = cos(angle) * (k // 2), sin(angle) * (k // 2)
        middle = k // 2
        start = round(middle - reach_x), round(middle - reach_y)
        cv2.line(kernel, start, (round(middle + reach_x), round(middle + reach_y)), 1.0)
        return cv2.filter2D(image_HWC, -1, kernel / kernel.sum())


class AdditiveGaussianNoise(PixelOp):
    """Adds normal noise with mean ``loc`` and deviation ``scale``, in gray levels."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        loc: float | Sequence[float] = 0.0,
        scale: float | Sequence[float] = (0.0, 15.0),
        per_channel: bool = False,
    ) -> None:
        self.loc, self.scale, self.per_channel = loc, scale, per_channel

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        loc, scale = draw(rng, self.loc), draw(rng, self.scale)
        return add_noise(image_HWC, rng, scale, loc, self.per_channel)


class Multiply(PixelOp):
    """Multiplies all values by ``mul``, or each channel by its own draw."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, mul: float | Sequence[float] = (0.8, 1.2), per_channel: bool = False
    ) -> None:
        self.mul, self.per_channel = mul, per_channel

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return _by_table(image_HWC, [LEVELS * d for d in _draws(self, image_HWC, rng, self.mul)])


class Add(PixelOp):
    """Adds ``value`` gray levels, or to each channel its own draw."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, value: float | Sequence[float] = (-20.0, 20.0), per_channel: bool = False
    ) -> None:
        self.value, self.per_channel = value, per_channel

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return _by_table(image_HWC, [LEVELS + d for d in _draws(self, image_HWC, rng, self.value)])


class LinearContrast(PixelOp):
    """Moves values away from middle gray (127) by the factor ``alpha``."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, alpha: float | Sequence[float] = (0.6, 1.4), per_channel: bool = False
    ) -> None:
        self.alpha, self.per_channel = alpha, per_channel

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        draws = _draws(self, image_HWC, rng, self.alpha)
        return _by_table(image_HWC, [127 + d * (LEVELS - 127) for d in draws])


class GammaContrast(PixelOp):
    """Raises values (0..1) to the power ``gamma``."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self, gamma: float | Sequence[float] = (0.7, 1.7), per_channel: bool = False
    ) -> None:
        self.gamma, self.per_channel = gamma, per_channel

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        draws = _draws(self, image_HWC, rng, self.gamma)
        return _by_table(image_HWC, [255 * (LEVELS / 255) ** d for d in draws])


class Invert(PixelOp):
    """Turns values v into 255 - v with probability ``p``."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, p: float = 1.0) -> None:
        self.p = p

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return cv2.bitwise_not(image_HWC) if rng.random() < self.p else image_HWC


class Grayscale(PixelOp):
    """Mixes in the gray picture with weight ``alpha`` (1: gray only); expects BGR."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, alpha: float | Sequence[float] = 1.0) -> None:
        self.alpha = alpha

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        alpha = draw(rng, self.alpha)
        gray = cv2.cvtColor(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        return cv2.addWeighted(gray, alpha, image_HWC, 1 - alpha, 0)


class JpegCompression(PixelOp):
    """Stores and reads the image as JPEG; ``compression`` 0 is best quality, 100 the worst."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, compression: float | Sequence[float] = (0.0, 70.0)) -> None:
        self.compression = compression

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        quality = int(np.clip(round(100 - draw(rng, self.compression)), 1, 100))
        _, encoded = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR)


class ColorJitter(PixelOp):
    """Changes brightness, contrast, saturation and hue, in random order; expects BGR.

    ``brightness``, ``contrast`` and ``saturation`` v draw a factor from [max(0, 1 - v), 1 + v]
    (or from the range given), ``hue`` h a shift from [-h, h] of the colour circle (h <= 0.5).
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        brightness: float | Sequence[float] = 0.0,
        contrast: float | Sequence[float] = 0.0,
        saturation: float | Sequence[float] = 0.0,
        hue: float | Sequence[float] = 0.0,
    ) -> None:
        self.brightness = _about_one(brightness)
        self.contrast = _about_one(contrast)
        self.saturation = _about_one(saturation)
        self.hue = (-hue, hue) if isinstance(hue, (int, float)) else tuple(hue)

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        kinds = ("brightness", "contrast", "saturation", "hue")
        for kind in rng.permutation(len(kinds)):
            low, high = getattr(self, kinds[kind])
            if low == high:
                continue
            image_HWC = getattr(self, f"_{kinds[kind]}")(image_HWC, float(rng.uniform(low, high)))
        return image_HWC

    @staticmethod
    def _brightness(image_HWC: np.ndarray, factor: float) -> np.ndarray:
        return _by_table(image_HWC, [LEVELS * factor])

    @staticmethod
    def _contrast(image_HWC: np.ndarray, factor: float) -> np.ndarray:
        middle = cv2.mean(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY))[0]
        return _by_table(image_HWC, [middle + factor * (LEVELS - middle)])

    @staticmethod
    def _saturation(image_HWC: np.ndarray, factor: float) -> np.ndarray:
        gray = cv2.cvtColor(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        return cv2.addWeighted(image_HWC, factor, gray, 1 - factor, 0)

    @staticmethod
    def _hue(image_HWC: np.ndarray, turn: float) -> np.ndarray:
        hsv = cv2.cvtColor(image_HWC, cv2.COLOR_BGR2HSV_FULL)
        hsv[..., 0] += np.uint8(round(turn * 256) % 256)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR_FULL)


def add_noise(
    image_HWC: np.ndarray,
    rng: np.random.Generator,
    deviation: float,
    mean: float = 0.0,
    per_channel: bool = True,
) -> np.ndarray:
    """Return the image with normal noise added, in gray levels, saturated to 0..255."""
    if deviation <= 0 and mean == 0:
        return image_HWC
    shape = image_HWC.shape if per_channel else (*image_HWC.shape[:2], 1)
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= deviation
    noise += mean
    noisy = image_HWC + noise
    return np.clip(np.rint(noisy, out=noisy), 0, 255, out=noisy).astype(np.uint8)


def _whole(rng: np.random.Generator, value: int | Sequence[int]) -> int:
    return value if isinstance(value, int) else int(rng.integers(value[0], value[1] + 1))


def _draws(op, image_HWC: np.ndarray, rng: np.random.Generator, value) -> list[float]:
    count = image_HWC.shape[2] if op.per_channel else 1
    return [draw(rng, value) for _ in range(count)]


def _by_table(image_HWC: np.ndarray, tables: Sequence[np.ndarray]) -> np.ndarray:
    """Return the image with its values looked up: one table for all channels, or one each."""
    table = np.clip(np.rint(np.stack(tables, axis=-1)), 0, 255).astype(np.uint8)
    return cv2.LUT(image_HWC, table[:, 0] if table.shape[1] == 1 else table[:, None, :])


def _about_one(value: float | Sequence[float]) -> tuple[float, float]:
    if isinstance(value, (int, float)):
        return max(0.0, 1.0 - value), 1.0 + value
    low, high = value
    return float(low), float(high)
