"""Paper and ink: a background from the list, a colour that can be read on it, and both joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from ppocr.synthesis import BACKGROUNDS
from ppocr.synthesis.settings import Entry, InkSettings
from ppocr.transforms.base import draw

LUMA_BGR = np.array([0.114, 0.587, 0.299])  # ITU-R BT.601
MOST_SPREAD = 60.0  # gray levels
TO_THE_END = 1.8  # how much likelier black (or white) is than gray
COLOUR_REACH = 110  # how far a colour's channels are from its gray


class Background(Protocol):
    """Something to write on."""

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a piece of it, uint8 HWC BGR."""
        ...


class Surface:
    """Gives backgrounds by weight, and inks that stand out from them."""

    def __init__(self, backgrounds: Sequence[Entry], ink: InkSettings) -> None:
        used = [one for one in backgrounds if one.share > 0]
        self._backgrounds: list[Background] = [BACKGROUNDS.build(one.section) for one in used]
        self._ends = np.cumsum([one.share for one in used])
        self._ink = ink

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a piece of one of the backgrounds, uint8 HWC BGR."""
        place = int(np.searchsorted(self._ends, rng.random() * self._ends[-1], side="right"))
        return self._backgrounds[min(place, len(self._ends) - 1)].patch(rng, size_wh)

    def ink(self, rng: np.random.Generator, paper_HWC: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a colour (BGR, float) that stands out from all of the paper, and its strength.

        The contrast is kept to where the paper is darkest or lightest within two deviations; where
        the paper leaves no room on the side that was drawn, the ink goes to the other one. Most
        inks are near black or white.
        """
        strength = draw(rng, self._ink.strength)
        mean, deviation = cv2.meanStdDev(paper_HWC)
        level = float(LUMA_BGR @ mean[:, 0])
        spread = min(2 * float(LUMA_BGR @ deviation[:, 0]), MOST_SPREAD)
        wanted = (self._ink.min_contrast + spread) / strength
        room_below, room_above = level - wanted, 255 - level - wanted
        below = rng.random() < self._ink.dark
        if (room_below if below else room_above) < 0:
            below = room_below > room_above
        room = max(room_below if below else room_above, 0.0) * float(rng.random()) ** TO_THE_END
        return self._coloured(rng, room if below else 255 - room), strength

    def write(
        self, rng: np.random.Generator, paper_HWC: np.ndarray, mask_HW: np.ndarray
    ) -> np.ndarray:
        """Return the paper with the ink of the mask on it, in one colour."""
        return inked(paper_HWC, mask_HW, *self.ink(rng, paper_HWC))

    def _coloured(self, rng: np.random.Generator, gray: float) -> np.ndarray:
        if rng.random() >= self._ink.coloured:
            return np.clip(gray + rng.uniform(-6, 6, 3), 0, 255)
        tint = rng.uniform(-1, 1, 3)
        tint -= LUMA_BGR @ tint  # brightness stays
        tint *= COLOUR_REACH / max(np.abs(tint).max(), 1e-6) * rng.uniform(0.4, 1.0)
        # as far as all channels stay within 0..255
        with np.errstate(divide="ignore"):
            room = np.where(tint > 0, (255 - gray) / tint, -gray / tint)
        return gray + tint * min(1.0, float(room[tint != 0].min(initial=1.0)))


def inked(
    paper_HWC: np.ndarray, mask_HW: np.ndarray, colour: np.ndarray, strength: float = 1.0
) -> np.ndarray:
    """Return the paper where the mask is 0, the colour where it is 255, mixed in between; uint8."""
    cover_HW = mask_HW if strength >= 1 else cv2.convertScaleAbs(mask_HW, alpha=strength)
    cover_HWC = cv2.merge([cover_HW] * 3)
    paint_HWC = np.empty_like(paper_HWC)
    paint_HWC[:] = np.rint(colour).astype(np.uint8)
    below = cv2.multiply(paper_HWC, cv2.bitwise_not(cover_HWC), scale=1 / 255)
    return cv2.add(below, cv2.multiply(paint_HWC, cover_HWC, scale=1 / 255))
