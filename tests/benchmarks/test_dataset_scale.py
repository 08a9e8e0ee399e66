"""The benchmark of large label files compares what gives the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import dataset_scale

pytestmark = pytest.mark.skipif(not dataset_scale.MEMORY.exists(), reason="needs Linux' /proc")


def test_the_table_has_every_way_to_keep_lines(capsys, tmp_path):
    words = ["--lines", "6000", "--rows", "200", "--folder", str(tmp_path)]
    assert dataset_scale.main(words) == 0
    said = capsys.readouterr().out
    assert "6000 lines" in said
    for name in ("list of 6000 lines", "index, first start", "index of 5000 lines"):
        assert f"| {name} | " in said
    assert not list(tmp_path.iterdir())


def test_both_ways_read_the_same(tmp_path):
    path = tmp_path / "rows.txt"
    dataset_scale.write(path, 3000)
    chosen = dataset_scale.numbers(3000, 100)
    plain, indexed = dataset_scale.Lines(path), dataset_scale.Indexed(path)
    assert len(plain) == len(indexed) == 3000
    assert dataset_scale.read(plain, chosen) == dataset_scale.read(indexed, chosen)
    assert dataset_scale.read(plain, chosen) != dataset_scale.read(plain, chosen[1:])
    assert plain.row(2999) == indexed.row(2999)
    assert Path(plain.row(7)[0]).name == "000000007.jpg"
