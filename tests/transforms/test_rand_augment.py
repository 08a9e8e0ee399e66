"""Changes of one strength, drawn from a list."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.config import ConfigError
from ppocr.transforms import create_operators
from ppocr.transforms.rand_augment import CHANGES, GRAY


def line(height: int = 24, width: int = 60, channels: int = 3) -> np.ndarray:
    """A smooth picture, so that what moves further differs more."""
    rows, columns, planes = np.ogrid[:height, :width, :channels]
    return (40 + 3 * rows + columns + 20 * planes).astype(np.uint8)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_change_keeps_size_and_type_and_the_image_it_was_given(name, channels):
    image = line(channels=channels)
    before = image.copy()
    for sign in (1.0, -1.0):
        changed = CHANGES[name](image, 0.5, sign)
        assert (changed.shape, changed.dtype) == (image.shape, np.uint8)
        np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"stretch", "equalize", "invert"}))
def test_strength_counts_and_none_leaves_the_image(name):
    image = line()
    assert distance(CHANGES[name](image, 0.0, 1.0), image) == 0
    weak, strong = (distance(CHANGES[name](image, one, 1.0), image) for one in (0.3, 0.9))
    assert 0 < weak < strong


def test_directions_are_opposite():
    image = np.zeros((20, 20, 3), dtype=np.uint8)
    image[8:12, 8:12] = 255
    left, right = (CHANGES["shift_x"](image, 0.2, one) for one in (-1.0, 1.0))
    assert (left[:, -1] == GRAY).all()
    assert (right[:, 0] == GRAY).all()
    darker, lighter = (CHANGES["brightness"](line(), 0.5, one).mean() for one in (-1.0, 1.0))
    assert darker < line().mean() < lighter


def test_known_values():
    image = np.array([[[10, 100, 200]], [[60, 120, 201]]], dtype=np.uint8)
    np.testing.assert_array_equal(CHANGES["invert"](image, 0.5, 1.0), 255 - image)
    np.testing.assert_array_equal(CHANGES["posterize"](image, 0.5, 1.0), image & 0xFC)
    assert CHANGES["solarize"](image, 0.5, 1.0).ravel().tolist() == [10, 100, 55, 60, 120, 54]
    assert CHANGES["stretch"](image, 0.5, 1.0).ravel().tolist() == [0, 0, 0, 255, 255, 255]


def test_it_is_drawn_from_the_sample_and_by_chance():
    (op,) = create_operators([{"RandAugment": {"prob": 0.5}}])
    image = line()
    changed = 0
    for seed in range(60):
        first, again = (
            op({"image": image, "rng": np.random.default_rng(seed)})["image"] for _ in range(2)
        )
        np.testing.assert_array_equal(first, again)
        changed += bool(distance(first, image))
    assert 15 < changed < 45
    (never,) = create_operators([{"RandAugment": {"prob": 0}}])
    assert never({"image": image, "rng": np.random.default_rng(0)})["image"] is image


def test_a_strength_beyond_the_scale_is_refused():
    with pytest.raises(ConfigError, match="magnitude should be 0 to 10"):
        create_operators([{"RandAugment": {"magnitude": 11}}])
