"""Size and orientation of an encoded image, read from its first bytes only.

Sources: JPEG (ITU-T T.81 Annex B), Exif 2.32 (orientation tag 0x0112), PNG (W3C, third
edition), BMP, GIF89a, WebP container (RFC 9649), TIFF 6.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SEQUENTIAL_MARKERS = frozenset({0xC0, 0xC1})  # coded with Huffman tables, row after row
ORIENTATION_TAG = 0x0112
TIFF_WIDTH_TAG, TIFF_HEIGHT_TAG = 0x0100, 0x0101
TIFF_SIZES = {3: ("H", 2), 4: ("I", 4)}


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says about itself: stored size in pixels, EXIF orientation 1-8.

    A JPEG whose pixels are stored row after row can be read from the top as far as needed: it
    then has a ``row_step``, the pixels of one row of blocks, and ``height_place``, where its
    height stands in the file (see :func:`shortened`). They are 0 for other files.
    """

    kind: str
    width: int
    height: int
    orientation: int = 1
    row_step: int = 0
    height_place: int = 0

    @property
    def upright(self) -> tuple[int, int]:
        """Return width and height as EXIF turns the picture."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


def read_header(data: bytes | bytearray | memoryview) -> Header | None:
    """Return the header, or None for a format that is not known or a header cut short."""
    data = memoryview(data)
    start = bytes(data[:16])
    for magic, reader in _READERS:
        if start.startswith(magic):
            try:
                return reader(data)
            except (struct.error, IndexError):
                return None
    return None


def is_cut_short(data: bytes | bytearray | memoryview, header: Header) -> bool:
    """Return whether a JPEG or PNG lacks its end, as after an interrupted copy."""
    if header.kind == "jpeg" and bytes(data[-2:]) == b"\xff\xd9":
        return False  # the usual case, without a copy of the file
    data = bytes(data)
    if header.kind == "jpeg":
        return data.rfind(b"\xff\xd9", _jpeg_scan_start(memoryview(data))) < 0
    if header.kind == "png":
        return data.rfind(b"IEND") < 0
    return False


def shortened(data: bytes | bytearray | memoryview, header: Header, height: int) -> bytearray:
    """Return a JPEG that says it is ``height`` pixels high, a multiple of ``row_step``.

    A decoder stops there and never sees the rows below. It smooths colours over neighbouring
    rows, so the last two may differ from those of the whole picture.
    """
    content = bytearray(data)
    struct.pack_into(">H", content, header.height_place, height)
    return content


def _jpeg_segments(data: memoryview):
    """Yield (marker, start, end) of the segments before the first scan, that one included."""
    place = 2
    while True:
        while data[place] == 0xFF and data[place + 1] == 0xFF:  # fill bytes
            place += 1
        if data[place] != 0xFF:
            return
        marker = data[place + 1]
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a length
            place += 2
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        yield marker, place + 4, place + 2 + length
        if marker == 0xDA:
            return
        place += 2 + length


def _jpeg(data: memoryview) -> Header | None:
    orientation, size, step, height_place = 1, None, 0, 0
    for marker, start, end in _jpeg_segments(data):
        if marker == 0xE1 and bytes(data[start : start + 6]) == b"Exif\0\0":
            orientation = _exif_orientation(data[start + 6 : end])
        elif marker in FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, start + 1)
            size = width, height
            step, height_place = _row_step(marker, data[start:end]), start + 1
            components = data[start + 5]
        elif marker == 0xDA and step and data[start] != components:
            step = 0  # one scan for each colour: the last one begins below all of the first
    if size is None:
        return None
    return Header("jpeg", *size, orientation, step, height_place if step else 0)


def _row_step(marker: int, frame: memoryview) -> int:
    """Return how many pixels high a row of blocks is; 0 when a file is not read in rows."""
    if marker not in SEQUENTIAL_MARKERS:
        return 0
    components = frame[5]
    if components == 1:  # sampling means nothing then
        return 8
    return 8 * max(frame[7 + 3 * number] & 15 for number in range(components))


def _jpeg_scan_start(data: memoryview) -> int:
    try:
        for marker, start, _ in _jpeg_segments(data):
            if marker == 0xDA:
                return start
    except (struct.error, IndexError):
        pass
    return len(data)


def _exif_orientation(tiff: memoryview) -> int:
    """Return the orientation of an Exif block; 1 when it has none or makes no sense."""
    try:
        found = _tiff_tags(tiff, {ORIENTATION_TAG}).get(ORIENTATION_TAG, 1)
    except (struct.error, IndexError):
        return 1
    return found if 1 <= found <= 8 else 1


def _tiff_tags(tiff: memoryview, wanted: set[int]) -> dict[int, int]:
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    if order is None:
        return {}
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    found = {}
    for entry in range(min(count, 512)):
        place = directory + 2 + 12 * entry
        tag, kind = struct.unpack_from(f"{order}HH", tiff, place)
        if tag in wanted and kind in TIFF_SIZES:
            (found[tag],) = struct.unpack_from(order + TIFF_SIZES[kind][0], tiff, place + 8)
    return found


def _png(data: memoryview) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    place, orientation = 8, 1
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name = bytes(data[place + 4 : place + 8])
        if name == b"eXIf":
            orientation = _exif_orientation(data[place + 8 : place + 8 + length])
        if name in (b"IDAT", b"IEND"):
            break
        place += 12 + length
    return Header("png", width, height, orientation)


def _bmp(data: memoryview) -> Header:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        return Header("bmp", *struct.unpack_from("<HH", data, 18))
    width, height = struct.unpack_from("<ii", data, 18)
    return Header("bmp", abs(width), abs(height))


def _gif(data: memoryview) -> Header:
    return Header("gif", *struct.unpack_from("<HH", data, 6))


def _webp(data: memoryview) -> Header | None:
    name = bytes(data[12:16])
    if name == b"VP8X":
        low, high = struct.unpack_from("<HB", data, 24), struct.unpack_from("<HB", data, 27)
        return Header("webp", low[0] + (low[1] << 16) + 1, high[0] + (high[1] << 16) + 1)
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Header("webp", width & 0x3FFF, height & 0x3FFF)
    return None


def _tiff(data: memoryview) -> Header | None:
    found = _tiff_tags(data, {TIFF_WIDTH_TAG, TIFF_HEIGHT_TAG, ORIENTATION_TAG})
    if TIFF_WIDTH_TAG not in found or TIFF_HEIGHT_TAG not in found:
        return None
    return Header(
        "tiff", found[TIFF_WIDTH_TAG], found[TIFF_HEIGHT_TAG], found.get(ORIENTATION_TAG, 1)
    )


_READERS = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"BM", _bmp),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
)
