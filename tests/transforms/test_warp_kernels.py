"""The compiled warp against exact arithmetic, OpenCV, and itself on parts of an image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr.transforms import warp
from ppocr.transforms.warp import scaling, shift
from tests.transforms.images import page

WINDOW = (5, 3, 164, 128)
SIZE = (130, 170)
MATRICES = {
    "nothing": np.eye(3),
    "mirrored": shift(90, 0) @ scaling(-1, 1),
    "enlarged": scaling(2.7, 1.9),
    "reduced": scaling(0.61, 0.83),
    "moved": shift(3.25, -7.5),
    "turned": np.array([[0.98, -0.2, 6.0], [0.2, 0.98, -9.0], [0, 0, 1]]),
    "a quarter": np.array([[0.0, -1.0, 60.0], [1.0, 0.0, 0.0], [0, 0, 1]]),
    "sheared": np.array([[1.2, 0.7, -30.0], [0.1, 0.8, 4.0], [0, 0, 1]]),
    "elsewhere": shift(500, 500),
}


def exact(image, matrix, size, replicate):
    """Return the bilinear warp in float64, pixel centres at halves."""
    height, width = image.shape[:2]
    ys, xs = np.mgrid[: size[0], : size[1]] + 0.5
    inverse = np.linalg.inv(matrix)
    u, v = (inverse[row, 0] * xs + inverse[row, 1] * ys + inverse[row, 2] - 0.5 for row in (0, 1))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    total = np.zeros((*size, 3))
    for dy in (0, 1):
        for dx in (0, 1):
            x, y = left + dx, top + dy
            weight = np.abs(1 - dx - (u - left)) * np.abs(1 - dy - (v - top))
            if not replicate:
                weight = weight * ((x >= 0) & (x < width) & (y >= 0) & (y < height))
            near = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
            total += weight[..., None] * near
    return total


@pytest.mark.parametrize("replicate", [False, True])
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
@pytest.mark.parametrize("shape", [(60, 90), (1, 50), (40, 1), (2, 2)])
def test_values_are_those_of_bilinear_interpolation(matrix, replicate, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = warp.interpolated(image, matrix, SIZE, WINDOW, replicate)
    wanted = np.zeros((*SIZE, 3))
    x0, y0, x1, y1 = WINDOW
    wanted[y0:y1, x0:x1] = exact(image, matrix, SIZE, replicate)[y0:y1, x0:x1]
    assert found.shape == wanted.shape
    difference = np.abs(found - wanted)
    # a position may be wrong by 1/512 pixel in each direction, where neighbours differ by 255
    assert difference.max() < 2.5
    assert difference.mean() < 0.5


def test_without_numba_opencv_does_it(monkeypatch):
    image = page(100, 140)
    matrix = MATRICES["turned"]
    usual = warp.interpolated(image, matrix, SIZE, WINDOW, False)
    monkeypatch.setattr(warp, "available", lambda: False)
    plain = warp.interpolated(image, matrix, SIZE, WINDOW, False)
    four = warp.interpolated(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), matrix, SIZE, WINDOW, False)
    np.testing.assert_array_equal(four, plain)
    assert np.abs(usual.astype(int) - plain).mean() < 0.6


def test_a_part_of_a_larger_image_with_four_channels_is_read_in_place():
    whole = np.random.default_rng(1).integers(0, 256, (80, 120, 4), dtype=np.uint8)
    part = whole[10:70, 30:110]
    for matrix in MATRICES.values():
        found = warp.interpolated(part, matrix, SIZE, WINDOW, True)
        copied = warp.interpolated(part[..., :3].copy(), matrix, SIZE, WINDOW, True)
        np.testing.assert_array_equal(found, copied)
