"""Samples as small pictures inside a page (data URIs), with their boxes where there are any."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from ppocr.data.source import generator
from ppocr.doctor.findings import Picture
from ppocr.doctor.rows import MAX_PIXELS
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image
from ppocr.transforms.encode_det import DetLabelEncode
from ppocr.transforms.header import read_header

PAGE_PX = 300  # the longer side
LINE_PX = 40, 460  # height, and width at most
QUALITY = 82
CARED, IGNORED = (60, 160, 40), (60, 60, 220)  # BGR


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
    return _encoded(_small(image, label if picture.boxes else "")), label


def _small(image_HWC: np.ndarray, label: str) -> np.ndarray:
    height, width = image_HWC.shape[:2]
    if width > 2 * height:
        tall, most = LINE_PX
        scale = min(tall / height, most / width)
    else:
        scale = PAGE_PX / max(height, width)
    scale = min(scale, 4.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image_HWC, size, interpolation=method)
    return _with_boxes(small, label, scale) if label.startswith("[") else small


def _with_boxes(image_HWC: np.ndarray, label: str, scale: float) -> np.ndarray:
    try:
        regions = DetLabelEncode()({"label": label})
    except Rejected:
        return image_HWC
    polys = np.clip(regions["polys"] * scale, -30000, 30000)
    for points, ignored in zip(polys, regions["ignore_tags"], strict=True):
        colour = IGNORED if ignored else CARED
        outline = [np.round(points).astype(np.int32)]
        cv2.polylines(image_HWC, outline, True, colour, 1, cv2.LINE_AA)
    return image_HWC


def _encoded(image_HWC: np.ndarray) -> str:
    _, content = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(content.tobytes()).decode()
