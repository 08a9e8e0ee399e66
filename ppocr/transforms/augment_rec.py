"""Augmentation of text lines: bending, cropping, noise, blur, brightness, joining lines.

The bending follows Canjie Luo et al., "Learn to Augment: Joint Data Augmentation and Network
Optimization for Text Recognition", CVPR 2020: control points along the upper and lower edge
are moved (distort: both ways, stretch: sideways) or the whole line is put in perspective. Here
all three make one field of displacements and the pixels are moved once. Between control
points the field is linear.

Differences from the original, whose noise, brightness and shift are too weak to change most
8-bit pixels: noise has a deviation of up to 4 gray levels, brightness changes by up to 10 %,
and the crop never takes more than a fifth of the height, so glyphs survive.

Images are uint8 HWC.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import ClassVar

import cv2
import numpy as np

from ppocr.transforms.augment_color import add_noise
from ppocr.transforms.base import Sample

MIN_BENT_SIDE_PX = 20
MIN_SHIFTED_SIDE_PX = 10
MAX_CROP_PX = 8
MAX_NOISE = 4.0
MAX_BRIGHTNESS = 0.1
MAX_SHIFT = 0.03
MIN_PIECES, MAX_PIECES = 3, 6


class BaseDataAugmentation:
    """Crop, blur, brightness, diagonal shift, noise, inversion; each with its probability."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        crop_prob: float = 0.4,
        reverse_prob: float = 0.4,
        noise_prob: float = 0.4,
        jitter_prob: float = 0.4,
        blur_prob: float = 0.4,
        hsv_aug_prob: float = 0.4,
    ) -> None:
        self.crop_prob, self.reverse_prob, self.noise_prob = crop_prob, reverse_prob, noise_prob
        self.jitter_prob, self.blur_prob = jitter_prob, blur_prob
        self.hsv_aug_prob = hsv_aug_prob

    def __call__(self, sample: Sample) -> Sample:
        rng, image = sample["rng"], sample["image"]
        crop, blur, light, jitter, noise, reverse = rng.random(6)
        if crop < self.crop_prob and min(image.shape[:2]) >= MIN_BENT_SIDE_PX:
            image = crop_edge(image, rng)
        if blur < self.blur_prob:
            image = cv2.GaussianBlur(image, (5, 5), 1)
        if light < self.hsv_aug_prob:
            factor = 1 + float(rng.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS))
            image = cv2.convertScaleAbs(image, alpha=factor)
        if jitter < self.jitter_prob:
            image = shift_diagonally(image, rng)
        if noise < self.noise_prob:
            image = add_noise(image, rng, float(rng.uniform(0, MAX_NOISE)))
        if reverse < self.reverse_prob:
            image = cv2.bitwise_not(image)
        sample["image"] = image
        return sample


