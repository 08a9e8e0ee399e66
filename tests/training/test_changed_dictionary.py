"""A run that begins from weights of another dictionary keeps what both have, and says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ppocr.config import load
from ppocr.config.errors import ConfigError
from ppocr.export import source
from ppocr.pipeline.trained_with import KEY, dictionaries
from ppocr.training import evaluation
from ppocr.training import settings as settings_of
from ppocr.utils import pickles
from ppocr.utils.exits import DataError
from ppocr.utils.logs import get_logger
from tests.training.runs import rec_config, train

OLD = "abcdefghijklmnopqrstuvwxyz0123456789"
NEW = "Ä" + OLD[::-1] + "ß"
ROWS = ("head.fc.weight", "head.fc.bias")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a config, two dictionaries and the checkpoints of one short run."""
    folder = tmp_path_factory.mktemp("changed")
    for name, characters in (("old", OLD), ("new", NEW)):
        text = "".join(f"{one}\n" for one in characters)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    train(rec_config(folder), _dictionary(folder, "old"), "Global.epoch_num=1")
    shutil.copy(folder / "run" / "config.yml", folder / "run.yml")  # later runs write theirs there
    return folder


def _dictionary(folder: Path, name: str) -> str:
    return f"Global.character_dict_path={folder / f'{name}.txt'}"


def _begin(run: Path, folder: Path, weights: Path, *overrides: str) -> str:
    """Return the log of a run that begins from weights with the new dictionary."""
    arguments = (
        _dictionary(run, "new"),
        f"Global.pretrained_model={weights}",
        f"Global.save_model_dir={folder}",
        "Global.epoch_num=1",
        *overrides,
    )
    train(run / "config.yml", *arguments)
    return (folder / "train.log").read_text(encoding="utf-8")


def _alone(run: Path, folder: Path) -> Path:
    """Return the weights of the run as somebody may have passed them on: one file."""
    shutil.copy(run / "run" / "latest.pdparams", folder / "passed_on.pdparams")
    return folder / "passed_on"


def test_a_checkpoint_knows_its_characters(run: Path) -> None:
    states = pickles.read(run / "run" / "latest.states")
    assert states[KEY] == {"character_dict": list(OLD), "use_space_char": False}


def test_training_begins_with_the_rows_of_the_same_characters(run: Path, tmp_path: Path) -> None:
    standing = "Optimizer.lr={name: Const, learning_rate: 0.0}"
    said = _begin(run, tmp_path / "out", run / "run" / "latest", standing)
    assert "classes: 36 kept, 2 (Ä ß) new, 0 dropped" in said
    assert "(100 %)" in said
    old, new = (
        pickles.read(folder / "latest.pdparams") for folder in (run / "run", tmp_path / "out")
    )
    for key in ROWS:  # with a rate of 0 they are as they were loaded
        expected = np.concatenate([old[key][..., :1], old[key][..., :0:-1]], axis=-1)
        np.testing.assert_array_equal(np.delete(new[key], [1, 38], axis=-1), expected)


def test_evaluation_reads_the_same_with_more_characters(run: Path) -> None:
    config, weights = run / "config.yml", f"Global.checkpoints={run / 'run' / 'latest'}"
    with_old, with_new = (
        evaluation.evaluate(settings_of.read(config, [_dictionary(run, name), weights]))[1]
        for name in ("old", "new")
    )
    assert with_old["acc"] == with_new["acc"]
    assert with_old["norm_edit_dis"] == with_new["norm_edit_dis"]


def test_export_takes_the_characters_of_the_config(run: Path, caplog) -> None:
    given = [_dictionary(run, "new"), f"Global.pretrained_model={run / 'run' / 'latest'}"]
    get_logger().addHandler(caplog.handler)
    try:
        found = source.load(load(run / "config.yml", given))
    finally:
        get_logger().removeHandler(caplog.handler)
    warned = [one.message for one in caplog.records if one.levelname == "WARNING"]
    assert any("not the one these weights were trained with" in one for one in warned), warned
    assert "".join(found.spec.characters) == NEW
    stored = pickles.read(run / "run" / "latest.pdparams")
    bias = found.model.state_dict()["head.fc.bias"].numpy()
    np.testing.assert_array_equal(bias[2:-1], stored["head.fc.bias"][:0:-1])


def test_a_run_cannot_be_resumed_with_another_dictionary(run: Path) -> None:
    again = f"Global.checkpoints={run / 'run' / 'latest'}"
    with pytest.raises(ConfigError, match=r"2 \(Ä ß\) new.*Global\.pretrained_model="):
        train(run / "config.yml", _dictionary(run, "new"), again)


def test_weights_alone_need_to_be_told_their_dictionary(run: Path, tmp_path: Path) -> None:
    weights = _alone(run, tmp_path)
    with pytest.raises(DataError, match=r"37 classes.*39.*pretrained_character_dict_path"):
        _begin(run, tmp_path / "out", weights)
    told = f"Global.pretrained_character_dict_path={run / 'old.txt'}"
    assert "36 kept" in _begin(run, tmp_path / "out", weights, told)


def test_the_config_of_the_run_beside_the_weights_tells_it(run: Path, tmp_path: Path) -> None:
    weights = _alone(run, tmp_path)
    shutil.copy(run / "run.yml", tmp_path / "config.yml")
    config = load(run / "config.yml", [_dictionary(run, "new")])
    assert dictionaries(config, weights) == (tuple(OLD), tuple(NEW))


def test_the_inference_yml_beside_the_weights_tells_it(run: Path, tmp_path: Path) -> None:
    weights = _alone(run, tmp_path)
    listed = "".join(f"  - '{one}'\n" for one in OLD)
    text = f"PostProcess:\n  name: CTCLabelDecode\n  character_dict:\n{listed}"
    (tmp_path / "inference.yml").write_text(text, encoding="utf-8")
    config = load(run / "config.yml", [_dictionary(run, "new")])
    assert dictionaries(config, weights) == (tuple(OLD), tuple(NEW))
    same = load(run / "config.yml", [_dictionary(run, "old")])
    assert dictionaries(same, weights) is None
