"""Which rows an epoch takes: ``ratio_list`` below, at and above 1, without a list of rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ppocr.config.errors import ConfigError
from ppocr.data.shares import ratios_for
from ppocr.data.simple import SimpleDataSet


@pytest.fixture
def source(tmp_path):
    def make(sizes, ratios):
        paths = []
        for number, size in enumerate(sizes):
            paths.append(tmp_path / f"{number}.txt")
            paths[-1].write_text("".join(f"{row}.png\t{row}\n" for row in range(size)))
        return SimpleDataSet(str(tmp_path), [str(path) for path in paths], [], ratios)

    return make


def rows(source, epoch: int = 0, training: bool = True, seed: int = 5) -> list[int]:
    return [source.row(p, seed, epoch, training) for p in range(source.count(training))]


def test_a_ratio_of_one_is_the_files_in_their_order(source):
    found = source((7, 0, 5), 1.0)
    assert rows(found) == list(range(12)) == rows(found, 9)
    with pytest.raises(IndexError):
        found.row(12, 5, 0, True)


@pytest.mark.parametrize("ratio", [0.04, 0.5, 0.7, 0.99])
def test_a_part_has_every_row_once_at_most_and_all_equally_often(source, ratio):
    found = source((100,), ratio)
    seen: Counter[int] = Counter()
    for epoch in range(400):
        part = rows(found, epoch)
        assert len(set(part)) == len(part) == round(100 * ratio)
        seen.update(part)
    counts = np.array([seen[row] for row in range(100)])
    spread = 5 * np.sqrt(400 * ratio * (1 - ratio))
    assert abs(counts - 400 * ratio).max() < spread


@pytest.mark.parametrize("ratio", [1.0, 2.0, 2.5, 3.2])
def test_above_one_every_row_comes_as_often_as_the_whole_number_says(source, ratio):
    found = source((20, 10), [1.0, ratio])
    counts = Counter(rows(found))
    assert all(counts[row] == 1 for row in range(20))
    more = sorted(counts[row] for row in range(20, 30))
    assert sum(more) == round(10 * ratio)
    assert set(more) <= {int(ratio), int(ratio) + 1}


def test_evaluation_repeats_nothing_and_takes_the_same_part_in_the_order_of_the_file(source):
    found = source((50, 10), [0.3, 2.5])
    part = rows(found, 0, training=False)
    assert part == sorted(part) == rows(found, 7, training=False)
    assert part[15:] == list(range(50, 60))


def test_a_part_follows_from_seed_and_epoch_alone(source):
    found = source((60,), 0.4)
    assert rows(found, 3) == rows(source((60,), 0.4), 3)
    assert rows(found, 3) != rows(found, 4)
    assert rows(found, 3) != rows(found, 3, seed=6)


def test_spans_say_which_positions_belong_to_which_file(source):
    found = source((10, 0, 20), [0.5, 1.0, 2.0])
    assert [(one.first, one.end) for one in found.spans(True)] == [(0, 5), (5, 5), (5, 45)]
    assert [(one.first, one.end) for one in found.spans(False)] == [(0, 5), (5, 5), (5, 25)]
    for position in range(45):
        first, end = found.span(position, True)
        assert first <= position < end
        number, _ = found.where(found.row(position, 5, 0, True))
        assert number == (0 if position < 5 else 2)


def test_ratios_that_do_not_fit():
    assert ratios_for(3, 0.5) == ratios_for(3, [0.5]) == [0.5] * 3
    with pytest.raises(ConfigError, match="2 values for 3"):
        ratios_for(3, [1, 2])
    with pytest.raises(ConfigError, match="negative"):
        ratios_for(2, [1, -1])
