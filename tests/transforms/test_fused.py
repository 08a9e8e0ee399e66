"""One warp gives what a chain of warps gives, at the right place and in the right size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr.transforms import AUGMENTERS, create_operators
from ppocr.transforms.augment_geometry import Affine, Fliplr, Resize
from ppocr.transforms.base import Compose
from ppocr.transforms.decode import DecodeImage
from ppocr.transforms.encode_det import DetLabelEncode
from ppocr.transforms.warp import ArraySource, Step, View, scaling, shift
from tests.transforms.images import box, encoded, label, page, with_exif

QUADS = (box(30, 40, 100, 20), box(150, 120, 90, 30), box(40, 180, 60, 18))
MOVES = [
    {"type": "Fliplr", "args": {"p": 0.5}},
    {"type": "Flipud", "args": {"p": 0.5}},
    {"type": "Affine", "args": {"rotate": [-10, 10], "scale": [0.8, 1.2]}},
    {"type": "Resize", "args": {"size": [0.5, 3.0]}},
]


def run(ops, fuse, seed=0, ending=".png", image=None, orientation=1):
    data = encoded(page() if image is None else image, ending)
    if orientation != 1:
        data = with_exif(data, orientation)
    sample = {"image": data, "label": label(*QUADS), "rng": np.random.default_rng(seed)}
    return Compose(ops, fuse=fuse)(sample)


def train_ops(size=160, moves=MOVES, keep_ratio=True):
    return create_operators(
        [
            {"DecodeImage": {"img_mode": "BGR"}},
            {"DetLabelEncode": None},
            {"IaaAugment": {"augmenter_args": moves}},
            {"EastRandomCropData": {"size": [size, size], "keep_ratio": keep_ratio}},
        ]
    )


def difference(first, second):
    """Return the mean difference in gray levels where both pictures have content."""
    inner = cv2.erode(((first > 0) & (second > 0)).all(axis=2).astype(np.uint8), np.ones((7, 7)))
    assert inner.mean() > 0.05
    return np.abs(first.astype(int) - second.astype(int))[inner > 0].mean()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("keep_ratio", [True, False])
def test_fused_equals_step_by_step(seed, keep_ratio):
    ops = train_ops(keep_ratio=keep_ratio)
    fused, plain = run(ops, True, seed), run(ops, False, seed)
    np.testing.assert_allclose(fused["polys"], plain["polys"], atol=1e-3)
    assert fused["texts"] == plain["texts"]
    assert fused["image"].shape == plain["image"].shape == (160, 160, 3)
    assert difference(fused["image"], plain["image"]) < 2.5
    content = [(one["image"] > 0).any(axis=2) for one in (fused, plain)]
    assert (content[0] != content[1]).mean() < 0.04


def test_without_movement_nothing_is_resampled():
    ops = train_ops(moves=[{"type": "Fliplr", "args": {"p": 0.0}}])[:3]
    np.testing.assert_array_equal(run(ops, True)["image"], page())


def test_a_fused_flip_is_exact():
    ops = [DecodeImage("BGR"), DetLabelEncode(), Fliplr(1.0)]
    fused = run(ops, True)
    np.testing.assert_array_equal(fused["image"], page()[:, ::-1])
    assert fused["polys"][0, 0].tolist() == [320 - 30, 40]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_takes_part_in_the_one_warp(orientation):
    ops = [DecodeImage("BGR"), DetLabelEncode(), Resize(0.8), Affine(rotate=5.0)]
    fused = run(ops, True, 0, ".jpg", orientation=orientation)
    plain = run(ops, False, 0, ".jpg", orientation=orientation)
    assert fused["image"].shape == plain["image"].shape
    assert difference(fused["image"], plain["image"]) < 2.5


@pytest.mark.parametrize("factor", [0.5, 0.3, 0.2, 0.11, 0.05])
@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_strong_shrinking_averages_instead_of_skipping(factor, ending):
    # fine stripes: whoever reads single pixels gets black or white, whoever averages gets gray
    image = np.zeros((640, 960, 3), dtype=np.uint8)
    image[:, ::2] = 255
    found = run([DecodeImage("BGR"), Resize(factor)], True, 0, ending, image)["image"]
    inner = found[2:-2, 2:-2].astype(int)
    assert abs(inner.mean() - 127.5) < 4
    assert inner.std() < 30  # an odd block of stripes is not exactly gray
    assert found.shape[:2] == (round(640 * factor), round(960 * factor))


@pytest.mark.parametrize(
    ("factor", "reduction"),
    [(0.6, 1), (0.51, 1), (0.502, 2), (0.5, 2), (0.3, 2), (0.25, 4), (0.126, 4), (0.12, 8)],
)
def test_a_file_is_decoded_no_larger_than_needed(factor, reduction):
    asked = []

    class Recorder(ArraySource):
        def read(self, reduction, rows=None, channels=3):
            asked.append(reduction)
            return np.ascontiguousarray(self.pixels[::reduction, ::reduction])

    source = Recorder(page(400, 600), (1, 2, 4, 8))
    size = round(400 * factor), round(600 * factor)
    View.over(source).then(Step(scaling(factor, factor), size)).render()
    assert asked == [reduction]


@pytest.mark.parametrize(("factor", "levels"), [(0.45, 1.5), (0.24, 1.5), (0.1, 4)])
def test_shrinking_keeps_things_in_place(factor, levels):
    image = page(800, 1200)
    found = run([DecodeImage("BGR"), Resize(factor)], True, 0, ".jpg", image)["image"]
    size = found.shape[1], found.shape[0]
    wanted = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < levels


def test_what_a_crop_cut_off_does_not_come_back():
    white = np.full((100, 100, 3), 255, dtype=np.uint8)
    view = View.over(ArraySource(white))
    view = view.then(Step(shift(-40, -40), (20, 20)))  # keep the middle
    view = view.then(Step(shift(40, 40), (100, 100)))  # and look at everything again
    found = view.render()
    assert found[40:60, 40:60].min() == 255
    assert found.astype(int).sum() == 20 * 20 * 3 * 255


def test_padding_of_a_crop_stays_black_after_a_rotation():
    white = np.full((100, 100, 3), 255, dtype=np.uint8)
    view = View.over(ArraySource(white)).then(Step(scaling(1, 1), (100, 100), (0, 0, 100, 50)))
    turned = Affine(rotate=20.0).step({"rng": np.random.default_rng(0)}, (100, 100))
    found = view.then(turned).render()
    assert abs((found > 127).mean() - 0.45) < 0.05


def test_points_stay_on_their_pixels():
    # one bright dot at the centre of pixel (100, 60), moved with its point
    image = np.zeros((200, 300, 3), dtype=np.uint8)
    cv2.circle(image, (100, 60), 6, (255, 255, 255), -1)
    for seed in range(8):
        ops = create_operators([{"IaaAugment": {"augmenter_args": MOVES}}])
        sample = {
            "image": image,
            "polys": np.array([[[100.5, 60.5]]], dtype=np.float32),
            "rng": np.random.default_rng(seed),
        }
        done = Compose([DecodeImage("BGR"), *ops])(sample)
        ys, xs = np.nonzero(done["image"][:, :, 0] > 127)
        np.testing.assert_allclose(
            done["polys"][0, 0], [xs.mean() + 0.5, ys.mean() + 0.5], atol=0.6
        )


@pytest.mark.parametrize("name", AUGMENTERS.names())
def test_every_augmenter_runs_and_repeats_itself(name):
    settings = {"Resize": {"size": [0.5, 2.0]}, "Crop": {"percent": [0.0, 0.2]}}.get(name, {})

    def once(image):
        ops = create_operators(
            [{"IaaAugment": {"augmenter_args": [{"type": name, "args": settings}]}}]
        )
        sample = {"image": image.copy(), "rng": np.random.default_rng(5)}
        sample["polys"] = np.array([box(5, 5, 20, 10)], dtype=np.float32)
        return ops[0](sample)

    first, second = once(page()), once(page())
    np.testing.assert_array_equal(first["image"], second["image"])
    np.testing.assert_array_equal(first["polys"], second["polys"])
    assert first["image"].dtype == np.uint8
    assert first["image"].shape[2] == 3
    for side in ((1, 1), (1, 40), (40, 1)):
        assert once(np.full((*side, 3), 9, dtype=np.uint8))["image"].size > 0


def test_the_same_key_gives_the_same_sample_and_another_one_does_not():
    ops = train_ops()
    first, again, other = (run(ops, True, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first["image"], again["image"])
    np.testing.assert_array_equal(first["polys"], again["polys"])
    assert not np.array_equal(first["image"], other["image"])


def test_the_caller_keeps_its_sample():
    sample = {"image": encoded(page()), "label": label(*QUADS), "rng": np.random.default_rng(0)}
    before = dict(sample)
    Compose(train_ops())(sample)
    assert sample.keys() == before.keys()
    assert sample["image"] is before["image"]
