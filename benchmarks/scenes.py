"""Made-up text maps and boxes of any number, from a seed."""

from __future__ import annotations

import cv2
import numpy as np


def boxes(count: int, seed: int = 0, side_px: int = 1280) -> np.ndarray:
    """Return slightly turned lines of text on a grid, int32 [count, 4, 2]."""
    random = np.random.default_rng(seed)
    columns = max(1, int(np.sqrt(count / 3)))
    rows = -(-count // columns)
    pitch_x, pitch_y = side_px / columns, side_px / rows
    quads = []
    for place in range(count):
        row, column = divmod(place, columns)
        centre = ((column + 0.5) * pitch_x, (row + 0.5) * pitch_y)
        size = (pitch_x * random.uniform(0.4, 0.85), pitch_y * random.uniform(0.45, 0.7))
        quads.append(cv2.boxPoints((centre, size, random.uniform(-3, 3))))
    return np.round(quads).astype(np.int32)


def probability_map(count: int, seed: int = 0, side_px: int = 1280) -> np.ndarray:
    """Return a probability map (float32) with so many regions and a little noise around them."""
    random = np.random.default_rng(seed)
    map_HW = np.zeros((side_px, side_px), dtype=np.float32)
    for quad in boxes(count, seed, side_px):
        cv2.fillPoly(map_HW, [quad], (random.uniform(0.55, 0.99),))
    noise = random.random(map_HW.shape, dtype=np.float32)
    return np.clip(cv2.GaussianBlur(map_HW, (3, 3), 0) + 0.1 * noise, 0, 1)
