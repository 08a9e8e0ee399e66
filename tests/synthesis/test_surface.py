"""Backgrounds of any size, and inks that can be read on them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr.config import Section
from ppocr.synthesis import BACKGROUNDS
from ppocr.synthesis.photos import Photos
from ppocr.synthesis.settings import Entry, InkSettings
from ppocr.synthesis.surface import LUMA_BGR, Surface, inked
from ppocr.utils.exits import DataError, MissingInput

MADE_UP = [name for name in BACKGROUNDS.names() if name != "Photos"]


@pytest.mark.parametrize("name", MADE_UP)
@pytest.mark.parametrize("size_wh", [(4, 4), (300, 40), (30, 400), (1200, 900)])
def test_a_patch_has_the_size_asked_for_and_repeats_itself(name, size_wh):
    background = BACKGROUNDS.build({"name": name})
    one, again, other = (background.patch(np.random.default_rng(s), size_wh) for s in (1, 1, 2))
    assert one.shape == (size_wh[1], size_wh[0], 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("name", MADE_UP)
def test_ink_stands_out_from_its_paper(name):
    settings = InkSettings(min_contrast=60, strength=(0.8, 1.0), coloured=0.5, dark=0.7)
    surface = Surface([Entry(Section({"name": name}), 1.0)], settings)
    rng = np.random.default_rng(3)
    for _ in range(150):
        paper = surface.patch(rng, (200, 40))
        mask = np.full((40, 200), 255, np.uint8)
        written = surface.write(rng, paper, mask)
        contrast = abs(float((written.astype(float) - paper).mean(axis=(0, 1)) @ LUMA_BGR))
        assert contrast > 50


def test_most_inks_are_darker_than_light_paper_when_asked():
    surface = Surface([Entry(Section({"name": "Plain", "dark": 0.0}), 1.0)], InkSettings(dark=0.8))
    rng = np.random.default_rng(0)
    darker = 0
    for _ in range(300):
        paper = np.full((10, 10, 3), 130, np.uint8)
        colour, _ = surface.ink(rng, paper)
        darker += float(LUMA_BGR @ colour) < 130
    assert darker / 300 == pytest.approx(0.8, abs=0.08)


def test_colour_and_paper_are_mixed_by_the_mask():
    paper = np.full((1, 3, 3), 200, np.uint8)
    mask = np.array([[0, 128, 255]], np.uint8)
    mixed = inked(paper, mask, np.array([10.0, 20.0, 30.0]))
    np.testing.assert_array_equal(mixed[0, 0], [200, 200, 200])
    np.testing.assert_array_equal(mixed[0, 2], [10, 20, 30])
    np.testing.assert_allclose(mixed[0, 1], [105, 110, 115], atol=2)
    half = inked(paper, mask, np.array([0.0, 0.0, 0.0]), strength=0.5)
    np.testing.assert_allclose(half[0, 2], [100, 100, 100], atol=1)


def test_pieces_of_photos_come_from_the_photos(tmp_path):
    for number, value in enumerate((40, 160)):
        picture = np.full((90, 120, 3), value, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    (tmp_path / "notes.png").write_text("no picture")
    photos = Photos(str(tmp_path), keep=1)
    assert [path.name for path in photos.paths] == ["0.png", "1.png"]
    rng = np.random.default_rng(0)
    patches = [photos.patch(rng, (300, 20)) for _ in range(40)]
    assert {int(patch.mean()) for patch in patches} == {40, 160}
    assert patches[0].shape == (20, 300, 3)


def test_folders_without_photos_and_broken_ones_are_named(tmp_path):
    with pytest.raises(MissingInput, match="no such folder"):
        Photos(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no picture"):
        Photos(str(tmp_path))
    good = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))[1]
    (tmp_path / "cut.png").write_bytes(good.tobytes()[:400])
    with pytest.raises(DataError, match=r"cut\.png cannot be used as a background"):
        Photos(str(tmp_path)).patch(np.random.default_rng(0), (30, 30))
