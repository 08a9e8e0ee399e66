"""The image of an evaluated sample, decoded as the evaluation decodes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ppocr.report import drawing
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image

PAGE_PX = 620


def read(loader: Any, index: int) -> np.ndarray | None:
    """Return the picture (uint8 HWC, BGR) at a position; None for one that cannot be shown."""
    ignores = any(getattr(op, "ignore_orientation", False) for op in loader.fetcher.ops)
    try:
        image = loader.fetcher.raw(index)["image"]
        return decode_image(image, ignore_orientation=ignores)
    except Rejected:
        return None


def of_sample(loader: Any, index: int) -> str:
    """Return a small picture as a data URI, "" for one that cannot be shown."""
    image_HWC = read(loader, index)
    return "" if image_HWC is None else drawing.data_uri(drawing.small(image_HWC)[0])
