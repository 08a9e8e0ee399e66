"""Drawings of results: boxes on a page, and the page beside what was read from it.

image_HWC: uint8, BGR. points_P2: corners in pixels of the page, x before y, clockwise.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ppocr.geometry.box import min_area_box
from ppocr.serving.fonts import FontChain

GOLDEN_ANGLE = 0.618034  # share of the hue circle between neighbours: never two alike in a row
TINT = 0.3  # how much of a box is colour, the rest stays page
FINER = 2  # text is drawn this much larger, then warped down: smooth edges
MARGIN = 0.08  # between the text and the ends of its box, as a share of the box's short side
TALL = 2.0  # boxes this much higher than wide hold text that runs downwards
FIRST_IDEOGRAPH = "\u2e80"
WHITE = 255


def draw_boxes(image_HWC: np.ndarray, boxes: Sequence[np.ndarray]) -> np.ndarray:
    """Return a copy of the page with the outline of each box; uint8 HWC BGR."""
    drawn = image_HWC.copy()
    thickness = max(1, round(max(image_HWC.shape[:2]) / 800))
    for number, points in enumerate(boxes):
        cv2.polylines(drawn, [_pixels(points)], True, colour(number), thickness, cv2.LINE_AA)
    return drawn


def draw_page(
    image_HWC: np.ndarray,
    boxes: Sequence[np.ndarray],
    texts: Sequence[str],
    fonts: FontChain,
) -> np.ndarray:
    """Return two pages side by side: boxes over the image, and their texts on white.

    Each text stands inside its own box, in the box's direction; uint8 (H, 2W, 3) BGR.
    """
    tinted = image_HWC.copy()
    for number, points in enumerate(boxes):
        cv2.fillPoly(tinted, [_pixels(points)], colour(number))
    left = draw_boxes(cv2.addWeighted(tinted, TINT, image_HWC, 1 - TINT, 0), boxes)
    right = np.full_like(image_HWC, WHITE)
    for number, (points, text) in enumerate(zip(boxes, texts, strict=True)):
        cv2.polylines(right, [_pixels(points)], True, colour(number), 1, cv2.LINE_AA)
        write_inside(right, points, text, fonts)
    return np.concatenate([left, right], axis=1)


def write_inside(
    canvas_HWC: np.ndarray, points_P2: np.ndarray, text: str, fonts: FontChain
) -> None:
    """Draw the text into its box, as large as fits, on the canvas itself."""
    if not text.strip():
        return
    corners = _corners(points_P2)
    width = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    height = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    wide, high = round(float(width) * FINER), round(float(height) * FINER)
    if min(wide, high) < FINER:
        return
    _place(canvas_HWC, _text_picture(text, wide, high, fonts), corners)


def colour(number: int) -> tuple[int, int, int]:
    """Return the BGR colour of the n-th box; the same in every drawing."""
    red, green, blue = colorsys.hsv_to_rgb((number * GOLDEN_ANGLE) % 1.0, 0.85, 0.85)
    return round(blue * 255), round(green * 255), round(red * 255)


def _text_picture(text: str, wide: int, high: int, fonts: FontChain) -> np.ndarray:
    """Return the text in black on white, uint8 (high, wide); downwards in a tall box."""
    if high < TALL * wide or len(text) < 2:
        return _written(text, wide, high, fonts)
    if max(text) < FIRST_IDEOGRAPH:
        return np.ascontiguousarray(np.rot90(_written(text, high, wide, fonts), -1))
    cells = [max(len(cell), 1) for cell in np.array_split(np.arange(high), len(text))]
    return np.concatenate(
        [_written(char, wide, cell, fonts) for char, cell in zip(text, cells, strict=True)]
    )


def _written(text: str, wide: int, high: int, fonts: FontChain) -> np.ndarray:
    """Return the text on one line: in the middle of the height, a single character of both."""
    picture = Image.new("L", (wide, high), WHITE)
    inset = MARGIN * min(wide, high)
    font = fonts.choose(text).fit(text, wide - 2 * inset, high)
    left, anchor = (wide / 2, "mm") if len(text) == 1 else (inset, "lm")
    ImageDraw.Draw(picture).text((left, high / 2), text, fill=0, font=font, anchor=anchor)
    return np.asarray(picture)


def _place(canvas_HWC: np.ndarray, picture_HW: np.ndarray, corners_42: np.ndarray) -> None:
    """Warp the picture into the quadrangle, darkening only; works inside its bounding box."""
    page_high, page_wide = canvas_HWC.shape[:2]
    left, top = np.maximum(np.floor(corners_42.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(
        np.ceil(corners_42.max(axis=0)).astype(int) + 1, (page_wide, page_high)
    )
    if right <= left or bottom <= top:
        return
    high, wide = picture_HW.shape
    source = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    target = (corners_42 - (left, top)).astype(np.float32)
    warped = cv2.warpPerspective(
        picture_HW,
        cv2.getPerspectiveTransform(source, target),
        (int(right - left), int(bottom - top)),
        flags=cv2.INTER_LINEAR,
        borderValue=WHITE,
    )
    region = canvas_HWC[top:bottom, left:right]
    np.minimum(region, warped[..., None], out=region)


def _corners(points_P2: np.ndarray) -> np.ndarray:
    """Return four corners, float32, clockwise from the top left; of the tightest box if more."""
    points = np.asarray(points_P2, np.float32).reshape(-1, 2)
    if len(points) == 4:
        return points
    return np.asarray(min_area_box(points)[0], np.float32)


def _pixels(points_P2: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(points_P2, np.float64)).astype(np.int32).reshape(-1, 1, 2)
