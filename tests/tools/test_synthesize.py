"""The command from config to files: complete, resumable, the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ppocr.config import ConfigError
from ppocr.conversion.journal import FOLDER
from ppocr.data.labels import LabelFile
from ppocr.data.lmdb_set import LMDBDataSet
from ppocr.utils import exits
from ppocr.utils.exits import OutputError
from tests.synthesis.drawing import SANS, config
from tools import check_config, synthesize

EFFECTS = [{"Perspective": {"probability": 0.5}}, {"GaussianBlur": {"probability": 0.5}}]


@pytest.fixture
def run(tmp_path):
    """Run the command on a small config; return the output folder."""

    def go(name: str = "out", *words: str, **sections) -> Path:
        path = tmp_path / "small.yml"
        path.write_text(yaml.safe_dump(config(**{"Effects": EFFECTS, **sections})))
        output = tmp_path / name
        given = ["-c", str(path), "--output", str(output), "--quiet", *words]
        assert synthesize.main(given) == 0
        return output

    return go


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of all samples and label files."""
    paths = [path for path in folder.rglob("*") if path.is_file() and FOLDER not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_lines_are_files_that_training_reads(run):
    output = run()
    rows = list(LabelFile(output / "rec.txt"))
    assert len(rows) == 20
    for row in rows:
        image = cv2.imread(str(output / row.paths[0]))
        assert image is not None
        assert image.shape[0] > 15
        assert row.label == row.label.strip()
    found = report_of(output)
    assert found["lines"] == 20
    assert sum(found["fonts"].values()) == 20
    assert found["characters"]
    assert sum(found["characters"].values()) == sum(len(row.label) for row in rows)
    preview = cv2.imread(str(output / "preview.png"))
    assert preview is not None
    assert preview.std() > 5


def test_lmdb_holds_the_same_pictures(run):
    files, output = run(), run("lmdb", Global={"format": "lmdb"})
    samples = LMDBDataSet(str(output / "rec"), ())
    rows = list(LabelFile(files / "rec.txt"))
    assert samples.total == len(rows)
    for number, row in enumerate(rows):
        one = samples.read(number, np.random.default_rng(0))
        assert one["label"] == row.label
        assert one["image"] == (files / row.paths[0]).read_bytes()
    assert report_of(output)["characters"] == report_of(files)["characters"]


def test_a_run_that_was_stopped_goes_on_and_more_can_be_added(run, monkeypatch, capsys):
    whole = files_of(run("whole", Global={"number": 140}))
    with monkeypatch.context() as patch:
        once = synthesize.Artist.draw

        def stop(self, job):
            if job.index == 130:
                raise KeyboardInterrupt
            return once(self, job)

        patch.setattr(synthesize.Artist, "draw", stop)
        with pytest.raises(KeyboardInterrupt):
            run("parts", Global={"number": 140})
    capsys.readouterr()
    parts = run("parts", Global={"number": 140})
    assert files_of(parts) == whole
    assert "finished before and kept" in capsys.readouterr().out
    run("grown", Global={"number": 25})
    assert files_of(run("grown", Global={"number": 140})) == whole


def test_another_recipe_does_not_mix_with_what_is_there(run):
    run()
    with pytest.raises(OutputError, match="--force"):
        run("out", Global={"seed": 6})
    output = run("out", "--force", Global={"seed": 6, "number": 4})
    assert len(LabelFile(output / "rec.txt")) == 4


def test_a_dry_run_writes_the_preview_and_nothing_else(run, capsys):
    output = run("dry", "--dry-run")
    assert [path.name for path in output.iterdir()] == ["preview.png"]
    assert "would draw 20 lines with 2 fonts" in capsys.readouterr().out


def test_texts_left_out_are_told_as_they_are_reported(run, tmp_path, capsys):
    """The preview draws again what has been drawn: it must not count again."""
    (tmp_path / "texts.txt").write_text("plain\n漢字\n", encoding="utf-8")
    corpus = {"Corpus": {"files": [str(tmp_path / "texts.txt")]}}
    text = {"sources": [corpus], "lengths": [[5, 9, 1.0]]}
    (counted,) = report_of(run(Text=text))["texts_not_used"].values()
    assert f"{counted['count']} texts not used: " in capsys.readouterr().out
    assert counted["characters"]["漢"] == counted["count"]
    run("dry", "--dry-run", Text=text)
    assert "texts not used: " in capsys.readouterr().out


def test_gaps_are_filled_and_told(run, tmp_path, capsys):
    (tmp_path / "train.txt").write_text("x.jpg\tabba\ny.jpg\tcab\n", encoding="utf-8")
    (tmp_path / "dict.txt").write_text("a\nb\nc\nЖ\n中\n", encoding="utf-8")
    output = run(
        Global={"number": 0},
        Text={"sources": [{"RandomCharacters": {}}], "dictionary": str(tmp_path / "dict.txt")},
        Fonts={"files": [SANS]},
        Gaps={"labels": [str(tmp_path / "train.txt")], "at_least": 12},
    )
    gaps = report_of(output)["gaps"]
    assert {one: row["before"] for one, row in gaps["characters"].items()} == {
        "a": 3, "b": 3, "c": 1, "Ж": 0, "中": 0,
    }  # fmt: skip
    assert all(row["after"] >= 12 for one, row in gaps["characters"].items() if one != "中")
    assert gaps["characters"]["中"]["made"] == 0
    assert [one["code"] for one in gaps["no_font_draws"]] == ["U+4E2D"]
    told = capsys.readouterr().out
    assert "5 characters were seen less than 12 times in 2 texts; 4 are there now" in told
    assert "中 U+4E2D" in told


def test_pages_come_with_boxes_and_their_lines(run):
    layout = {"name": "Pages", "width": [400, 500], "height": [400, 500], "crops": True}
    output = run(Global={"number": 3}, Layout=layout)
    pages = list(LabelFile(output / "det.txt"))
    assert len(pages) == 3
    regions = [region for row in pages for region in json.loads(row.label)]
    assert all(len(one["points"]) == 4 for one in regions)
    crops = list(LabelFile(output / "rec.txt"))
    assert [row.label for row in crops] == [one["transcription"] for one in regions]
    assert all((output / row.paths[0]).is_file() for row in crops)
    found = report_of(output)
    assert found["pages"] == 3
    assert found["lines"] == len(regions)
    assert set(found["fonts"]) <= {"DejaVuSans", "DejaVuSerif"}
    assert files_of(run("again", Global={"number": 3}, Layout=layout)) == files_of(output)


def test_pages_without_crops_have_no_lines(run):
    layout = {"name": "Pages", "width": [400, 500], "height": [400, 500]}
    output = run(Global={"number": 2, "format": "lmdb"}, Layout=layout)
    assert not (output / "rec").exists()
    assert LMDBDataSet(str(output / "det"), ()).total == 2
    assert report_of(output)["lines"] > 0


def test_rows_can_be_written_as_seen_from_a_folder_above(run, tmp_path, capsys):
    given = {"number": 3, "data_dir": str(tmp_path)}
    output = run(Global=given)
    rows = list(LabelFile(output / f"rec_from_{tmp_path.name}.txt"))
    assert [row.label for row in rows] == [row.label for row in LabelFile(output / "rec.txt")]
    assert all((tmp_path / row.paths[0]).is_file() for row in rows)
    assert f"the same rows for data_dir: {tmp_path}" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="is not a folder above output"):
        run("other", Global={"data_dir": str(tmp_path / "elsewhere")})


