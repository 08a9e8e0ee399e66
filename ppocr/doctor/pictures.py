"""Samples as small pictures inside a page (data URIs), with their boxes where there are any."""

from __future__ import annotations

import numpy as np

from ppocr.data.source import generator
from ppocr.doctor.findings import Picture
from ppocr.doctor.rows import MAX_PIXELS
from ppocr.report import drawing
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image
from ppocr.transforms.encode_det import DetLabelEncode
from ppocr.transforms.header import read_header


def data_uri(picture: Picture) -> tuple[str, str]:
    """Return (data URI, text of the label); "" for an image that cannot be shown."""
    source = picture.one.source
    if source is None:
        return "", ""
    try:
        sample = source.read(picture.row, generator(0, 0, picture.row))
    except Rejected:
        return "", ""
    label = str(sample["label"])
    header = read_header(sample["image"])
    if header is None or header.width * header.height > MAX_PIXELS:
        return "", label
    try:
        ignores = bool(picture.one.value("ignore_orientation", False))
        image = decode_image(sample["image"], ignore_orientation=ignores)
    except Rejected:
        return "", label
    return drawing.data_uri(_small(image, label if picture.boxes else "")), label


def _small(image_HWC: np.ndarray, label: str) -> np.ndarray:
    small, scale = drawing.small(image_HWC)
    return _with_boxes(small, label, scale) if label.startswith("[") else small


def _with_boxes(image_HWC: np.ndarray, label: str, scale: float) -> np.ndarray:
    try:
        regions = DetLabelEncode()({"label": label})
    except Rejected:
        return image_HWC
    ignored = regions["ignore_tags"]
    drawing.outline(image_HWC, regions["polys"][~ignored], drawing.GREEN, scale)
    drawing.outline(image_HWC, regions["polys"][ignored], drawing.RED, scale)
    return image_HWC
