"""Drawings: text stays inside its box, is as large as fits, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.serving import draw
from ppocr.serving.fonts import Font, FontChain
from ppocr.utils.exits import MissingInput
from ppocr.utils.fonts import with_matplotlib

BLANK = 255


def quad(left, top, right, bottom) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


@pytest.fixture
def latin():
    """Only the font that comes with matplotlib: it has no ideographs, anywhere."""
    chain = FontChain()
    chain._rest = iter([with_matplotlib("DejaVuSans.ttf")])
    return chain


def ink(canvas: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what is darker than paper."""
    rows, columns = np.nonzero(canvas.min(axis=2) < 200)
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (quad(30, 40, 230, 70), "TOTAL 12.50"),
        (quad(30, 40, 130, 80), "a long text for so narrow a box"),
        (quad(100, 20, 130, 180), "downwards"),
    ],
)
def test_text_fills_its_box_and_stays_inside(latin, box, text):
    canvas = np.full((200, 260, 3), BLANK, np.uint8)
    draw.write_inside(canvas, box, text, latin)
    left, top, right, bottom = ink(canvas)
    assert box[:, 0].min() <= left <= right <= box[:, 0].max()
    assert box[:, 1].min() <= top <= bottom <= box[:, 1].max()
    used = (right - left) / np.ptp(box[:, 0]), (bottom - top) / np.ptp(box[:, 1])
    assert max(used) > 0.6


def test_text_follows_a_leaning_box(latin):
    canvas = np.full((200, 300, 3), BLANK, np.uint8)
    draw.write_inside(
        canvas, np.array([[20, 100], [270, 20], [280, 50], [30, 130]]), "leaning", latin
    )
    rows, columns = np.nonzero(canvas.min(axis=2) < 128)
    slope = np.polyfit(columns, rows, 1)[0]
    assert slope == pytest.approx(-80 / 250, abs=0.1)


def test_no_text_leaves_the_paper_white(latin):
    canvas = np.full((50, 80, 3), BLANK, np.uint8)
    draw.write_inside(canvas, quad(5, 5, 60, 30), "  ", latin)
    draw.write_inside(canvas, quad(5, 5, 5, 5), "x", latin)
    draw.write_inside(canvas, quad(500, 500, 600, 530), "outside", latin)
    assert (canvas == BLANK).all()


def test_the_page_and_its_texts_side_by_side(latin):
    page = np.full((120, 200, 3), 180, np.uint8)
    boxes = [quad(20, 20, 160, 44), quad(20, 70, 100, 94)]
    both = draw.draw_page(page, boxes, ["FIRST LINE", "SECOND"], latin)
    assert both.shape == (120, 400, 3)
    left, right = both[:, :200], both[:, 200:]
    np.testing.assert_array_equal(left[50:66], page[50:66])  # between the boxes: as it was
    inside = left[30, 90].astype(float)
    expected = 0.3 * np.array(draw.colour(0)) + 0.7 * 180
    np.testing.assert_allclose(inside, expected, atol=2)
    assert (right[50:66] == BLANK).all()
    assert (right[24:40, 24:150].min(axis=2) < 100).any()


def test_neighbouring_boxes_differ_in_colour():
    colours = [np.array(draw.colour(number), float) for number in range(30)]
    gaps = [np.abs(one - other).max() for one, other in zip(colours, colours[1:], strict=False)]
    assert min(gaps) > 60


def test_what_no_font_can_draw_is_remembered_once(latin):
    latin.choose("Größe £5")
    assert not latin.undrawable
    latin.choose("总计")
    latin.choose("总额")
    assert "".join(latin.undrawable) == "总计额"


def test_the_font_knows_what_it_lacks():
    font = Font(with_matplotlib("DejaVuSans.ttf"))
    assert font.lacks("abc ÄÖ 收x据收") == "收据"


def test_a_larger_box_gets_a_larger_font():
    font = Font(with_matplotlib("DejaVuSans.ttf"))
    sizes = [font.fit("TOTAL", width, 100).size for width in (50, 100, 200)]
    assert sizes[0] < sizes[1] < sizes[2]
    for width in (33, 57, 120):
        fitted = font.fit("TOTAL 12", width, 40)
        assert fitted.getlength("TOTAL 12") <= width + 1
        assert sum(fitted.getmetrics()) <= 41


def test_a_font_that_is_not_there_is_told():
    with pytest.raises(MissingInput, match="vis_font_path"):
        FontChain("no/such/font.ttf")
