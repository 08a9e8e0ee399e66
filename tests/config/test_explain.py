"""The explained view and the config that a run records."""

from __future__ import annotations

import pytest

from ppocr import config
from ppocr.config import explain
from ppocr.pipeline import checks


def rows(path, wanted, *overrides):
    root = config.load(path, overrides)
    parts = [part for part in checks.check(root).parts if part.path == wanted]
    return {key: (value, origin) for key, value, origin in parts[0].rows()}


def test_every_origin(fixtures):
    found = rows(fixtures / "det.yml", "PostProcess", "PostProcess.unclip_ratio=1.7")
    assert found["thresh"] == (0.3, "det.yml:50")
    assert found["unclip_ratio"] == (1.7, "-o")
    assert found["score_mode"] == ("fast", "default")
    found = rows(fixtures / "rec.yml", "PostProcess")
    assert found["character_dict_path"] == ("ppocr/utils/ic15_dict.txt", "Global")
    found = rows(fixtures / "rec.yml", "Architecture.Head")
    assert found["in_channels"][1] == "computed"
    assert found["fc_decay"] == (0.0004, "rec.yml:15")


def test_computed_values_are_shown(fixtures):
    root = config.load(fixtures / "rec.yml")
    root["Architecture"]["Head"].compute("out_channels", 37)
    text = "\n".join(explain.view(checks.check(root).parts, ["Architecture.Head"]))
    assert "out_channels" in text
    assert [line.split() for line in text.splitlines() if "out_channels" in line] == [
        ["out_channels", "37", "computed"]
    ]


def test_the_title_names_the_file_of_the_class(fixtures):
    parts = checks.check(config.load(fixtures / "det.yml")).parts
    lines = explain.view(parts, ["PostProcess"])
    assert lines[0] == "PostProcess  DBPostProcess  ppocr/postprocess/det_db.py"


def test_a_section_includes_what_is_below_it(fixtures):
    parts = checks.check(config.load(fixtures / "det.yml")).parts
    text = "\n".join(explain.view(parts, ["Optimizer"]))
    assert "Optimizer.lr  Cosine" in text
    assert "Optimizer.regularizer  L2" in text
    assert "PostProcess" not in text


@pytest.mark.parametrize("name", ["det.yml", "rec.yml"])
def test_the_recorded_config_reads_back_as_it_was(fixtures, tmp_path, name):
    root = config.load(fixtures / name, ["Global.seed=3"])
    report = checks.check(root)
    path = tmp_path / "config.yml"
    path.write_text(explain.as_yaml(root, report.parts), encoding="utf-8")
    assert config.load(path) == root
    text = path.read_text(encoding="utf-8")
    assert "  seed: 3  # -o\n" in text
    assert "# default" in text
    assert checks.check(config.load(path)).fine


def test_awkward_texts_survive_recording(tmp_path, written):
    root = config.load(
        written("""
        A:
          number: '1e-3'
          word: 'yes'
          nothing: ''
          hash: 'a # b'
          variable: $${HOME}
          lines: "one\\ntwo"
          tab: "\\t"
          list: ['1', 2, null, [x, {k: '~'}]]
          empty: {}
          none: []
          "odd: key": 1
        """)
    )
    path = tmp_path / "config.yml"
    path.write_text(explain.as_yaml(root), encoding="utf-8")
    assert config.load(path) == root
