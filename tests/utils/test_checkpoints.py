"""A path of weights means the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.utils import checkpoints
from ppocr.utils.exits import MissingInput


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize("ending", ["", ".pdparams", ".pdopt", ".states"])
def test_prefix_and_files_stand_for_the_same(tmp_path: Path, ending: str) -> None:
    _touch(tmp_path, "best.pdparams", "best.pdopt", "best.states")
    found = checkpoints.find(f"{tmp_path / 'best'}{ending}")
    assert [one and one.suffix for one in (found.params, found.optimizer, found.states)] == [
        *(".pdparams", ".pdopt", ".states")
    ]
    assert checkpoints.exists(f"{tmp_path / 'best'}{ending}")


def test_a_dot_in_the_name_is_no_ending(tmp_path: Path) -> None:
    _touch(tmp_path, "det_v2.0.pdparams")
    assert checkpoints.find(tmp_path / "det_v2.0").params.name == "det_v2.0.pdparams"


def test_safetensors_are_weights_too(tmp_path: Path) -> None:
    _touch(tmp_path, "a.safetensors", "b.safetensors", "b.pdparams", "other.bin")
    assert checkpoints.find(tmp_path / "a").params.name == "a.safetensors"
    assert checkpoints.find(tmp_path / "b").params.name == "b.pdparams"
    assert checkpoints.find(tmp_path / "b.safetensors").params.name == "b.safetensors"
    assert checkpoints.find(tmp_path / "other.bin").params.name == "other.bin"


def test_a_relative_path_may_begin_at_the_repository(tmp_path: Path, monkeypatch) -> None:
    _touch(tmp_path, "w.pdparams")
    monkeypatch.setattr(checkpoints, "REPOSITORY", tmp_path)
    assert checkpoints.find("w").params == tmp_path / "w.pdparams"
    assert checkpoints.exists("w")


def test_what_is_there_instead_is_named(tmp_path: Path) -> None:
    _touch(tmp_path, "latest.pdparams", "best_accuracy.pdparams")
    assert not checkpoints.exists(tmp_path / "best")
    for path in (tmp_path / "best", tmp_path):
        with pytest.raises(MissingInput, match="has best_accuracy, latest"):
            checkpoints.find(path)
