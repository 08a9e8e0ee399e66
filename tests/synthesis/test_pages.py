"""Drawn pages: the same seed gives the same pixels, and outlines lie on the ink."""

from __future__ import annotations

import json
import string

import cv2
import numpy as np
import pytest

from ppocr.geometry.crop import rotate_crop
from ppocr.synthesis import words
from ppocr.synthesis.dataset import Recipe, write
from ppocr.synthesis.page import line, page
from ppocr.utils.files import REPOSITORY

SMALL = Recipe(train_pages=2, val_pages=1, unseen_pages=1, lines=3, seed=5)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_draws_the_same_page(seed):
    image, lines = page(np.random.default_rng(seed))
    again, _ = page(np.random.default_rng(seed))
    other, _ = page(np.random.default_rng(seed + 100))
    np.testing.assert_array_equal(image, again)
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert lines
    assert image.shape != other.shape or (image != other).any()


@pytest.mark.parametrize("seed", range(4))
def test_outlines_hold_the_ink_and_nothing_lies_between_them(seed):
    """Inside an outline there are edges; a band just around it, off other lines, is calm."""
    image, lines = page(np.random.default_rng(seed))
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.2)
    edges = cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F)
    everything = np.zeros(grey.shape, np.uint8)
    for one in lines:
        cv2.fillPoly(everything, [np.rint(one.quad_42).astype(np.int32)], 1)
    inside, outside = np.abs(edges)[everything == 1], np.abs(edges)[everything == 0]
    assert inside.mean() > 4 * outside.mean()


def test_a_line_is_wider_than_high_and_inside_its_image():
    for seed in range(30):
        image, one = line(np.random.default_rng(seed))
        crop = rotate_crop(image, one.quad_42.astype(np.float32))
        assert crop.shape[1] > 0.66 * crop.shape[0], one.text
        assert (one.quad_42 >= 0).all()
        assert (one.quad_42 <= (image.shape[1], image.shape[0])).all()


def test_texts_use_every_character_and_the_recogniser_of_the_quickstart_knows_them():
    texts = [words.text(np.random.default_rng(i)) for i in range(4000)]
    shortest, longest = words.LENGTH
    assert all(shortest <= len(text) <= longest for text in texts)
    letters_and_digits = set(string.ascii_letters + string.digits)
    assert set("".join(texts)) == letters_and_digits | set(words.PUNCTUATION) | {" "}
    assert all(text == text.strip() for text in texts)
    known = (REPOSITORY / "ppocr/utils/en_dict.txt").read_text(encoding="utf-8").split("\n")
    assert set("".join(texts)) <= set(known)


def test_the_data_set_is_complete_and_is_drawn_once(tmp_path):
    root = tmp_path / "quick"
    assert write(root, SMALL, workers=1, progress=False)
    assert not write(root, SMALL, workers=1, progress=False)
    for part, count in (("train", 2), ("val", 1)):
        rows = (root / "det" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        assert len(rows) == count
        for row in rows:
            name, boxes = row.split("\t")
            assert (root / "det" / name).is_file()
            assert all(len(box["points"]) == 4 for box in json.loads(boxes))
    rec = (root / "rec" / "train.txt").read_text(encoding="utf-8").splitlines()
    assert all((root / "rec" / row.split("\t")[0]).is_file() for row in rec)
    assert sum("line_" in row for row in rec) == SMALL.lines
    assert all(row.split("\t")[1] for row in rec)
    assert not list(tmp_path.glob("*.unfinished"))


def test_another_recipe_draws_again_and_the_number_of_workers_does_not_matter(tmp_path):
    root = tmp_path / "quick"
    write(root, SMALL, workers=1, progress=False)
    first = (root / "rec" / "train" / "line_00002.jpg").read_bytes()
    page_one = (root / "det" / "val" / "page_0000.jpg").read_bytes()
    write(tmp_path / "two", SMALL, workers=2, progress=False)
    assert (tmp_path / "two" / "rec" / "train" / "line_00002.jpg").read_bytes() == first
    assert (tmp_path / "two" / "det" / "val" / "page_0000.jpg").read_bytes() == page_one
    assert write(root, Recipe(2, 1, 1, 3, seed=6), workers=1, progress=False)
    assert (root / "det" / "val" / "page_0000.jpg").read_bytes() != page_one
