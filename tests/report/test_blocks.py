"""What stands on a page is text, never HTML of its own."""

from __future__ import annotations

import re

import numpy as np

from ppocr.report import blocks, charts, drawing
from ppocr.report.blocks import Chart, Shelf, Shown, Table

EVIL = "<script>alert('x')</script>\"'&"


def test_nothing_given_becomes_html():
    body = "".join(
        [
            blocks.block(Table((EVIL,), ((EVIL, 1),), EVIL)),
            blocks.block(Chart(EVIL, charts.bars([(EVIL, 1.0, True)]), EVIL)),
            blocks.block(Shelf(EVIL, (Shown("", EVIL, EVIL, EVIL, EVIL),))),
        ]
    )
    head = blocks.head(EVIL, EVIL, (EVIL, False), "", [(EVIL, EVIL, True)], [EVIL])
    page = blocks.page(EVIL, head, blocks.section(EVIL, EVIL, body))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 10
    assert "default-src 'none'" in page


def test_bars_are_parts_of_the_whole_where_one_is_given():
    half, longest = (charts.bars([("a", 50.0, False)], whole=w) for w in (100.0, None))
    assert 'width="155.0"' in half
    assert 'width="310.0"' in longest


def test_no_line_of_a_histogram_crosses_the_word_of_another():
    """The word of the lower value stands above the line of the higher one, in whatever order."""
    for marks in ([(8, "low"), (9, "high")], [(9, "high"), (8, "low")]):
        drawn = charts.histogram(np.arange(20), marks)
        text = {word: int(y) for y, word in re.findall(r'y="(-?\d+)" text-\S+>(low|high)<', drawn)}
        tops = sorted(int(y) for y in re.findall(r'class="mark"[^>]* y1="(-?\d+)"', drawn))
        assert text["low"] < tops[1] <= text["high"]


def test_a_line_keeps_its_height_and_a_page_its_size():
    import numpy as np

    line, scale = drawing.small(np.zeros((80, 400, 3), np.uint8))
    assert line.shape == (40, 200, 3)
    assert scale == 0.5
    page, _ = drawing.small(np.zeros((900, 600, 3), np.uint8), 300)
    assert page.shape == (300, 200, 3)
    assert drawing.data_uri(page).startswith("data:image/jpeg;base64,")
