"""The list of effects of a config, sorted by what they work on; each happens with its probability.

The order is that of the config within each group: first the ink, then what moves, then the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ppocr.synthesis import EFFECTS
from ppocr.synthesis.bending import STILL, Curve, Movement, Moving
from ppocr.synthesis.ink import InkEffect
from ppocr.synthesis.settings import Entry
from ppocr.synthesis.writing import Line
from ppocr.transforms.augment_color import PixelOp


class Effects:
    """Draws for each effect whether it happens, and lets it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        built = [(one.share, EFFECTS.build(one.section)) for one in entries]
        self._ink = [(share, one) for share, one in built if isinstance(one, InkEffect)]
        self._moving = [(share, one) for share, one in built if isinstance(one, Moving)]
        self._pixels = [(share, one) for share, one in built if isinstance(one, PixelOp)]

    def ink(self, line: Line, rng: np.random.Generator) -> Line:
        """Return the line after the effects on its ink."""
        for share, effect in self._ink:
            if rng.random() < share:
                line = effect.change(line, rng)
        return line

    def movement(
        self, rng: np.random.Generator, size_wh: tuple[int, int], straight: bool = False
    ) -> Movement:
        """Return all movements as one; ``straight`` leaves out bending."""
        found = STILL
        for share, effect in self._moving:
            if rng.random() < share and not (straight and isinstance(effect, Curve)):
                found = effect.movement(rng, size_wh, found)
        return found

    def pixels(self, image_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the picture after the effects on it, uint8 HWC."""
        for share, effect in self._pixels:
            if rng.random() < share:
                image_HWC = effect.change(image_HWC, rng)
        return image_HWC
