"""A few changes drawn from a fixed list, all of one strength.

Cubuk et al., "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space",
2020; what each change does at full strength is from its forerunner, Cubuk et al.,
"AutoAugment", 2019. Unlike in the original, posterize and solarize too grow with the strength.

Images are uint8 (H, W, C), BGR where C is 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import cv2
import numpy as np

from ppocr.transforms.augment_color import PixelOp

MOST = 10.0  # the magnitude of full strength
GRAY = 128  # what comes in from outside
FULL_SHEAR = 0.3
FULL_SHIFT = 150 / 331  # of a side
FULL_TURN_DEGREES = 30.0
FULL_BLEND = 0.9
FULL_BITS_LOST = 4
SMOOTHING = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13
GRAY_OF_BGR = np.array([0.114, 0.587, 0.299], dtype=np.float32)

Change = Callable[[np.ndarray, float, float], np.ndarray]


class RandAugment(PixelOp):
    """With probability ``prob``, ``num_layers`` changes of strength ``magnitude`` (0 to 10).

    Each is drawn from shear, shift, turn, posterize, solarize, colour, contrast, sharpness,
    brightness, auto-contrast, equalize and invert, in a direction drawn too.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, prob: float = 0.5, num_layers: int = 2, magnitude: float = 5.0) -> None:
        if not 0 <= magnitude <= MOST:
            raise ValueError(f"RandAugment.magnitude should be 0 to {MOST:g}, not {magnitude}")
        self.prob = prob
        self.num_layers = num_layers
        self.strength = magnitude / MOST

    def change(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() >= self.prob:
            return image_HWC
        for place in rng.integers(len(CHANGES), size=self.num_layers):
            sign = 1.0 if rng.random() < 0.5 else -1.0
            image_HWC = list(CHANGES.values())[place](image_HWC, self.strength, sign)
        return image_HWC


def _shear_x(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _moved(image_HWC, [[1, sign * FULL_SHEAR * strength, 0], [0, 1, 0]])


def _shear_y(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _moved(image_HWC, [[1, 0, 0], [sign * FULL_SHEAR * strength, 1, 0]])


def _shift_x(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _moved(image_HWC, [[1, 0, sign * FULL_SHIFT * strength * image_HWC.shape[1]], [0, 1, 0]])


def _shift_y(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _moved(image_HWC, [[1, 0, 0], [0, 1, sign * FULL_SHIFT * strength * image_HWC.shape[0]]])


def _turn(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    height, width = image_HWC.shape[:2]
    centre = (width - 1) / 2, (height - 1) / 2
    matrix = cv2.getRotationMatrix2D(centre, sign * FULL_TURN_DEGREES * strength, 1.0)
    return _moved(image_HWC, matrix)


def _colour(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _blend(_gray(image_HWC)[..., None], image_HWC, 1 + sign * FULL_BLEND * strength)


def _contrast(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    mean = np.round(_gray(image_HWC).mean())
    return _blend(mean, image_HWC, 1 + sign * FULL_BLEND * strength)


def _brightness(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return _blend(np.float32(0), image_HWC, 1 + sign * FULL_BLEND * strength)


def _sharpness(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    smooth = cv2.filter2D(image_HWC, -1, SMOOTHING).reshape(image_HWC.shape)
    return _blend(smooth, image_HWC, 1 + sign * FULL_BLEND * strength)


def _posterize(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    lost = int(FULL_BITS_LOST * strength)
    return image_HWC & np.uint8(0xFF << lost & 0xFF)


def _solarize(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return np.where(image_HWC >= 256 * (1 - strength), 255 - image_HWC, image_HWC)


def _stretch(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    low = image_HWC.min(axis=(0, 1)).astype(np.float32)
    high = image_HWC.max(axis=(0, 1)).astype(np.float32)
    gain = np.where(high > low, 255 / np.maximum(high - low, 1), 1.0)
    return _as_bytes((image_HWC - np.where(high > low, low, 0)) * gain)


def _equalize(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    channels = [cv2.equalizeHist(np.ascontiguousarray(one)) for one in np.moveaxis(image_HWC, 2, 0)]
    return np.stack(channels, axis=2)


def _invert(image_HWC: np.ndarray, strength: float, sign: float) -> np.ndarray:
    return 255 - image_HWC


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "shear_x": _shear_x,
        "shear_y": _shear_y,
        "shift_x": _shift_x,
        "shift_y": _shift_y,
        "turn": _turn,
        "colour": _colour,
        "contrast": _contrast,
        "brightness": _brightness,
        "sharpness": _sharpness,
        "posterize": _posterize,
        "solarize": _solarize,
        "stretch": _stretch,
        "equalize": _equalize,
        "invert": _invert,
    }
)


def _moved(image_HWC: np.ndarray, matrix_23: object) -> np.ndarray:
    height, width, channels = image_HWC.shape
    moved = cv2.warpAffine(
        image_HWC,
        np.asarray(matrix_23, dtype=np.float64),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderValue=(GRAY,) * channels,
    )
    return moved.reshape(image_HWC.shape)


def _gray(image_HWC: np.ndarray) -> np.ndarray:
    if image_HWC.shape[2] != len(GRAY_OF_BGR):
        return image_HWC.mean(axis=2, dtype=np.float32)
    return image_HWC @ GRAY_OF_BGR


def _blend(other: np.ndarray | np.float32, image_HWC: np.ndarray, share: float) -> np.ndarray:
    """Return `share` of the image and 1 - `share` of the other; a share above 1 goes beyond."""
    return _as_bytes(other * (1 - share) + image_HWC * np.float32(share))


def _as_bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
