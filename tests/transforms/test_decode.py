"""Reading image files: what cv2 gives, and refusals that say why."""

from __future__ import annotations

import struct
import time

import cv2
import numpy as np
import pytest

from ppocr.transforms.base import Compose, Rejected
from ppocr.transforms.decode import (
    REDUCED,
    DecodeImage,
    EncodedSource,
    decode_image,
    upright,
)
from ppocr.transforms.header import read_header
from ppocr.transforms.warp import View
from tests.transforms.images import encoded, page, with_exif


@pytest.mark.parametrize("ending", [".jpg", ".png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_cv2_does(ending, orientation):
    data = with_exif(encoded(page(40, 60), ending), orientation)
    wanted = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_image(data), wanted)
    header = read_header(data)
    assert header is not None
    assert header.orientation == orientation
    lazy = View.over(EncodedSource(data, header), upright(orientation, header))
    assert lazy.size == wanted.shape[:2]
    np.testing.assert_allclose(lazy.render().astype(int), wanted.astype(int), atol=1)


JPEG_KINDS = {
    "4:2:0": {cv2.IMWRITE_JPEG_SAMPLING_FACTOR: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420},
    "4:2:2": {cv2.IMWRITE_JPEG_SAMPLING_FACTOR: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422},
    "4:1:1": {cv2.IMWRITE_JPEG_SAMPLING_FACTOR: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411},
    "4:4:4": {cv2.IMWRITE_JPEG_SAMPLING_FACTOR: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444},
    "poor": {cv2.IMWRITE_JPEG_QUALITY: 20},
    "progressive": {cv2.IMWRITE_JPEG_PROGRESSIVE: 1},
    "restarts": {cv2.IMWRITE_JPEG_RST_INTERVAL: 3},
}


def source(data):
    header = read_header(data)
    assert header is not None
    return EncodedSource(data, header)


@pytest.mark.parametrize("settings", JPEG_KINDS.values(), ids=JPEG_KINDS.keys())
@pytest.mark.parametrize("size", [(1, 1), (8, 16), (67, 133), (130, 31)])
def test_the_view_sees_the_pixels_of_opencv(settings, size):
    simplejpeg = pytest.importorskip("simplejpeg")
    flags = [number for pair in settings.items() for number in pair]
    noise = np.random.default_rng(0).integers(0, 60, (*size, 3), dtype=np.uint8)
    for image in (cv2.add(page(*size), noise), noise[:, :, 0]):
        data = cv2.imencode(".jpg", image, flags)[1].tobytes()
        for reduction, flag in REDUCED.items():
            wanted = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
            np.testing.assert_array_equal(source(data).read(reduction), wanted)
    assert simplejpeg.is_jpeg(data)


@pytest.mark.parametrize("settings", JPEG_KINDS.values(), ids=JPEG_KINDS.keys())
@pytest.mark.parametrize("gray", [False, True])
def test_rows_that_are_not_needed_are_left_out(settings, gray):
    pytest.importorskip("simplejpeg")
    flags = [number for pair in settings.items() for number in pair]
    image = cv2.add(page(203, 77), np.random.default_rng(0).integers(0, 60, (203, 77, 3), np.uint8))
    image = image[:, :, 0] if gray else image
    data = cv2.imencode(".jpg", image, flags)[1].tobytes()
    cut = False
    for reduction, flag in REDUCED.items():
        wanted = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        for rows in (1, 8, 14, 15, 16, 17, 100, 190, 203, 400):
            found = source(data).read(reduction, rows)
            kept = -(-min(rows, 203) // reduction)
            assert found.shape[1] == wanted.shape[1]
            np.testing.assert_array_equal(found[:kept], wanted[:kept])
            quads = source(data).read(reduction, rows, channels=4)
            np.testing.assert_array_equal(quads[:kept, :, :3], wanted[:kept])
            cut |= len(found) < len(wanted)
    assert cut == (cv2.IMWRITE_JPEG_PROGRESSIVE not in settings)


def test_one_scan_for_each_colour_is_read_whole():
    # cv2 writes no such files: the header of one that begins with a scan of the first colour
    data = bytearray(encoded(page(64, 64), ".jpg"))
    scan = data.index(b"\xff\xda")
    data[scan : scan + 14] = b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 63, 0])
    header = read_header(bytes(data))
    assert header is not None
    assert (header.height, header.row_step) == (64, 0)
    usual = read_header(encoded(page(64, 64), ".jpg"))
    assert usual is not None
    assert usual.row_step in (8, 16)


