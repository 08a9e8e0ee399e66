"""Encoded bytes to pixels, at the size that is needed and not more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from ppocr.transforms.base import Rejected, Sample
from ppocr.transforms.header import Header, is_cut_short, read_header, shortened
from ppocr.transforms.warp import Step, View

try:
    import simplejpeg
except ImportError:  # predicting does without
    simplejpeg = None

MAX_PIXELS = 150_000_000  # an A0 sheet at 300 dpi, A2 at 600: 450 MB of memory
CV_LIMIT = "OPENCV_IO_MAX_IMAGE_PIXELS"  # set to the same in ppocr/__init__.py
SMOOTHED_ROWS = 2  # what a JPEG decoder may look at below the last row that is wanted
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
# stored pixels to upright ones, for an image of width 1 and height 1 (continuous coordinates)
UPRIGHT = {
    1: [[1, 0, 0], [0, 1, 0]],
    2: [[-1, 0, 1], [0, 1, 0]],
    3: [[-1, 0, 1], [0, -1, 1]],
    4: [[1, 0, 0], [0, -1, 1]],
    5: [[0, 1, 0], [1, 0, 0]],
    6: [[0, -1, 1], [1, 0, 0]],
    7: [[0, -1, 1], [-1, 0, 1]],
    8: [[0, 1, 0], [-1, 0, 1]],
}


class DecodeImage:
    """Turns ``image`` from bytes into uint8 pixels with three channels.

    Like cv2.IMREAD_COLOR: gray is repeated, 16 bits become 8, transparency is dropped, and
    EXIF orientation is applied unless ``ignore_orientation``. ``img_mode`` GRAY gives three
    equal channels. Arrays pass through as they are (they count as BGR). Raises Rejected
    ("unreadable", "truncated", "too_large"); sizes are taken from the header, before memory
    is. Beyond ``max_pixels`` OpenCV has a limit of its own, see ``CV_LIMIT``.
    """

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "source"
    seen_alike: ClassVar[tuple[str, ...]] = ("img_mode",)

    def __init__(
        self,
        img_mode: Literal["BGR", "RGB", "GRAY"] = "RGB",
        channel_first: bool = False,
        ignore_orientation: bool = False,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.img_mode = img_mode
        self.channel_first = channel_first
        self.ignore_orientation = ignore_orientation
        self.max_pixels = max_pixels

    def __call__(self, sample: Sample) -> Sample:
        image = sample["image"]
        if isinstance(image, np.ndarray) and image.ndim >= 2:
            image = three_channels(image)
        else:
            self._check(image)
            flags = cv2.IMREAD_COLOR
            if self.ignore_orientation:
                flags |= cv2.IMREAD_IGNORE_ORIENTATION
            image = _decode(image, flags)
        image = in_mode(image, self.img_mode)
        sample["image"] = image.transpose(2, 0, 1) if self.channel_first else image
        return sample

    def open(self, sample: Sample) -> View | None:
        """Return a view whose pixels are decoded later; None when they had to be decoded now."""
        data = sample["image"]
        header = None if isinstance(data, np.ndarray) and data.ndim >= 2 else self._check(data)
        if header is None or header.kind not in ("jpeg", "png", "bmp") or self.channel_first:
            self(sample)
            return None
        source = EncodedSource(data, header, self.img_mode)
        if self.ignore_orientation or header.orientation == 1:
            return View.over(source)
        return View.over(source, upright(header.orientation, header))

    def _check(self, data: bytes | np.ndarray) -> Header | None:
        header = read_header(memoryview(data))
        if header is None:
            return None
        if header.width * header.height > self.max_pixels:
            raise Rejected("too_large", f"{header.width} x {header.height} pixels")
        if header.width == 0 or header.height == 0:
            raise Rejected("unreadable", f"its header says {header.width} x {header.height}")
        if is_cut_short(memoryview(data), header):
            raise Rejected("truncated", f"the end of the {header.kind} file is missing")
        return header


@dataclass(frozen=True, slots=True)
class EncodedSource:
    """An image file in memory; JPEG can be read at a half, a quarter or an eighth."""

    data: bytes
    header: Header
    img_mode: str = "BGR"

    @property
    def size(self) -> tuple[int, int]:
        return self.header.height, self.header.width

    @property
    def reductions(self) -> tuple[int, ...]:
        return (1, 2, 4, 8) if self.header.kind == "jpeg" else (1,)

    def read(self, reduction: int, rows: int | None = None, channels: int = 3) -> np.ndarray:
        image = self._read_jpeg(reduction, rows, channels) if self.header.kind == "jpeg" else None
        if image is not None:
            return image
        image = _decode(self.data, REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION)
        expected = -(-self.header.height // reduction), -(-self.header.width // reduction)
        if image.shape[:2] != expected:
            raise Rejected("unreadable", f"header says {expected}, pixels are {image.shape[:2]}")
        return image

    def _read_jpeg(self, reduction: int, rows: int | None, channels: int) -> np.ndarray | None:
        """Return the pixels of a JPEG; None to ask OpenCV instead.

        OpenCV gives the same bits, from a slower build of the same library (libjpeg-turbo). It is
        asked where simplejpeg is not installed, and about damaged files, which it reads as far as
        they go.
        """
        if simplejpeg is None:
            return None
        data, height, step = self.data, self.header.height, self.header.row_step
        if rows is not None and step:
            enough = -(-(rows + SMOOTHED_ROWS) // step) * step
            if enough < height:
                data, height = shortened(self.data, self.header, enough), enough
        size = -(-height // reduction), -(-self.header.width // reduction)
        try:
            image = simplejpeg.decode_jpeg(
                data,
                "BGRX" if channels == 4 else "BGR",
                fastdct=False,
                fastupsample=False,
                min_height=size[0],
                min_width=size[1],
                strict=height == self.header.height,  # else it complains of what is left over
            )
        except ValueError:
            return None
        return image if image.shape[:2] == size else None

    def finish(self, image_HWC: np.ndarray) -> np.ndarray:
        return in_mode(image_HWC, self.img_mode)


def decode_image(
    content: bytes,
    img_mode: Literal["BGR", "RGB", "GRAY"] = "BGR",
    ignore_orientation: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> np.ndarray:
    """Return the uint8 HWC pixels of an image file in memory; Rejected says why not."""
    op = DecodeImage(img_mode, False, ignore_orientation, max_pixels)
    return op({"image": content})["image"]


def upright(orientation: int, header: Header) -> Step:
    """Return the movement from stored pixels to the way the picture is looked at."""
    unit = np.array([*UPRIGHT[orientation], [0, 0, 1]], dtype=np.float64)
    turned = orientation >= 5
    width, height = (header.height, header.width) if turned else (header.width, header.height)
    unit[:2, 2] *= (width, height)
    return Step(unit, (height, width))


def in_mode(image_HWC: np.ndarray, img_mode: str) -> np.ndarray:
    """Return a BGR image as BGR, RGB or GRAY (three equal channels)."""
    if img_mode == "RGB":
        return cv2.cvtColor(image_HWC, cv2.COLOR_BGR2RGB)
    if img_mode == "GRAY":
        return cv2.cvtColor(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return image_HWC


def three_channels(image: np.ndarray) -> np.ndarray:
    """Return an array image (gray, BGR or BGRA; 8 or 16 bits) as uint8 BGR."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise Rejected("unreadable", f"pixels are {image.dtype}, not uint8")
    if image.size == 0:
        raise Rejected("unreadable", "the image has no pixels")
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    channels = image.shape[2]
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if channels == 4:
        return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    if channels != 3:
        raise Rejected("unreadable", f"{channels} channels")
    return image


def _decode(data: bytes | np.ndarray, flags: int) -> np.ndarray:
    encoded = np.frombuffer(data, dtype=np.uint8)
    if encoded.size == 0:
        raise Rejected("unreadable", "the file is empty")
    try:
        image = cv2.imdecode(encoded, flags)
    except cv2.error as error:
        said = str(error).strip().splitlines()[-1]
        if "CV_IO_MAX_IMAGE" in said:
            raise Rejected(
                "too_large", f"more pixels than {CV_LIMIT} in the environment"
            ) from error
        raise Rejected("unreadable", said) from error
    if image is None:
        raise Rejected("unreadable", "not an image, or damaged")
    return image
