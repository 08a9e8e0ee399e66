"""From a page to the pictures of its lines, cut as prediction cuts them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from ppocr.conversion.page import Item, Page, Point, Region, Skip, signed_area
from ppocr.geometry.box import leaves, order_points_clockwise
from ppocr.geometry.crop import CORNERS, cut_line
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image
from ppocr.transforms.header import Header, is_cut_short, read_header

MAX_PIXELS = 1 << 26  # 67 megapixels, 200 MB decoded; several pages are decoded at a time
BEYOND = 0.5  # how far outside the page a region may reach, in sizes of the page
JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Crop:
    """One line cut out: the number of its region on the page, the encoded picture, the text."""

    number: int
    content: bytes = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item with everything that takes time done: bytes read and checked, lines cut."""

    content: bytes = field(repr=False)
    crops: tuple[Crop, ...] = ()
    skipped: tuple[Skip, ...] = ()
    usable: bool = True


def prepare(item: Item, crops: bool, ending: str) -> Prepared:
    """Return the image of an item, and its lines if ``crops``; what cannot be used is skipped."""
    if isinstance(item, Skip):
        raise TypeError("a skip has no image")
    try:
        content = item.picture.read(item.place)
        header = check_image(content)
        if isinstance(item, Page):
            check_fit(item, header)
        if not crops or not isinstance(item, Page):
            return Prepared(content)
        cut, skipped = _lines(item, decode_image(content, max_pixels=MAX_PIXELS), ending)
    except Rejected as error:
        skip = Skip.of(error, item.place)
        name = item.picture.name
        named = (
            skip if name in skip.detail else Skip(skip.reason, skip.place, f"{name}: {skip.detail}")
        )
        return Prepared(b"", (), (named,), False)
    return Prepared(content, tuple(cut), tuple(skipped))


def cut_region(image_HWC: np.ndarray, points: tuple[Point, ...]) -> np.ndarray:
    """Return the picture inside a region, cut as prediction cuts it.

    Rejected ("box outside the image") when it lies elsewhere: its picture would be a border pixel
    repeated, and coordinates of millions would ask for gigabytes.
    """
    height, width = image_HWC.shape[:2]
    points_P2 = np.array(points, np.float32)
    low, high = points_P2.min(axis=0), points_P2.max(axis=0)
    size = np.array([width, height])
    if (low < -BEYOND * size).any() or (high > (1 + BEYOND) * size).any():
        raise Rejected("box outside the image", f"the image has {width} x {height} pixels")
    if (low >= size).any() or (high <= 0).any():
        raise Rejected("box outside the image", f"the image has {width} x {height} pixels")
    if len(points) == CORNERS and signed_area(points) < 0:
        points_P2 = order_points_clockwise(points_P2)  # or the text would be mirrored
    return cut_line(image_HWC, points_P2)


def check_image(content: bytes) -> Header:
    """Return the header; Rejected when bytes are no image, too large or cut short."""
    header = read_header(content)
    if header is None:
        raise Rejected("not an image", "its first bytes are those of no known format")
    if header.width * header.height > MAX_PIXELS:
        raise Rejected("too large", f"{header.width} x {header.height} pixels")
    if is_cut_short(content, header):
        raise Rejected("truncated", f"the end of the {header.kind} file is missing")
    return header


def check_fit(page: Page, header: Header) -> None:
    """Raise Rejected when labels are of the image at another size, or turned another way.

    A size with width and height exchanged is none: some exporters take them from the stored
    pixels of a picture that EXIF turns, and the boxes from the turned one.
    """
    stored, upright = (header.width, header.height), header.upright
    if min(page.size) > 0 and not any(_alike(page.size, one) for one in (stored, stored[::-1])):
        said = " x ".join(f"{side:g}" for side in page.size)
        raise Rejected(
            "image of another size",
            f"labelled at {said} pixels, the file has {upright[0]} x {upright[1]}: bring back the "
            "image that was labelled",
        )
    if stored == upright or not page.regions:
        return
    corners = [np.array(region.points, np.float64) for region in page.regions]
    low = np.array([points.min(axis=0) for points in corners])
    high = np.array([points.max(axis=0) for points in corners])
    if leaves(low, high, upright).any() and not leaves(low, high, stored).any():
        raise Rejected(
            "EXIF against boxes",
            f"boxes fit the {stored[0]} x {stored[1]} stored pixels, but EXIF turns the picture "
            f"(orientation {header.orientation}); take the EXIF tag out of the file",
        )


def _alike(size: tuple[float, float], other: tuple[int, int]) -> bool:
    return all(abs(one - two) <= 1 for one, two in zip(size, other, strict=True))


def _lines(page: Page, image_HWC: np.ndarray, ending: str) -> tuple[list[Crop], list[Skip]]:
    crops, skipped = [], []
    for number, region in enumerate(page.regions):
        try:
            text = line_text(region)
            crop = _encode(cut_region(image_HWC, region.points), ending)
            crops.append(Crop(number, crop, text))
        except Rejected as error:
            detail = f"{page.picture.name}, region {number + 1}: {error.detail}"
            skipped.append(Skip(error.reason, page.place, detail))
        except cv2.error as error:
            detail = f"{page.picture.name}, region {number + 1}: {error.err}"
            skipped.append(Skip("cannot be cut", page.place, detail))
    return crops, skipped


def line_text(region: Region) -> str:
    """Return the text of a region for recognition; Rejected when it has none to learn."""
    if region.ignored:
        raise Rejected("ignored region", "no line for recognition")
    return checked_text(region.text)


def checked_text(text: str) -> str:
    """Return a text that can stand in a row of a label file; Rejected when it cannot."""
    if not text.strip():
        raise Rejected("no text", "no line for recognition")
    if "\t" in text or len(text.splitlines()) > 1 or "\0" in text:
        raise Rejected("tab or line end in the text", repr(text)[:60])
    return text


def _encode(image_HWC: np.ndarray, ending: str) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if ending == ".jpg" else []
    done, encoded = cv2.imencode(ending, np.ascontiguousarray(image_HWC), options)
    if not done:
        raise Rejected("cannot be cut", f"OpenCV cannot write {image_HWC.shape} as {ending}")
    return encoded.tobytes()
