"""The names that scripts of others import still work."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tools.infer import utility


def test_flags_as_a_namespace(monkeypatch):
    monkeypatch.setattr("sys.argv", ["x.py", "--det_db_thresh", "0.2", "--use_gpu", "False"])
    given = utility.parse_args()
    assert given.det_db_thresh == 0.2
    assert given.use_gpu is False
    assert given.det_db_box_thresh is None  # as exported
    assert given.drop_score == 0.5


def test_crops_and_drawings():
    page = np.full((60, 100, 3), 200, np.uint8)
    box = np.array([[10, 10], [90, 10], [90, 30], [10, 30]], np.float32)
    assert utility.get_rotate_crop_image(page, box).shape == (20, 80, 3)
    assert utility.get_minarea_rect_crop(page, box).shape[2] == 3
    assert (utility.draw_text_det_res([box], page) != page).any()
    both = utility.draw_ocr_box_txt(Image.fromarray(page), [box, box], ["kept", "not"], [0.9, 0.1])
    once = utility.draw_ocr_box_txt(page, [box], ["kept"])
    assert both.shape == (60, 200, 3)
    np.testing.assert_array_equal(both, once)


def test_truth():
    assert utility.str2bool("True") is True
    assert utility.str2bool("false") is False