class RecAug:
    """Bends the line with probability ``tia_prob``, then does what BaseDataAugmentation does."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        tia_prob: float = 0.4,
        crop_prob: float = 0.4,
        reverse_prob: float = 0.4,
        noise_prob: float = 0.4,
        jitter_prob: float = 0.4,
        blur_prob: float = 0.4,
        hsv_aug_prob: float = 0.4,
    ) -> None:
        self.tia_prob = tia_prob
        self._rest = BaseDataAugmentation(
            crop_prob, reverse_prob, noise_prob, jitter_prob, blur_prob, hsv_aug_prob
        )

    def __call__(self, sample: Sample) -> Sample:
        image, rng = sample["image"], sample["rng"]
        if rng.random() < self.tia_prob:
            sample["image"] = bend(image, rng)
        return self._rest(sample)


class RecConAug:
    """Joins further lines to the right, with probability ``prob``, while they fit.

    Samples come as ``ext_data``; a line is joined when the text stays within
    ``max_text_length`` and the width to height ratio within that of ``image_shape`` [H, W, C].
    Label and image change together.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(
        self,
        prob: float = 0.5,
        image_shape: Sequence[int] = (32, 320, 3),
        max_text_length: int = 25,
        ext_data_num: int = 1,
    ) -> None:
        self.prob = prob
        self.image_shape = tuple(int(n) for n in image_shape)
        self.max_text_length = max_text_length
        self.ext_data_num = ext_data_num
        self.max_ratio = self.image_shape[1] / self.image_shape[0]

    def __call__(self, sample: Sample) -> Sample:
        others = sample.pop("ext_data", ())
        if sample["rng"].random() > self.prob:
            return sample
        for other in others:
            if len(sample["label"]) + len(other["label"]) > self.max_text_length:
                break
            ratios = [one["image"].shape[1] / one["image"].shape[0] for one in (sample, other)]
            if sum(ratios) > self.max_ratio:
                break
            sample["image"] = self._joined(sample["image"], other["image"])
            sample["label"] = sample["label"] + other["label"]
        return sample

    def _joined(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        height = self.image_shape[0]
        resized = [
            cv2.resize(image, (max(round(image.shape[1] / image.shape[0] * height), 1), height))
            for image in (left, right)
        ]
        return cv2.hconcat(resized)


def bend(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the line distorted, stretched and put in perspective, of the same size.

    Lines lower or narrower than 20 pixels are only put in perspective.
    """
    height, width = image.shape[:2]
    across = np.arange(width, dtype=np.float32)
    upper, lower = _perspective(across, height, rng)
    if min(height, width) >= MIN_BENT_SIDE_PX:
        for pull in (_distortion, _stretch):
            for edge, moved in zip((upper, lower), pull(across, height, rng), strict=True):
                edge += moved
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    map_xy = upper[:, None, :] * (1 - down) + lower[:, None, :] * down
    map_xy[0] += across
    map_xy[1] += np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(image, map_xy[0], map_xy[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def crop_edge(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the line without a few rows above or below: 1 to 8, at most a fifth of them."""
    height = image.shape[0]
    rows = min(int(rng.integers(1, MAX_CROP_PX + 1)), height // 5)
    return image[rows:] if rng.random() < 0.5 else image[: height - rows]


def shift_diagonally(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the line moved right and down by up to 3 % of its shorter side, edge repeated."""
    height, width = image.shape[:2]
    if min(height, width) <= MIN_SHIFTED_SIDE_PX:
        return image
    reach = ceil(float(rng.random()) * min(height, width) * MAX_SHIFT)
    return cv2.copyMakeBorder(
        image[: height - reach, : width - reach], reach, 0, reach, 0, cv2.BORDER_REPLICATE
    )


def _control(
    across: np.ndarray, rng: np.random.Generator, reach_x: float, reach_y: float, alike: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return displacement (2, W) along upper and lower edge, drawn at control points.

    The ends of the edges move inwards or stay; ``alike`` moves both edges together.
    """
    pieces = int(rng.integers(MIN_PIECES, MAX_PIECES + 1))
    places = np.linspace(0, len(across) - 1, pieces + 1)
    piece = len(across) / pieces
    pulls = rng.uniform(-1, 1, size=(2, 2, pieces + 1))
    pulls[:, 0] *= reach_x * piece
    pulls[:, 1] *= reach_y * piece
    pulls[:, :, [0, -1]] = 0 if alike else pulls[:, :, [0, -1]] / 2
    if alike:
        pulls[1] = pulls[0]
    edges = [
        np.stack([np.interp(across, places, pull) for pull in edge]).astype(np.float32)
        for edge in pulls
    ]
    return edges[0], edges[1]


def _distortion(
    across: np.ndarray, height: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both edges wave on their own: a third of a piece sideways, a tenth of the height up."""
    pieces_reach = 1 / 3
    upper, lower = _control(across, rng, pieces_reach / 2, 0.0, alike=False)
    rise = np.interp(across, np.linspace(0, len(across) - 1, 5), rng.uniform(-1, 1, 5))
    fall = np.interp(across, np.linspace(0, len(across) - 1, 5), rng.uniform(-1, 1, 5))
    upper[1] += rise * height / 8
    lower[1] += fall * height / 8
    return upper, lower


def _stretch(
    across: np.ndarray, height: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both edges are stretched and squeezed together, up to 0.4 of a piece."""
    del height
    return _control(across, rng, 0.4, 0.0, alike=True)


def _perspective(
    across: np.ndarray, height: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One end is lower than the other: each corner moves inwards by up to a quarter height."""
    ends = rng.uniform(0, height / 4, size=(2, 2))
    edges = []
    for sign, (first, last) in zip((-1, 1), ends, strict=True):
        slope = np.linspace(first, last, len(across))
        edges.append(np.stack([np.zeros(len(across)), sign * slope]).astype(np.float32))
    return edges[0], edges[1]
