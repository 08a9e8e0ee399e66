"""One home for the options of the commands, and the original's names for scripts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ppocr.config import load
from tools import check_config, check_data, export_model, preview_data, program, train


def test_settings_of_several_o_are_one_list():
    words = ["-c", "my.yml", "-o", "A.b=1", "A.c=2", "-o", "A.d=[1, 2]"]
    for one in (program.running(""), export_model.parser(), check_data.parser()):
        given = one.parse_args(words)
        assert (given.config, given.opt) == ("my.yml", ["A.b=1", "A.c=2", "A.d=[1, 2]"])
        assert one.parse_args(["-c", "other.yml"]).opt == [], "nothing stays from the call before"
    assert preview_data.parser().parse_args(words).opt[-1] == "A.d=[1, 2]"
    assert check_config._parser().parse_args(["my.yml", "-o", "A.b=1"]).opt == ["A.b=1"]


def test_profiler_options_are_settings():
    assert train.profiler_overrides("batch_range=[1,2]; exit_on_finished=true") == [
        "profiler_options.batch_range=[1,2]",
        "profiler_options.exit_on_finished=true",
    ]
    assert train.profiler_overrides("") == []


def test_the_export_is_that_of_what_was_trained(tmp_path):
    given = ["Global.checkpoints=old/latest", "Train.dataset.data_dir=my data"]
    said = train.export_command("my.yml", given, tmp_path)
    assert said == (
        "python tools/export_model.py -c my.yml -o 'Train.dataset.data_dir=my data' "
        f"Global.pretrained_model={tmp_path / 'latest'}"
    )
    resumed = train.export_command("my.yml", given[:1], tmp_path, resumed=True)
    assert "-o Global.checkpoints=null Global.pretrained_model=" in resumed
    (tmp_path / "best_accuracy.pdparams").write_bytes(b"x")
    assert train.export_command("my.yml", [], tmp_path).endswith("/best_accuracy")


def test_scripts_find_what_the_original_offers():
    given = program.ArgsParser().parse_args(["-c", "my.yml", "-o", "A.b=1"])
    assert given.opt == ["A.b=1"]
    assert program.load_config is load
    with pytest.raises(AttributeError, match="no attribute main"):
        program.main  # noqa: B018


def test_the_module_itself_loads_no_paddle():
    code = "import sys, tools.program; sys.exit('paddle' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
