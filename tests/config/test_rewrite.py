"""A config with settings written into it says the same as with -o, and keeps its comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppocr.config import ConfigError, load, plain
from ppocr.config.rewrite import rewritten
from ppocr.utils.files import REPOSITORY

TEXT = """# what it is
Global:
  epoch_num: 8  # enough
  eval_batch_step: [0, 80]  # first, every
  pretrained_model:   # none
  save_model_dir: ./out/
Train:
  dataset:
    label_file_list:
      - a.txt
      # the second
      - b.txt
    transforms:
      - DecodeImage: {img_mode: BGR}
      - CTCLabelEncode: null
      - RecResizeImg: {image_shape: [3, 32, 128]}  # narrow
      - RecAug:
          sizes:  # of what
          - 1
          - 2
          shares:
          - 3

          # what follows is another thing
          tia_prob: 0.4
      - NormalizeImage: &normal
          scale: 1.0
  loader: {}
Eval:
  transforms:
    - NormalizeImage: *normal
"""
SETTINGS = (
    "Global.epoch_num=20",
    "Global.eval_batch_step=[0, 500]",
    "Global.pretrained_model=out/best",
    "Global.max_text_length=45",
    "Train.dataset.label_file_list=[c.txt]",
    "Train.dataset.transforms.RecResizeImg.image_shape=[3, 32, 416]",
    "Train.dataset.transforms.DecodeImage.ignore_orientation=true",
    "Train.dataset.transforms.CTCLabelEncode.max_text_length=45",
    "Train.loader.batch_size_per_card=4",
    "Train.dataset.transforms.RecAug.sizes=[5]",
    "Train.dataset.transforms.RecAug.shares=[5]",
    "Train.sampler={name: MultiScaleSampler}",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "my.yml").write_text(TEXT)
    return tmp_path / "my.yml"


def _says_the_same(path: Path, settings) -> str:
    text = rewritten(path, settings)
    fresh = path.with_name("fresh.yml")
    fresh.write_text(text)
    assert plain(load(fresh)) == plain(load(path, settings))
    return text


@pytest.mark.parametrize("setting", SETTINGS)
def test_one_setting(setting: str, path: Path):
    text = _says_the_same(path, [setting])
    assert "# what it is" in text
    assert len(set(TEXT.splitlines()) - set(text.splitlines())) <= 4, "the other lines stay"


def test_all_settings_and_their_comments(path: Path):
    text = _says_the_same(path, SETTINGS)
    assert "  epoch_num: 20  # enough\n" in text
    assert "image_shape: [3, 32, 416]}  # narrow\n" in text


def test_a_second_setting_stands_on_the_first(path: Path):
    _says_the_same(path, ["Train.sampler={name: A}", "Train.sampler.scales=[[320, 32]]"])


def test_what_is_shared_is_not_moved_for_others(path: Path):
    text = _says_the_same(path, ["Eval.transforms.NormalizeImage.scale=2.0"])
    assert "# -o" in text, "written anew, with origins"
    with pytest.raises(ConfigError, match="there is no"):
        rewritten(path, ["Nowhere.at.all=1"])


@pytest.mark.parametrize("name", ["det", "rec"])
def test_the_quickstart_configs(name: str, tmp_path: Path):
    path = tmp_path / f"{name}.yml"
    path.write_text((REPOSITORY / f"configs/quickstart/{name}.yml").read_text())
    settings = ["Train.dataset.data_dir=./mine", "Eval.dataset.label_file_list=[mine/val.txt]"]
    text = _says_the_same(path, settings)
    assert text.count("\n") == path.read_text().count("\n")
