"""What weights keep of the characters they were trained with."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ppocr.pipeline import trained_with
from ppocr.utils import safetensors_file

OURS = {"character_dict": ["a", "b"], "use_space_char": False}


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        ({trained_with.KEY: json.dumps(OURS)}, {trained_with.KEY: OURS}),
        ({trained_with.KEY: "of another program"}, {}),
        ({trained_with.KEY: json.dumps(["a", "b"])}, {}),
        ({}, {}),
    ],
)
def test_notes_of_other_programs_are_not_taken_for_ours(tmp_path, notes, found):
    pytest.importorskip("safetensors")
    path = tmp_path / "rec.safetensors"
    safetensors_file.write(path, {"w": np.zeros(2, np.float32)}, notes)
    assert trained_with.noted_with(path) == found
