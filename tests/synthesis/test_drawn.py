"""Drawn lines and pages: readable by their labels, tight, turned as prediction turns them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr.geometry.polygon import signed_areas
from ppocr.synthesis import pages, writing
from ppocr.synthesis.pages import Pages, Region
from ppocr.synthesis.plan import Job
from ppocr.synthesis.typefaces import FontSet, FontSettings
from ppocr.synthesis.writing import Spacing
from tests.synthesis.drawing import SANS, artist, config, plan

FACE = FontSet.of(FontSettings(files=[SANS])).faces[0]
FLAT = {"name": "Lines", "wide": 0.0, "beside": [0.1, 0.1], "above": [0.1, 0.1], "slip": 0.0,
        "along": 1.0, "neighbours": 0.0}  # fmt: skip
MOVING = [
    {"Rotation": {"degrees": [-6, 6]}},
    {"Perspective": {"reach": 0.05}},
    {"Curve": {"probability": 0.5, "depth": 0.01}},
]


def decoded(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def ink_of(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) < 165


def test_the_ink_of_a_line_fills_its_box():
    for text in ("Total", "gyp", "ABC 12"):
        line = writing.across(FACE, text, 40)
        left, top, right, bottom = line.box
        x, y, width, height = cv2.boundingRect(line.mask)
        assert (x, y, x + width, y + height) == (left, top, right, bottom)
        assert line.mask.shape[0] > bottom + 20
    letters = writing.across(FACE, "nnn", 40)
    assert letters.baseline == letters.box[3]  # letters without descenders stand on it
    assert writing.across(FACE, "ggg", 40).baseline < writing.across(FACE, "ggg", 40).box[3]


def test_a_lone_sign_gets_a_box_that_is_not_absurdly_thin():
    dash, dot = writing.across(FACE, "-", 40), writing.across(FACE, ".", 40)
    for line in (dash, dot):
        left, top, right, bottom = line.box
        assert bottom - top >= 0.5 * 40
        assert right - left >= 0.2 * 40


def test_room_between_letters_and_words_widens_the_line():
    def wide(spacing):
        left, _, right, _ = writing.across(FACE, "ab cd", 40, spacing).box
        return right - left

    plain = wide(writing.PLAIN)
    assert wide(Spacing(0.2, 1.0)) == pytest.approx(plain + 4 * 0.2 * 40, abs=4)
    assert wide(Spacing(0.0, 3.0)) > plain + 15


def test_lines_downwards_are_upright_characters_below_each_other():
    line = writing.downwards(FACE, "III", 40)
    rows = line.mask[:, line.box[0] : line.box[2]].any(axis=1)
    assert np.count_nonzero(np.diff(rows.astype(int)) == 1) == 3
    assert line.box[3] - line.box[1] > 2.5 * 40
    gap = writing.downwards(FACE, "I I", 40)
    assert gap.box[3] - gap.box[1] < line.box[3] - line.box[1]


def test_arabic_is_joined_and_runs_from_right_to_left():
    joined, letters = "سلام", "س ل ا م"
    assert writing.across(FACE, joined, 40).box[2] < writing.across(FACE, letters, 40).box[2]
    mixed = writing.across(FACE, "سا", 60)  # alef is the last letter: leftmost, tall and thin
    left, top, right, bottom = mixed.box
    third = (right - left) // 3
    height = [
        np.flatnonzero(mixed.mask[:, x : x + third].any(axis=1)) for x in (left, right - third)
    ]
    assert np.ptp(height[0]) > np.ptp(height[1])


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_reaches_beyond_its_ink_as_far_as_it_should(seed):
    one = artist(Layout=FLAT, Global={"seed": seed})
    image = decoded(one.draw(Job(0, "Hamburg", 0)).content)
    rows, columns = np.nonzero(ink_of(image))
    height = image.shape[0] / 1.2
    for free in (columns.min(), image.shape[1] - 1 - columns.max(), rows.min()):
        assert -1 <= free - 0.1 * height < 3.5


def test_along_the_corners_a_turned_line_comes_out_straight_and_upright_ones_do_not():
    turned = [{"Rotation": {"degrees": 8}}]
    straight = decoded(artist(Layout=FLAT, Effects=turned).draw(Job(0, "nnnnnnnn", 0)).content)
    upright = {**FLAT, "along": 0.0}
    leaning = decoded(artist(Layout=upright, Effects=turned).draw(Job(0, "nnnnnnnn", 0)).content)

    def slope(image):
        rows, columns = np.nonzero(ink_of(image))
        return np.polyfit(columns, rows, 1)[0]

    assert abs(slope(straight)) < 0.02
    assert slope(leaning) == pytest.approx(np.tan(np.radians(8)), abs=0.04)


def test_tall_cuts_are_turned_on_their_side_as_prediction_turns_them():
    layout = {**FLAT, "vertical": 1.0}
    image = decoded(artist(Layout=layout).draw(Job(0, "LLLLL", 0)).content)
    assert image.shape[1] > 2 * image.shape[0]
    # the foot of an L points to the right; after a quarter turn counter-clockwise it points up,
    # and its stem lies along the bottom
    rows = np.flatnonzero(ink_of(image).any(axis=1))
    counts = ink_of(image)[rows[0] : rows[-1] + 1].sum(axis=1)
    assert counts[-3:].sum() > 2 * counts[:3].sum()
    upright = decoded(artist(Layout=layout).draw(Job(0, "M", 0)).content)
    rows, columns = np.nonzero(ink_of(upright))
    assert upright.shape[0] < 1.5 * upright.shape[1]


def test_a_sample_depends_on_its_seed_and_number_alone():
    effects = [{name: {"probability": 0.5}} for name in ("Perspective", "FadedInk", "Shadow")]
    one, other = artist(Effects=effects), artist(Effects=effects)
    other.draw(Job(3, "something else", 1))
    assert one.draw(Job(7, "same", 0)) == other.draw(Job(7, "same", 0))
    assert one.draw(Job(7, "same", 0)) != one.draw(Job(8, "same", 0))
    seeded = artist(Effects=effects, Global={"seed": 6})
    assert seeded.draw(Job(7, "same", 0)) != one.draw(Job(7, "same", 0))


def page(seed: int, **sections) -> tuple[np.ndarray, tuple[Region, ...]]:
    layout = {
        "name": "Pages",
        "width": [500, 600],
        "height": [500, 700],
        **sections.pop("more", {}),
    }
    one = artist(Layout=layout, Global={"seed": seed}, **sections)
    drawn = one.draw(Job(0))
    assert drawn.rejected is None
    return decoded(drawn.content), drawn.regions


@pytest.mark.parametrize("seed", range(6))
def test_boxes_of_a_page_hold_its_ink_and_are_tight(seed, monkeypatch):
    monkeypatch.setattr(pages, "RULE", 0)
    image, regions = page(seed, Effects=MOVING)
    height, width = image.shape[:2]
    inside = np.zeros((height, width), np.uint8)
    ink = ink_of(image)
    for one in regions:
        quad = np.array(one.corners, np.int32)
        assert (quad >= 0).all()
        assert (quad < (width, height)).all()
        assert signed_areas(quad[None].astype(float))[0] > 0  # clockwise on the screen
        cv2.fillPoly(inside, [quad], 1)
        own = np.zeros_like(inside)
        cv2.fillPoly(own, [quad], 1)
        assert ink[own == 1].mean() > 0.04, one.text
    around = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    assert np.count_nonzero(ink & (around == 0)) < 0.004 * np.count_nonzero(ink)


def test_lines_of_a_page_do_not_lie_on_each_other():
    for seed in range(5):
        image, regions = page(seed)
        covered = np.zeros(image.shape[:2], np.uint8)
        for one in regions:
            (x0, y0), _, (x1, y1), _ = one.corners
            covered[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] += 1
        assert (covered > 1).mean() < 0.002


def test_pages_whose_lines_run_downwards_begin_at_the_right():
    _, regions = page(2, more={"vertical": 1.0, "full": [1.0, 1.0]})
    assert len(regions) > 3
    for one in regions:
        (x0, y0), _, (x1, y1), _ = one.corners
        if len(one.text) > 3:
            assert y1 - y0 > x1 - x0
    lefts = [one.corners[0][0] for one in regions]
    assert lefts[0] > lefts[-1]
    assert sorted(lefts, reverse=True) == pytest.approx(lefts, abs=20)


def test_texts_of_a_page_fit_the_columns_and_its_fonts_are_named():
    _, regions = page(1, more={"columns": [3, 3], "margin": [0.05, 0.05], "fields": 0.4})
    assert {one.font for one in regions} <= {"DejaVuSans", "DejaVuSerif"}
    assert all(one.text == one.text.strip() and one.text for one in regions)
    widths = [one.corners[1][0] - one.corners[0][0] for one in regions]
    assert max(widths) < 600 / 3


def test_a_page_too_narrow_for_any_text_is_not_drawn():
    layout = {"name": "Pages", "width": [16, 16], "height": [40, 40], "columns": [3, 3]}
    drawn = artist(Layout=layout).draw(Job(0))
    assert drawn.rejected is not None
    assert drawn.rejected.reason == "empty page"


def test_pages_take_a_size_and_other_settings():
    assert Pages(width=[20, 20]).width == [20, 20]
    assert len(plan(Layout={"name": "Pages"})) == config()["Global"]["number"]
