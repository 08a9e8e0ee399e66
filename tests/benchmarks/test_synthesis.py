"""The benchmark of synthesis runs the command and measures its steps."""

from __future__ import annotations

import yaml

from benchmarks import synthesis
from tests.synthesis.drawing import config


def test_the_table_has_both_formats(capsys, tmp_path):
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(config()))
    words = ["--config", str(path), "--lines", "12", "--pages", "0", "--workers", "1"]
    assert synthesis.main(words) == 0
    said = capsys.readouterr().out
    assert "| lines | files | 1 | " in said
    assert "| lines | lmdb | 1 | " in said
    assert "picture: " in said


def test_steps_are_all_there(tmp_path):
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(config()))
    found = synthesis.costs(str(path), 5)
    assert set(found) == {"text and font", "picture"}
    assert found["picture"] > 0
