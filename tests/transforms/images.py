"""Pictures and files that the tests of this room share."""

from __future__ import annotations

import json
import struct
import zlib

import cv2
import numpy as np


def page(height: int = 240, width: int = 320, seed: int = 0) -> np.ndarray:
    """Return a smooth colourful picture (uint8 HWC): interpolation changes it only a little."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 20 + 2, width // 20 + 2, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def encoded(image: np.ndarray, ending: str = ".png", quality: int = 98) -> bytes:
    """Return the picture as a file in memory."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality] if ending == ".jpg" else []
    done, data = cv2.imencode(ending, image, flags)
    assert done
    return data.tobytes()


def exif_block(orientation: int) -> bytes:
    """Return a TIFF structure that holds nothing but an orientation."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)


def with_exif(data: bytes, orientation: int) -> bytes:
    """Return the JPEG or PNG file with an orientation written into it."""
    block = exif_block(orientation)
    if data[:2] == b"\xff\xd8":
        body = b"Exif\0\0" + block
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    check = struct.pack(">I", zlib.crc32(b"eXIf" + block))
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + check
    return data[:33] + chunk + data[33:]  # after the 8 bytes of magic and the IHDR chunk


def label(*quads: list[list[float]], texts: list[str] | None = None) -> str:
    """Return a detection label."""
    texts = texts or ["text"] * len(quads)
    rows = [
        {"transcription": text, "points": quad} for text, quad in zip(texts, quads, strict=True)
    ]
    return json.dumps(rows)


def box(x: float, y: float, width: float, height: float) -> list[list[float]]:
    """Return the corners of an upright box, clockwise."""
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
