"""More text on a page: regions of another page are pasted where there is none.

After Golnaz Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance
Segmentation", CVPR 2021.
"""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from ppocr.geometry.polygon import pad_polygons
from ppocr.transforms.base import Sample

MAX_PLACES = 50


class CopyPaste:
    """Pastes regions of a second sample (``ext_data``) onto free ground.

    At most ``objects_paste_ratio`` of its texts are taken. With ``limit_paste`` a region must
    not cover any text (50 places are tried), else it may. Ignored regions are not taken.
    ``polys``, ``texts`` and ``ignore_tags`` grow.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"

    def __init__(self, objects_paste_ratio: float = 0.2, limit_paste: bool = True) -> None:
        self.objects_paste_ratio = objects_paste_ratio
        self.limit_paste = limit_paste
        self.ext_data_num = 1

    def __call__(self, sample: Sample) -> Sample:
        others = sample.pop("ext_data", ())
        if not others:
            return sample
        other, rng = others[0], sample["rng"]
        care = np.flatnonzero(~np.asarray(other["ignore_tags"], dtype=bool))
        count = max(1, int(self.objects_paste_ratio * len(care))) if len(care) else 0
        image = sample["image"].copy()
        taken = _boxes(sample["polys"])
        polys, texts = list(sample["polys"]), list(sample["texts"])
        for place in rng.permutation(care)[:count]:
            patch = _patch(other["image"], other["polys"][place], rng)
            corner = None if patch is None else self._place(image.shape, patch[0].shape, taken, rng)
            if patch is None or corner is None:
                continue
            pixels, mask, outline = patch
            x, y = corner
            height, width = pixels.shape[:2]
            ground = image[y : y + height, x : x + width]
            cv2.copyTo(pixels, mask, ground)
            polys.append(outline + np.array([x, y], dtype=np.float32))
            texts.append(other["texts"][place])
            taken = np.concatenate([taken, [[x, y, x + width, y + height]]])
        added = len(polys) - len(sample["polys"])
        sample["image"], sample["texts"] = image, texts
        sample["polys"] = pad_polygons(polys)
        sample["ignore_tags"] = np.append(
            np.asarray(sample["ignore_tags"], dtype=bool), np.zeros(added, dtype=bool)
        )
        return sample

    def _place(
        self,
        page: tuple[int, ...],
        patch: tuple[int, ...],
        taken: np.ndarray,
        rng: np.random.Generator,
    ) -> tuple[int, int] | None:
        """Return the top left corner for a patch, or None when it fits nowhere."""
        room_y, room_x = page[0] - patch[0], page[1] - patch[1]
        if room_x <= 0 or room_y <= 0:
            return None
        for _ in range(MAX_PLACES):
            x, y = int(rng.integers(room_x)), int(rng.integers(room_y))
            apart = (
                (taken[:, 2] <= x)
                | (taken[:, 0] >= x + patch[1])
                | (taken[:, 3] <= y)
                | (taken[:, 1] >= y + patch[0])
            )
            if not self.limit_paste or apart.all():
                return x, y
        return None


def _boxes(polys: np.ndarray) -> np.ndarray:
    """Return x0, y0, x1, y1 of each polygon."""
    if not len(polys):
        return np.zeros((0, 4))
    return np.concatenate([polys.min(axis=1), polys.max(axis=1)], axis=1)


def _patch(
    image: np.ndarray, poly_P2: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return pixels, mask and outline of a region, turned by a random quarter turn."""
    height, width = image.shape[:2]
    low = np.clip(np.floor(poly_P2.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(poly_P2.max(axis=0)), 0, (width, height)).astype(int)
    if (high - low < 2).any():
        return None
    pixels = image[low[1] : high[1], low[0] : high[0]]
    outline = np.clip(poly_P2 - low, 0, high - low).astype(np.float32)
    mask = np.zeros(pixels.shape[:2], dtype=np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255)
    quarters = int(rng.integers(4))
    for _ in range(quarters):
        tall = pixels.shape[0]
        pixels, mask = (cv2.rotate(one, cv2.ROTATE_90_CLOCKWISE) for one in (pixels, mask))
        outline = np.stack([tall - outline[:, 1], outline[:, 0]], axis=1)
    return pixels, mask, outline
