"""Weights go to .safetensors and back without a change, and are loaded from either."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from ppocr.modeling.weights import read_params
from ppocr.pipeline.trained_with import KEY, noted_with
from ppocr.utils import exits, pickles, safetensors_file
from ppocr.utils.exits import DataError
from tools import convert_weights

pytest.importorskip("safetensors")
KEPT = {KEY: {"character_dict": ["a", "\u3000", "中"], "use_space_char": True}}


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    arrays = {
        "backbone.w": generator.random((3, 4, 2), np.float32),
        "backbone.transposed": np.asfortranarray(generator.random((3, 4), np.float32)),
        "head.half": generator.random(5).astype(np.float16),
        "head.count": np.array(7, np.int64),
        "empty": np.zeros((0, 2), np.float32),
    }
    pickles.write(tmp_path / "w.pdparams", arrays)
    pickles.write(tmp_path / "w.states", {"epoch": 3, **KEPT})
    return arrays


def test_there_and_back_nothing_changes(weights, tmp_path: Path) -> None:
    middle, back = tmp_path / "m.safetensors", tmp_path / "b.pdparams"
    assert exits.run(convert_weights.main, [str(tmp_path / "w"), str(middle)]) == 0
    assert exits.run(convert_weights.main, [str(middle), str(back)]) == 0
    for path in (middle, back):
        found = read_params(path)
        assert set(found) == set(weights)
        for key, one in weights.items():
            assert found[key].dtype == one.dtype
            np.testing.assert_array_equal(found[key], one)
        assert noted_with(path) == KEPT
    assert exits.run(convert_weights.main, [str(middle), str(back)]) == 73
    assert exits.run(convert_weights.main, [str(middle), str(tmp_path / "x.pt")]) == 2


def test_bfloat16_arrives_as_paddle_keeps_it(tmp_path: Path) -> None:
    entry = {"b": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    header = json.dumps(entry).encode()
    data = struct.pack("<Q", len(header)) + header + struct.pack("<HH", 0x3F80, 0x4000)
    (tmp_path / "b.safetensors").write_bytes(data)
    found = read_params(tmp_path / "b")["b"]
    assert found.tolist() == [0x3F80, 0x4000]


@pytest.mark.parametrize("data", [b"", b"x" * 40, struct.pack("<Q", 1 << 60) + b"{}"])
def test_a_damaged_file_is_a_data_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d.safetensors").write_bytes(data)
    with pytest.raises(DataError, match="damaged or no safetensors file"):
        safetensors_file.read(tmp_path / "d.safetensors")
