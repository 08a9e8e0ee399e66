"""From a page to its lines: order, crops, direction, drop score; the same from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ppocr.geometry.crop import cut_line
from ppocr.pipeline.opening import open_runner
from ppocr.serving.system import TextSystem, find_boxes
from tests.serving import graphs


def quad(left, top, right, bottom) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def finds(*boxes):
    """A detector that finds these boxes on every page; scores tell them apart."""
    return lambda images: [
        {"points": list(boxes), "scores": [0.9 - 0.1 * n for n in range(len(boxes))]}
        for _ in images
    ]


def read_brightness(images):
    """A recogniser whose text is the mean value of the crop and whose score grows with it."""
    return [(str(round(float(image.mean()))), float(image.mean()) / 255) for image in images]


@pytest.fixture
def page():
    """Three areas of known brightness on black."""
    image_HWC = np.zeros((100, 200, 3), np.uint8)
    image_HWC[10:30, 10:90] = 250
    image_HWC[12:32, 110:190] = 200
    image_HWC[60:80, 10:90] = 100
    return image_HWC


AREAS = (quad(10, 60, 90, 80), quad(110, 12, 190, 32), quad(10, 10, 90, 30))


def test_lines_come_in_reading_order_with_their_own_scores(page):
    result = TextSystem(finds(*AREAS), read_brightness, drop_score=0)(page)
    assert [line.text for line in result.lines] == ["250", "200", "100"]
    assert [round(line.box.score, 1) for line in result.lines] == [0.7, 0.8, 0.9]
    assert set(result.seconds) == {"det", "crop", "rec"}


def test_the_drop_score_keeps_what_reaches_it(page):
    result = TextSystem(finds(*AREAS), read_brightness, drop_score=200 / 255)(page)
    assert [line.text for line in result.lines] == ["250", "200"]
    assert [line.text for line in result.dropped] == ["100"]
    assert result.found == 3


def test_an_empty_page_asks_no_recogniser(page):
    def fails(images):
        raise AssertionError("there is nothing to read")

    result = TextSystem(finds(), fails)(page)
    assert result.lines == ()
    assert result.found == 0


@pytest.mark.parametrize(
    ("label", "score", "turned"), [("180", 0.95, True), ("180", 0.8, False), ("0", 0.99, False)]
)
def test_crops_on_their_heads_are_turned(page, label, score, turned):
    page[10:20, 10:90] = 50  # the upper half of the first line is darker
    seen = []

    def remember(images):
        seen.extend(images)
        return [("x", 1.0)] * len(images)

    system = TextSystem(
        finds(AREAS[2]), remember, lambda images: [(label, score)] * len(images), cls_thresh=0.9
    )
    result = system(page)
    (crop,) = seen
    assert (crop[:8].mean() > crop[-8:].mean()) == turned
    assert "cls" in result.seconds


def test_tall_boxes_are_laid_down_and_polygons_boxed(page):
    assert cut_line(page, quad(10, 10, 30, 90)).shape == (20, 80, 3)
    hexagon = np.array([[10, 10], [50, 8], [90, 10], [90, 30], [50, 32], [10, 30]], np.float32)
    high, wide, _ = cut_line(page, hexagon, "poly").shape
    assert (high, wide) == pytest.approx((24, 80), abs=2)


def test_find_boxes_of_a_real_model(tmp_path):
    runner = open_runner(graphs.detector(tmp_path / "det"))
    boxes = find_boxes(runner, graphs.page(3))
    assert len(boxes) == 8
    tops = [box.points[:, 1].min() for box in boxes]
    assert all(later > earlier - 10 for earlier, later in zip(tops, tops[1:], strict=False))
    assert all(0.6 <= box.score <= 1 for box in boxes)


def test_threads_get_their_own_answers(tmp_path):
    """One system shared by eight threads answers every page as if it were alone."""
    system = TextSystem(
        open_runner(graphs.detector(tmp_path / "det")),
        open_runner(graphs.recogniser(tmp_path / "rec")),
        drop_score=0,
    )
    pages = [graphs.page(seed, lines=2 + seed % 3) for seed in range(12)]

    def told(image_HWC):
        return [(line.text, line.points.tolist(), line.score) for line in system(image_HWC).lines]

    alone = [told(one) for one in pages]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(told, pages * 3))
    assert together == alone * 3
    assert len({str(one) for one in alone}) == len(pages)
