"""Weights of a sampler against the sources of its data set, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.config import load
from ppocr.pipeline import checks, named_files
from ppocr.pipeline.sources import check_sources

CONFIG = """\
Train:
  dataset:
    name: SimpleDataSet
    data_dir: data
    label_file_list: [data/real.txt, data/synth.txt]
    transforms: []
  loader: {batch_size_per_card: 4}
  sampler:
    name: MixedSampler
    weights: [1, 3]
"""


def problems(tmp_path, *overrides: str) -> list[str]:
    path = tmp_path / "my.yml"
    path.write_text(CONFIG)
    return [str(one) for one in check_sources(load(path, overrides))]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], ""),
        (["Train.sampler.weights={real.txt: 1, synth.txt: 2}"], ""),
        (["Train.sampler.weights=[1, 2, 3]"], "3 values for 2 sources (data/real.txt, data/synth"),
        (["Train.sampler.weights=[1, 0]"], "the weight of data/synth.txt is 0"),
        (["Train.sampler.weights=[1, x]"], "must be numbers"),
        (["Train.sampler.weights={real: 1, synth.txt: 1}"], "data/real.txt has no weight"),
        (["Train.dataset.label_file_list=data/real.txt"], "2 values for 1 sources"),
        (["Train.dataset.name=MultiScaleDataSet", "Train.dataset.ds_width=true"], "ds_width"),
        (["Train.dataset.name=LMDBDataSet"], ""),
        (["Train.dataset.name=LMDBDataSet", "Train.sampler.weights=[1, -1]"], "is -1"),
        (["Train.sampler.name=MultiScaleSampler", "Train.sampler.weights=[1]"], "1 values for 2"),
    ],
)
def test_weights_are_checked_with_their_place(tmp_path, overrides, said):
    found = problems(tmp_path, *overrides)
    assert len(found) == bool(said)
    for one in found:
        assert said in one
        assert "my.yml:10" in one or any("sampler.weights" in override for override in overrides)


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ("[1.0, 0.5]", ""),
        ("0.5", ""),
        ("[2]", ""),
        ("[1, 1, 1]", "3 values for 2"),
        ("[1, -1]", "-1"),
    ],
)
def test_ratios_are_checked_with_their_place(tmp_path, ratios, said):
    path = tmp_path / "my.yml"
    path.write_text(CONFIG.replace("    transforms: []", f"    ratio_list: {ratios}"))
    found = [str(one) for one in check_sources(load(path))]
    assert len(found) == bool(said)
    assert all(said in one and "my.yml:6: ratio_list" in one for one in found)


def test_the_check_of_a_config_asks(tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(CONFIG.replace("[1, 3]", "[1, 2, 3]"))
    said = [str(one) for one in checks.check(load(path)).problems]
    assert any("my.yml:10" in one and "3 values for 2 sources" in one for one in said)


def test_a_list_without_files_is_told(tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(CONFIG)
    said = [str(one) for one in check_sources(load(path, ["Train.dataset.label_file_list=[]"]))]
    assert "-o: label_file_list names no label file" in said


def test_every_folder_and_file_that_is_named_has_to_be_there(tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(CONFIG.replace("data_dir: data", f"data_dir: [{tmp_path}, {tmp_path}/none]"))
    said = [str(one) for one in named_files.missing(load(path))]
    assert f"{path}:4: data_dir: there is no folder {tmp_path}/none" in said
    where = f"(looked in {Path.cwd()})"
    assert f"{path}:5: label_file_list: there is no data/real.txt {where}" in said


def test_a_path_that_yaml_misread_is_told_as_such(tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(CONFIG.replace("data_dir: data", 'data_dir: "D:\\train\\new"'))
    assert "\t" in load(path)["Train"]["dataset"]["data_dir"]
    said = [str(one) for one in named_files.missing(load(path))]
    assert any("'D:\\train\\new': a backslash in double quotes is an escape" in one for one in said)
