"""Every flag of the original has one target that exists; what users write becomes a value."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from ppocr.backends.base import Options
from ppocr.pipeline.spec import PipelineSpec
from ppocr.postprocess import POSTPROCESSES
from ppocr.transforms import OPS
from ppocr.utils.exits import UsageError
from ppocr.utils.logs import get_logger
from tools.infer import flags
from tools.infer.arguments import HEADINGS, make_parser, parse
from tools.infer.flags import FLAGS

# tools/infer/utility.py of the original, 2.8 and 2.10
ORIGINAL = """
use_gpu use_xpu use_npu use_mlu use_gcu ir_optim use_tensorrt min_subgraph_size precision gpu_mem
gpu_id image_dir page_num det_algorithm det_model_dir det_limit_side_len det_limit_type det_box_type
det_db_thresh det_db_box_thresh det_db_unclip_ratio max_batch_size use_dilation det_db_score_mode
det_east_score_thresh det_east_cover_thresh det_east_nms_thresh det_sast_score_thresh
det_sast_nms_thresh det_pse_thresh det_pse_box_thresh det_pse_min_area det_pse_scale scales alpha
beta fourier_degree rec_algorithm rec_model_dir rec_image_inverse rec_image_shape rec_batch_num
max_text_length rec_char_dict_path use_space_char vis_font_path drop_score e2e_algorithm
e2e_model_dir e2e_limit_side_len e2e_limit_type e2e_pgnet_score_thresh e2e_char_dict_path
e2e_pgnet_valid_set e2e_pgnet_mode use_angle_cls cls_model_dir cls_image_shape label_list
cls_batch_num cls_thresh enable_mkldnn cpu_threads use_pdserving warmup sr_model_dir sr_image_shape
sr_batch_num draw_img_save_dir save_crop_res crop_res_save_dir use_mp total_process_num process_id
benchmark save_log_path show_log use_onnx onnx_providers onnx_sess_options return_word_box
"""


def test_every_flag_of_the_original_is_taken():
    assert [name for name in ORIGINAL.split() if name not in FLAGS] == []


@pytest.mark.parametrize("flag", FLAGS.values(), ids=lambda flag: flag.name)
def test_every_flag_has_one_target_that_exists(flag):
    checks = {"spec": in_spec, "engine": in_options, "input": free, "output": free, "none": free}
    assert flag.destination in checks
    assert checks[flag.destination](flag), flag.target
    assert flag.help
    assert len(flag.help) < 90


def in_spec(flag) -> bool:
    """A flag of the spec decides nothing unless it is given, and its field exists."""
    part, _, rest = flag.place.partition(":")[2].partition(".")
    fields = {field.name for field in dataclasses.fields(PipelineSpec)}
    if flag.default is not None or part not in fields:
        return False
    registry = {"pre": OPS, "post": POSTPROCESSES}.get(part)
    name, _, key = rest.partition(".")
    if registry is None or name == "*" or not registry.has(name):
        return True
    return key in registry.signature(name).settings


def in_options(flag) -> bool:
    here = {"engine", "warmup", "cls:batch", "rec:batch"}
    return flag.place in {field.name for field in dataclasses.fields(Options)} | here


def free(flag) -> bool:
    return flag.destination != "none" or flag.default is None


def test_every_flag_is_in_one_group_of_the_help():
    shown = [flag.name for _, members in HEADINGS.values() for flag in members]
    shown += [flag.name for flag in flags.NONE]
    assert sorted(shown) == sorted(FLAGS)
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("--use_gpu false", "use_gpu", False),
        ("--use_gpu True", "use_gpu", True),
        ("--use_gpu", "use_gpu", True),
        ("--use_gpu=0", "use_gpu", False),
        ("--det_limit_side_len 960.0", "det_limit_side_len", 960),
        ("--rec_image_shape 3,48,320", "rec_image_shape", [3, 48, 320]),
        ("--scales [8,16,32]", "scales", [8, 16, 32]),
        ("--label_list ['0','180']", "label_list", ["0", "180"]),
        ("--drop_score 0", "drop_score", 0.0),
    ],
)
def test_values_as_users_write_them(words, name, value):
    given = parse(words.split(), "", ("det", "cls", "rec"))
    assert given[name] == value
    assert type(given[name]) is type(value)
    assert list(given.given) == [name]


def test_a_shape_with_spaces_as_the_original_writes_it():
    assert parse(["--rec_image_shape", "3, 48, 320"], "", ("rec",))["rec_image_shape"] == [
        3,
        48,
        320,
    ]


def test_nothing_given_means_as_exported():
    given = parse([], "", ("det", "cls", "rec"))
    assert given.given == {}
    assert [
        flag.name for flag in FLAGS.values() if flag.destination == "spec" and given[flag.name]
    ] == []
    assert given["drop_score"] == 0.5
    assert given["draw_img_save_dir"] == "./inference_results"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--det_db_tresh", "1"], "no flag --det_db_tresh; did you mean --det_db_thresh?"),
        (["-image_dir", "page.jpg"], "no flag -image_dir; did you mean --image_dir?"),
        (["page.jpg"], "what is page.jpg? every value follows its flag"),
        (["-1"], "what is -1?"),
    ],
)
def test_what_does_not_exist_is_told(words, told):
    with pytest.raises(UsageError) as caught:
        parse(words, "", ("det",))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        ["--rec_image_shape", ""],
        ["--rec_image_shape", "3,48,wide"],
        ["--rec_image_shape", "3,0,320"],
        ["--use_mp", "maybe"],
        ["--gpu_id", "1.5"],
        ["--gpu_id", "inf"],
        ["--page_num", "-1"],
        ["--rec_batch_num", "0"],
        ["--total_process_num", "0"],
        ["--det_limit_side_len", "0"],
        ["--det_db_thresh", "3"],
        ["--det_db_box_thresh", "nan"],
        ["--det_db_unclip_ratio", "-1"],
        ["--drop_score", "50"],
        ["--drop_score", "half"],
    ],
)
def test_what_cannot_be_read_is_told(words, capsys):
    with pytest.raises(SystemExit) as left:
        parse(words, "", ("rec",))
    assert left.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_flags_without_effect_say_why(caplog):
    words = ["--ir_optim", "True", "--rec_image_shape", "3,32,320", "--det_db_thresh", "0.2"]
    given = parse(words, "", ("det",))
    logger = get_logger()
    logger.addHandler(caplog.handler)
    logger.setLevel(logging.INFO)
    given.say_ignored()
    logger.removeHandler(caplog.handler)
    told = set(caplog.messages)
    assert told == {
        "--ir_optim changes nothing: graphs are always optimised",
        "--rec_image_shape changes nothing: this command does no recognition",
    }


def test_flags_of_the_classifier_need_it_to_be_asked_for(caplog):
    logger = get_logger()
    logger.addHandler(caplog.handler)
    logger.setLevel(logging.INFO)
    stages = ("det", "cls", "rec")
    parse(["--cls_model_dir", "cls", "--use_angle_cls", "true"], "", stages).say_ignored()
    parse(["--cls_thresh", "0.8"], "", ("cls",)).say_ignored()
    assert caplog.messages == []
    parse(["--cls_model_dir", "cls", "--use_angle_cls", "false"], "", stages).say_ignored()
    logger.removeHandler(caplog.handler)
    assert set(caplog.messages) == {"--cls_model_dir changes nothing without --use_angle_cls True"}


def test_help_hides_the_other_stages():
    shown = make_parser("What it does.\n\nexamples", ("rec",)).format_help()
    assert "--rec_image_shape" in shown
    assert "--det_db_thresh" not in shown
    assert "--ir_optim" not in shown
    assert "What it does." in shown
