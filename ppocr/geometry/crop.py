"""Cutting a text line out of an image."""

from __future__ import annotations

import cv2
import numpy as np

from ppocr.geometry.box import min_area_box

CORNERS = 4
TALL = 1.5  # a crop this many times higher than wide is taken for vertical text and turned


def cut_line(image_HWC: np.ndarray, points_P2: np.ndarray, box_type: str = "quad") -> np.ndarray:
    """Return the straightened picture of one box; a tall one is turned to lie flat.

    This is the choice of prediction, and of every tool that cuts lines to train on: four corners
    span a rectangle; of a polygon, or with ``box_type`` poly, it is that of least area around it.
    """
    points = np.asarray(points_P2, np.float32)
    if box_type == "quad" and len(points) == CORNERS:
        return rotate_crop(image_HWC, points)
    return min_area_crop(image_HWC, points)


def rotate_crop(image_HWC: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """Return the pixels inside four corners, upright, as an image.

    The corners (upper left first, clockwise) become the corners of a rectangle as wide and
    high as the longer of the opposite sides. Pixels beyond the image repeat its border. A
    crop at least 1.5 times as high as wide is turned by 90 degrees, counter-clockwise.
    """
    quad = np.asarray(quad, dtype=np.float32).reshape(4, 2)
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    width = max(1, int(max(sides[0], sides[2])))
    height = max(1, int(max(sides[1], sides[3])))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    crop = cv2.warpPerspective(
        image_HWC,
        cv2.getPerspectiveTransform(quad, corners),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_CUBIC,
    )
    return np.rot90(crop) if height / width >= TALL else crop


def min_area_crop(image_HWC: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the pixels of the rectangle of least area around a polygon, as an image."""
    box, _ = min_area_box(np.asarray(points).astype(np.int32))
    return rotate_crop(image_HWC, box)
