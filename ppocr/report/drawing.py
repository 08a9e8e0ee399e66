"""Pictures small enough to stand inside a page, with outlines drawn on them.

Images are uint8 HWC, BGR.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import cv2
import numpy as np

PAGE_PX = 300  # the longer side
LINE_PX = 40, 460  # height, and width at most
LARGEST_SCALE = 4.0
QUALITY = 82
GREEN, RED, ORANGE, GREY = (60, 160, 40), (60, 60, 220), (20, 140, 245), (150, 150, 150)  # BGR
FAR_PX = 30000  # beyond it drawing overflows


def small(image_HWC: np.ndarray, page_px: int = PAGE_PX) -> tuple[np.ndarray, float]:
    """Return a picture to look at, and how much smaller it is; lines of text keep their height."""
    height, width = image_HWC.shape[:2]
    if width > 2 * height:
        tall, most = LINE_PX
        scale = min(tall / height, most / width)
    else:
        scale = page_px / max(height, width)
    scale = min(scale, LARGEST_SCALE)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image_HWC, size, interpolation=method), scale


def outline(
    image_HWC: np.ndarray,
    polygons: Sequence[np.ndarray] | np.ndarray,
    colour: tuple[int, int, int],
    scale: float = 1.0,
    thickness: int = 1,
) -> None:
    """Draw polygons (pixels of the unscaled image) onto a picture."""
    for points in polygons:
        placed = np.clip(np.asarray(points, dtype=np.float64) * scale, -FAR_PX, FAR_PX)
        outlines = [np.round(placed).astype(np.int32)]
        cv2.polylines(image_HWC, outlines, True, colour, thickness, cv2.LINE_AA)


def data_uri(image_HWC: np.ndarray) -> str:
    """Return a picture as the address of itself."""
    _, content = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(content.tobytes()).decode()