def test_a_damaged_file_is_read_as_far_as_it_goes():
    data = encoded(page(), ".jpg")
    damaged = data[: len(data) // 2] + b"\xff\xd9"
    wanted = cv2.imdecode(np.frombuffer(damaged, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(source(damaged).read(1), wanted)


def test_without_simplejpeg_nothing_changes(monkeypatch):
    data = encoded(page(), ".jpg")
    usual = source(data).read(2)
    monkeypatch.setattr("ppocr.transforms.decode.simplejpeg", None)
    np.testing.assert_array_equal(source(data).read(2), usual)


def test_orientation_can_be_ignored():
    data = with_exif(encoded(page(40, 60), ".jpg"), 6)
    assert decode_image(data).shape == (60, 40, 3)
    assert decode_image(data, ignore_orientation=True).shape == (40, 60, 3)


def test_modes():
    image = page(20, 30)
    data = encoded(image)
    np.testing.assert_array_equal(decode_image(data, "BGR"), image)
    np.testing.assert_array_equal(decode_image(data, "RGB"), image[:, :, ::-1])
    gray = decode_image(data, "GRAY")
    assert gray.shape == (20, 30, 3)
    np.testing.assert_array_equal(gray[:, :, 0], cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    np.testing.assert_array_equal(gray[:, :, 0], gray[:, :, 2])
    first = DecodeImage("BGR", channel_first=True)({"image": data})["image"]
    np.testing.assert_array_equal(first, image.transpose(2, 0, 1))


@pytest.mark.parametrize(
    "image",
    [
        page(20, 30)[:, :, 0],
        np.dstack([page(20, 30), page(20, 30)[:, :, 0]]),
        page(20, 30).astype(np.uint16) * 257,
        page(20, 30)[:, :, 0].astype(np.uint16) * 257,
    ],
    ids=["gray", "alpha", "16bit", "16bit-gray"],
)
def test_kinds_of_pixels_end_as_three_bytes(image):
    data = encoded(image)
    found = decode_image(data)
    assert found.shape == (20, 30, 3)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, cv2.imdecode(np.frombuffer(data, np.uint8), 1))
    np.testing.assert_array_equal(DecodeImage("BGR")({"image": image.copy()})["image"], found)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".webp", ".tiff"])
def test_header_tells_the_size(ending):
    header = read_header(encoded(page(37, 53), ending))
    assert header is not None
    assert (header.height, header.width) == (37, 53)


def test_gif_header():
    header = read_header(b"GIF89a" + struct.pack("<HH", 300, 200) + b"\0" * 8)
    assert header is not None
    assert (header.width, header.height) == (300, 200)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable"),
        (b"hello", "unreadable"),
        (b"\xff\xd8\xff", "unreadable"),
        (encoded(page(), ".jpg")[:2000], "truncated"),
        (encoded(page(), ".png")[:2000], "truncated"),
        (encoded(page(), ".bmp")[:40], "unreadable"),
    ],
    ids=["empty", "text", "magic-only", "cut-jpeg", "cut-png", "cut-bmp"],
)
def test_damaged_files_are_refused_with_a_reason(data, reason):
    for op in (DecodeImage("BGR"), Compose([DecodeImage("BGR")])):
        with pytest.raises(Rejected) as caught:
            op({"image": data})
        assert caught.value.reason == reason
        assert caught.value.broken


def test_a_hostile_size_is_refused_before_memory_is_taken():
    data = bytearray(encoded(page(8, 8), ".png"))
    data[16:24] = struct.pack(">II", 60000, 60000)  # 10.8 GB of pixels
    began = time.process_time()
    with pytest.raises(Rejected) as caught:
        decode_image(bytes(data))
    assert caught.value.reason == "too_large"
    assert time.process_time() - began < 0.5


def test_every_prefix_of_a_file_ends_in_a_header_none_or_an_image():
    data = with_exif(encoded(page(16, 16), ".jpg"), 3)
    for length in range(0, len(data), 7):
        read_header(data[:length])
        with pytest.raises(Rejected):
            decode_image(data[:length])


def test_a_rejection_survives_a_process_boundary():
    import pickle

    copy = pickle.loads(pickle.dumps(Rejected("too_long", "26 characters")))
    assert (copy.reason, copy.detail, copy.broken) == ("too_long", "26 characters", False)