def test_check_config_knows_these_configs(tmp_path, capsys):
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(config(Effects=[{"Shadow": {"probability": 0.25}}])))
    assert check_config.main([str(path)]) == 0
    assert "fine, for tools/synthesize.py" in capsys.readouterr().out
    assert check_config.main([str(path), "Effects"]) == 0
    assert "probability  0.25" in capsys.readouterr().out
    assert check_config.main([str(path), "-o", "Layout.alog=1"]) == 78
    assert "did you mean 'along'?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        (["-o", "Global.sed=3"], 78, "did you mean 'seed'?"),
        (["-o", "Fonts.folders=nowhere", "Fonts.files=[]"], 66, "no such folder: nowhere"),
        (["-o", "Text.dictionary=nothing.txt"], 66, "no such dictionary: nothing.txt"),
        (["-o", "Text.sources=[{Corpus: {files: none.txt}}]"], 66, "no such label file: none.txt"),
        (["-o", "Backgrounds=[{Photos: {folder: nowhere}}]"], 66, "no such folder: nowhere"),
        (["-o", "Text.sources=[{Patterns: {patterns: ['中']}}]"], 65, "characters that no font"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(tmp_path, capsys, words, status, what):
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(config()))
    output = tmp_path / "out"
    given = ["-c", str(path), "--output", str(output), "--quiet", *words]
    assert exits.run(synthesize.main, given) == status
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said
    assert not list(output.rglob("*.jpg")) if output.exists() else True
