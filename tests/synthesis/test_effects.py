"""Effects: pixels and corners move together, ink stays ink, pictures stay pictures."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from ppocr.config import Section
from ppocr.geometry.polygon import signed_areas
from ppocr.synthesis import EFFECTS, writing
from ppocr.synthesis.bending import STILL, Curve, Moving, Perspective, Rotation, Slant
from ppocr.synthesis.effects import Effects
from ppocr.synthesis.ink import FadedInk, Frame, InkEffect, StrikeThrough, Thicken, Thin, Underline
from ppocr.synthesis.settings import Entry
from ppocr.synthesis.typefaces import FontSet, FontSettings
from ppocr.transforms.augment_color import PixelOp
from ppocr.transforms.warp import shift
from tests.synthesis.drawing import SANS

FACE = FontSet.of(FontSettings(files=[SANS])).faces[0]
MOVES = [Rotation((-8, 8)), Slant((-15, 15)), Perspective(0.08)]


def line(text: str = "Hamburg 12", downwards: bool = False) -> writing.Line:
    return (writing.downwards if downwards else writing.across)(FACE, text, 32)


@pytest.mark.parametrize("name", EFFECTS.names())
@pytest.mark.parametrize("size", [(4, 4), (60, 24), (40, 300)])
def test_every_effect_works_on_every_size_and_repeats_itself(name, size):
    effect = EFFECTS.build({"name": name})
    first, second = (np.random.default_rng(7) for _ in range(2))
    if isinstance(effect, PixelOp):
        image = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
        once, again = (effect.change(image.copy(), rng) for rng in (first, second))
        assert once.shape == image.shape
        assert once.dtype == np.uint8
        np.testing.assert_array_equal(once, again)
    elif isinstance(effect, InkEffect):
        for downwards in (False, True):
            before = line(downwards=downwards)
            once = effect.change(before, np.random.default_rng(7))
            again = effect.change(before, np.random.default_rng(7))
            assert once.mask.shape == before.mask.shape
            assert once.mask.dtype == np.uint8
            assert once.box == before.box
            np.testing.assert_array_equal(once.mask, again.mask)
    else:
        assert isinstance(effect, Moving)
        found = effect.movement(first, (size[1], size[0]), STILL)
        assert np.isfinite(found.points(np.array([[0, 0], [3, 3]], np.float32))).all()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_box_is_where_its_pixels_went(seed, count):
    """Straight movements in any combination: corners of a white box, found in the warped image."""
    rng = np.random.default_rng(seed)
    movement = STILL
    for effect in list(itertools.permutations(MOVES))[seed][:count]:
        movement = effect.movement(rng, (300, 200), movement)
    image = np.zeros((200, 300), np.uint8)
    cv2.rectangle(image, (90, 70), (209, 129), 255, cv2.FILLED)
    x0, y0, x1, y1 = movement.bounds((0, 0, 299, 199))
    movement = movement.then(shift(-x0, -y0))
    moved = movement.warp(image, (int(x1 - x0) + 1, int(y1 - y0) + 1))
    quad = movement.box((89.5, 69.5, 209.5, 129.5))
    for first, second in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        values = [value_at(moved, first + part * (second - first)) for part in (0.1, 0.3, 0.6, 0.9)]
        assert np.mean(values) == pytest.approx(127, abs=30)  # half way between paper and box
    inwards = (quad.mean(axis=0) - quad) * 0.08
    assert all(value_at(moved, corner) > 200 for corner in quad + inwards)
    assert all(value_at(moved, corner) < 50 for corner in quad - inwards)


def value_at(image: np.ndarray, point: np.ndarray) -> int:
    return int(cv2.getRectSubPix(image, (1, 1), (float(point[0]), float(point[1])))[0, 0])


@pytest.mark.parametrize("seed", range(6))
def test_a_bent_box_is_framed_and_its_outline_lies_on_the_edge_of_its_pixels(seed):
    rng = np.random.default_rng(seed)
    movement = Curve(depth=0.12, waves=(0.6, 2.0)).movement(rng, (300, 200), STILL)
    movement = Rotation((-6, 6)).movement(rng, (300, 200), movement)
    image = np.zeros((200, 300), np.uint8)
    cv2.rectangle(image, (60, 70), (239, 109), 255, cv2.FILLED)
    x0, y0, x1, y1 = movement.bounds((0, 0, 299, 199))
    movement = movement.then(shift(-x0, -y0))
    moved = movement.warp(image, (int(x1 - x0) + 1, int(y1 - y0) + 1))
    along = np.linspace(60, 239, 90)
    top = movement.points(np.stack([along, np.full(90, 69.5)], axis=1))
    values = [value_at(moved, point) for point in top[2:-2]]
    assert np.mean(values) == pytest.approx(127, abs=25)  # half way between paper and box
    frame = np.zeros_like(moved)
    quad = movement.box((60, 70, 239, 109))
    cv2.fillPoly(frame, [np.rint(quad).astype(np.int32)], 255)
    frame = cv2.dilate(frame, np.ones((3, 3), np.uint8))
    assert not np.any((moved > 127) & (frame == 0))
    left_up = movement.points(np.array([[60.0, 70.0]]))[0]
    assert np.argmin(np.linalg.norm(quad - left_up, axis=1)) == 0
    assert signed_areas(quad[None].astype(float))[0] > 0  # clockwise on the screen


def test_still_moves_nothing():
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(STILL.warp(image, (30, 20)), image)
    np.testing.assert_allclose(STILL.box((1, 2, 3, 4)), [[1, 2], [3, 2], [3, 4], [1, 4]])


def test_what_a_page_leaves_free_shows_what_it_lies_on():
    under = np.full((60, 80, 3), 7, np.uint8)
    page = np.full((40, 50, 3), 200, np.uint8)
    movement = STILL.then(shift(10, 12))
    seen = movement.warp(page, (80, 60), over=under)
    assert (seen[12:52, 10:60] == 200).all()
    assert (seen[:10] == 7).all()
    assert (seen[:, 62:] == 7).all()
    assert (under == 7).all()


def test_strokes_are_where_they_are_called():
    rng = np.random.default_rng(0)
    before = line("nnnn")
    left, top, right, bottom = before.box
    under = Underline(width=0.1, gap=0.1, dotted=0).change(before, rng).mask
    assert (under[bottom + 3 : bottom + 5, left:right] == 255).all()
    dotted = Underline(width=0.1, gap=0.1, dotted=1).change(before, rng).mask
    assert 0.3 < (dotted[bottom + 4, left:right] == 255).mean() < 0.7
    through = StrikeThrough(0.06).change(before, rng).mask
    rows = (through[:, left:right] == 255).all(axis=1)
    assert top < np.flatnonzero(rows)[0] < bottom
    framed = Frame(width=0.05, gap=0.2, sides=1.0).change(before, rng).mask
    columns = (framed[top:bottom] == 255).all(axis=0)
    assert columns[:left].any()
    assert columns[right:].any()


def test_weight_of_the_ink_goes_up_and_down_and_thin_strokes_stay():
    rng = np.random.default_rng(0)
    before = line()
    ink = before.mask.sum(dtype=float)
    assert Thicken(0.05).change(before, rng).mask.sum(dtype=float) > 1.2 * ink
    thin = Thin(0.08).change(before, rng).mask
    assert 0.3 * ink < thin.sum(dtype=float) < 0.9 * ink
    faded = FadedInk(least=0.3, holes=0.1).change(before, rng).mask
    assert 0.4 * ink < faded.sum(dtype=float) < 0.95 * ink
    assert (faded[before.mask == 0] == 0).all()


def test_effects_happen_as_often_as_their_probability_says():
    entries = [Entry(Section({"name": name}), share) for name, share in
               (("Invert", 0.3), ("Rotation", 0.0), ("Curve", 1.0))]  # fmt: skip
    effects = Effects(entries)
    image, rng = np.zeros((4, 4, 3), np.uint8), np.random.default_rng(0)
    turned = sum(effects.pixels(image, rng).any() for _ in range(600))
    assert turned / 600 == pytest.approx(0.3, abs=0.06)
    assert effects.movement(rng, (100, 40)).bend is not None
    assert effects.movement(rng, (40, 100), straight=True) is STILL
