"""Backgrounds from the user's pictures: random pieces of the images in a folder."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image
from ppocr.transforms.header import read_header
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.files import IMAGE_ENDINGS

MAX_PIXELS = 1 << 26
KEPT_SIDE_PX = 1600  # larger pictures are shrunk when they are read
LEAST_SIDE_PX = 16
HEAD_BYTES = 1 << 18


class Photos:
    """Pieces of the pictures below ``folder``, which should have no text on them.

    A piece is taken at a random place and enlargement (``scale``, pixels of the patch per pixel of
    the picture), turned over at random and softened by ``blur``, so that letters stand out. A few
    pictures are kept decoded. What is no picture is left out; none left is a DataError.
    """

    def __init__(
        self,
        folder: str,
        scale: Sequence[float] = (0.5, 2.0),
        blur: Sequence[float] = (0.0, 2.0),
        keep: int = 24,
    ) -> None:
        if not Path(folder).is_dir():
            raise MissingInput(f"Photos.folder: no such folder: {folder}")
        found = (one for one in Path(folder).rglob("*") if one.suffix.lower() in IMAGE_ENDINGS)
        self.paths = [path for path in sorted(found) if _is_usable(path)]
        if not self.paths:
            raise DataError(f"Photos.folder: no picture of {LEAST_SIDE_PX} px or more in {folder}")
        self.scale, self.blur, self.keep = scale, blur, max(keep, 1)
        self._decoded: OrderedDict[Path, np.ndarray] = OrderedDict()

    def patch(self, rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
        """Return a piece of one of the pictures, uint8 HWC BGR."""
        image_HWC = self._read(self.paths[int(rng.integers(len(self.paths)))])
        height, width = image_HWC.shape[:2]
        scale = max(float(rng.uniform(*self.scale)), size_wh[0] / width, size_wh[1] / height)
        wide, tall = (
            min(int(size_wh[0] / scale) + 1, width),
            min(int(size_wh[1] / scale) + 1, height),
        )
        x, y = int(rng.integers(width - wide + 1)), int(rng.integers(height - tall + 1))
        piece = image_HWC[y : y + tall, x : x + wide]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        piece = cv2.resize(piece, size_wh, interpolation=method)
        turn = int(rng.integers(4))
        if turn:
            piece = cv2.flip(piece, turn - 2)
        sigma = float(rng.uniform(*self.blur))
        return cv2.GaussianBlur(piece, (0, 0), sigma) if sigma >= 0.3 else piece

    def _read(self, path: Path) -> np.ndarray:
        if path in self._decoded:
            self._decoded.move_to_end(path)
            return self._decoded[path]
        try:
            image_HWC = decode_image(path.read_bytes(), max_pixels=MAX_PIXELS)
        except (Rejected, OSError) as error:
            raise DataError(f"{path} cannot be used as a background: {error}") from error
        largest = max(image_HWC.shape[:2])
        if largest > KEPT_SIDE_PX:
            part = KEPT_SIDE_PX / largest
            image_HWC = cv2.resize(image_HWC, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        self._decoded[path] = image_HWC
        if len(self._decoded) > self.keep:
            self._decoded.popitem(last=False)
        return image_HWC


def _is_usable(path: Path) -> bool:
    """Return whether a file begins like a picture that is large enough, and not too large."""
    try:
        with path.open("rb") as file:
            header = read_header(file.read(HEAD_BYTES))
    except OSError:
        return False
    if header is None or header.width * header.height > MAX_PIXELS:
        return False
    return min(header.width, header.height) >= LEAST_SIDE_PX
