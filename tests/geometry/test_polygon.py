"""Areas, offsets and overlaps, against shapely one polygon at a time."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from ppocr.geometry import polygon as room


def random_polygons(count: int, corners: int, seed: int = 0) -> np.ndarray:
    """Return star-shaped polygons, which never cross themselves."""
    random = np.random.default_rng(seed)
    angles = np.arange(corners) * 2 * np.pi / corners + random.uniform(0, 6, (count, 1))
    radii = random.uniform(5, 30, (count, corners))
    centres = random.uniform(30, 170, (count, 1, 2))
    return centres + radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@pytest.mark.parametrize("corners", [3, 4, 11])
def test_areas_and_outlines_are_those_of_shapely(corners):
    polygons = random_polygons(40, corners)
    wanted = shapely.polygons(polygons)
    np.testing.assert_allclose(np.abs(room.signed_areas(polygons)), shapely.area(wanted))
    np.testing.assert_allclose(room.perimeters(polygons), shapely.length(wanted))
    assert room.area(polygons[0]) == pytest.approx(wanted[0].area)
    assert room.perimeter(polygons[0]) == pytest.approx(wanted[0].length)


def test_the_sign_of_an_area_tells_the_direction():
    clockwise = np.array([[0, 0], [4, 0], [4, 2], [0, 2]])
    assert room.signed_areas(clockwise) == 8
    assert room.signed_areas(clockwise[::-1]) == -8


def test_distances_of_growing_and_shrinking():
    square = np.array([[[0, 0], [10, 0], [10, 10], [0, 10]]])
    assert room.unclip_distances(square, 1.5).tolist() == [100 * 1.5 / 40]
    assert room.shrink_distances(square, 0.4).tolist() == [pytest.approx(100 * 0.84 / 40)]
    assert room.unclip_distances(np.zeros((1, 4, 2)), 1.5).tolist() == [0.0]
    assert room.unclip_distances(np.zeros((0, 4, 2)), 1.5).tolist() == []


def test_growing_rounds_corners_and_shrinking_may_split_or_leave_nothing():
    square = np.array([[0, 0], [20, 0], [20, 20], [0, 20]])
    (grown,) = room.offset(square, 5)
    assert grown.dtype == np.int64
    assert (grown.min(), grown.max()) == (-5, 25)
    assert room.area(grown) < 30 * 30
    assert room.offset(square, -10) == []
    dumbbell = [[0, 0], [20, 0], [20, 9], [40, 9], [40, 0], [60, 0]]
    dumbbell += [[60, 20], [40, 20], [40, 11], [20, 11], [20, 20], [0, 20]]
    assert len(room.offset(dumbbell, -3)) == 2


def test_padding_repeats_the_last_point():
    padded = room.pad_polygons([np.array([[0, 0], [1, 0], [1, 1]]), np.zeros((5, 2))])
    assert padded.shape == (2, 5, 2)
    assert padded[0].tolist() == [[0, 0], [1, 0], [1, 1], [1, 1], [1, 1]]
    assert room.pad_polygons([]).shape == (0, 4, 2)


@pytest.mark.parametrize("as_list", [False, True])
def test_common_areas_are_those_of_every_pair(as_list):
    first, second = random_polygons(30, 5, seed=1), random_polygons(25, 5, seed=2)
    a = room.shapes(list(first) if as_list else first)
    b = room.shapes(list(second) if as_list else second)
    i, j, common = room.overlaps(a, b)
    table = np.zeros((len(a), len(b)))
    table[i, j] = common
    wanted = shapely.area(shapely.intersection(a[:, None], b[None]))
    np.testing.assert_allclose(table, wanted)
    assert len(i) < table.size / 2
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == list(
        zip(i.tolist(), j.tolist(), strict=True)
    )


def test_shapes_of_different_lengths_keep_their_places():
    triangle, quad = np.array([[0, 0], [4, 0], [0, 4]]), np.array([[0, 0], [2, 0], [2, 2], [0, 2]])
    made = room.shapes([triangle, np.array([[1, 1], [2, 2]]), quad])
    assert shapely.area(made).tolist() == [8, 0, 4]
    assert len(room.shapes([])) == 0
