"""Normalising at once and normalising a batch later give the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.transforms import create_operators
from ppocr.transforms.base import Compose
from ppocr.transforms.normalize import NormalizeImage, finish, fraction
from tests.transforms.images import encoded, page

IMAGENET = {"scale": "1./255.", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def chains():
    det = [{"NormalizeImage": {**IMAGENET, "order": "hwc"}}, {"ToCHWImage": None}]
    yield "imagenet", det
    yield (
        "db++",
        [
            {
                "NormalizeImage": {
                    "scale": 1,
                    "mean": [123.675, 116.28, 103.53],
                    "std": [58.395, 57.12, 57.375],
                    "order": "hwc",
                }
            },
            {"ToCHWImage": None},
        ],
    )
    flat = {"scale": 1, "mean": [0.0, 1.0, 2.0], "std": [0.0, 3.0, 1e-30], "order": "hwc"}
    yield "no spread", [{"NormalizeImage": flat}, {"ToCHWImage": None}]
    yield "only chw", [{"ToCHWImage": None}]
    yield "hwc", det[:1]
    yield "rec", [{"RecResizeImg": {"image_shape": [3, 32, 320]}}]
    yield "rec stretched", [{"RecResizeImg": {"image_shape": [3, 32, 100], "padding": False}}]
    yield "gray rec", [{"RecResizeImg": {"image_shape": [1, 32, 320]}}]
    yield "svtr", [{"SVTRRecResizeImg": {"image_shape": [3, 32, 320]}}]
    yield "cls", [{"ClsResizeImg": {"image_shape": [3, 48, 192]}}]


@pytest.mark.filterwarnings("ignore:.*in divide")
@pytest.mark.parametrize("chain", [one for _, one in chains()], ids=[name for name, _ in chains()])
def test_deferred_is_bit_equal(chain):
    ops = create_operators(
        [{"DecodeImage": {"img_mode": "BGR"}}, *chain, {"KeepKeys": {"keep_keys": ["image"]}}]
    )
    files = [encoded(page(40, 90, seed)) for seed in range(3)]
    at_once = np.stack([Compose(ops)({"image": data})["image"] for data in files])
    later = [Compose(ops, defer=True)({"image": data}) for data in files]
    assert later[0]["image"].dtype == np.uint8
    batch = finish(later)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, at_once.astype(np.float32))


def test_lines_of_different_width_end_in_one_batch():
    ops = create_operators([{"RecResizeImg": {"image_shape": [3, 32, 320]}}])
    images = [page(40, width) for width in (60, 200, 900)]
    later = [Compose(ops, defer=True)({"image": image}) for image in images]
    batch = finish(later)
    assert batch.shape == (3, 3, 32, 320)
    for row, image in zip(batch, images, strict=True):
        np.testing.assert_array_equal(row, Compose(ops)({"image": image})["image"])


def test_images_of_different_shape_are_an_error():
    samples = [{"image": np.zeros((3, 4, 4))}, {"image": np.zeros((3, 4, 5))}]
    with pytest.raises(ValueError, match="differ in shape"):
        finish(samples)


def test_an_operation_that_reads_pixels_ends_the_deferral():
    ops = create_operators(
        [{"NormalizeImage": {**IMAGENET, "order": "hwc"}}, {"ColorJitter": None}]
    )
    assert Compose(ops, defer=True).modes == ["run", "run"]


@pytest.mark.parametrize(
    ("text", "value"), [("1./255.", 1 / 255), ("1e-6", 1e-6), (2, 2.0), ("0.5", 0.5)]
)
def test_fraction(text, value):
    assert fraction(text) == value


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="__import__"):
        fraction("__import__('os')")


def test_defaults_are_those_of_imagenet_channels_first():
    image = page(4, 5).transpose(2, 0, 1)
    found = NormalizeImage()({"image": image})["image"]
    np.testing.assert_allclose(found[0], (image[0] / 255 - 0.485) / 0.229, atol=1e-6)
