"""The original's helper names, for scripts that import them from here.

Each is a thin alias: the work is done in ``ppocr.geometry``, ``ppocr.serving`` and
``tools.infer.arguments``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ppocr.geometry.crop import min_area_crop as get_minarea_rect_crop
from ppocr.geometry.crop import rotate_crop as get_rotate_crop_image
from ppocr.geometry.slices import merge_fragmented, slice_generator
from ppocr.serving import draw
from ppocr.serving.fonts import FontChain
from tools.infer.arguments import make_parser
from tools.infer.flags import FLAGS, STAGES
from tools.infer.flags import true_or_false as str2bool

__all__ = [
    "draw_ocr_box_txt",
    "draw_text_det_res",
    "get_minarea_rect_crop",
    "get_rotate_crop_image",
    "init_args",
    "merge_fragmented",
    "parse_args",
    "slice_generator",
    "str2bool",
]


def init_args() -> argparse.ArgumentParser:
    """Return the parser with the flags of all predict commands."""
    return make_parser("Flags of the predict commands.", STAGES)


def parse_args() -> argparse.Namespace:
    """Return the flags of this process; those that decide a result are None unless given."""
    given = init_args().parse_args(sys.argv[1:])
    for name, flag in FLAGS.items():
        if getattr(given, name) is None:
            setattr(given, name, flag.default)
    return given


def draw_text_det_res(dt_boxes: Sequence[np.ndarray], img: np.ndarray) -> np.ndarray:
    """Return a copy of the BGR page with the outline of each box."""
    return draw.draw_boxes(img, dt_boxes)


def draw_ocr_box_txt(
    image: Image.Image | np.ndarray,
    boxes: Sequence[np.ndarray],
    txts: Sequence[str],
    scores: Sequence[float] | None = None,
    drop_score: float = 0.5,
    font_path: str | None = None,
) -> np.ndarray:
    """Return page and texts side by side, in the channel order of the image."""
    kept = [n for n in range(len(boxes)) if scores is None or scores[n] >= drop_score]
    return draw.draw_page(
        np.asarray(image), [boxes[n] for n in kept], [txts[n] for n in kept], FontChain(font_path)
    )
