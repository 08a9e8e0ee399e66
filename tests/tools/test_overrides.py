"""Flags make a new spec: one value replaced, one line said, and nothing that cannot be obeyed."""

from __future__ import annotations

import logging

import pytest

from ppocr.pipeline import store
from ppocr.pipeline.spec import OpSpec, differences
from ppocr.utils.exits import UsageError
from ppocr.utils.logs import get_logger
from tests.serving import graphs
from tools.infer.arguments import parse
from tools.infer.overrides import with_flags


class Listener(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def said():
    logger, listener = get_logger(), Listener()
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)
    yield listener.messages
    logger.removeHandler(listener)


@pytest.fixture(scope="module")
def det(tmp_path_factory):
    return store.read(graphs.detector(tmp_path_factory.mktemp("det")))


@pytest.fixture(scope="module")
def rec(tmp_path_factory):
    return store.read(graphs.recogniser(tmp_path_factory.mktemp("rec")))


def changed(spec, words: str):
    given = parse(words.split(), "", ("det", "cls", "rec"))
    return with_flags(spec, "inference.yml", stage=spec.task, given=given)


def test_nothing_given_is_the_same_spec(det, rec, said):
    assert changed(det, "") is det
    assert changed(rec, "--det_db_thresh 0.2 --image_dir x") is rec
    assert said == []


@pytest.mark.parametrize(
    ("words", "differs", "told"),
    [
        ("--det_db_thresh 0.2", "DBPostProcess.thresh: 0.3 and 0.2", "0.2 replaces 0.3"),
        (
            "--det_db_unclip_ratio 2",
            "DBPostProcess.unclip_ratio: 1.5 and 2.0",
            "det_db_unclip_ratio 2.0 replaces 1.5 from inference.yml",
        ),
        (
            "--det_box_type poly",
            "DBPostProcess.box_type: quad and poly",
            "det_box_type poly replaces quad from inference.yml",
        ),
        (
            "--det_limit_side_len 960",
            "DetResizeForTest.limit_side_len: 320 and 960",
            "det_limit_side_len 960 replaces 320 from inference.yml",
        ),
        (
            "--det_limit_type min",
            "DetResizeForTest.limit_type: max and min",
            "det_limit_type min replaces max from inference.yml",
        ),
    ],
)
def test_one_flag_changes_one_value_and_says_so(det, said, words, differs, told):
    new = changed(det, words)
    assert [sentence for _, sentence in differences(det, new)] == [differs]
    assert len(said) == 1
    assert told in said[0]


def test_the_value_it_has_already_is_no_change(det, said):
    assert differences(det, changed(det, "--det_db_thresh 0.3")) == []
    assert said == []


@pytest.mark.parametrize("settings", [{"image_shape": [736, 1280]}, {"resize_long": 640}, {}])
def test_a_side_length_replaces_other_ways_to_resize(det, settings):
    other = det.with_op("DetResizeForTest", settings, keep=False)
    resize = changed(other, "--det_limit_side_len 960 --det_limit_type max").op("DetResizeForTest")
    assert resize.settings == {"limit_side_len": 960, "limit_type": "max"}


def test_a_type_without_a_length_takes_the_usual_length(det):
    other = det.with_op("DetResizeForTest", {}, keep=False)
    resize = changed(other, "--det_limit_type max").op("DetResizeForTest")
    assert resize.settings == {"limit_side_len": 736, "limit_type": "max"}


def test_a_flag_of_another_algorithm_says_what_decodes_this_model(det, said):
    assert changed(det, "--det_east_score_thresh 0.5") is det
    assert said == [
        "--det_east_score_thresh changes nothing: this model is decoded by DBPostProcess"
    ]


def test_a_wider_line_is_fine_and_a_higher_one_is_not(rec):
    wide = changed(rec, "--rec_image_shape 3,32,640")
    assert wide.op("RecResizeImg").settings["image_shape"] == [3, 32, 640]
    with pytest.raises(UsageError, match="height 48, the exported model takes 32"):
        changed(rec, "--rec_image_shape 3,48,320")
    with pytest.raises(UsageError, match="channels, height and width"):
        changed(rec, "--rec_image_shape 32,320")


def test_another_dictionary_of_the_same_length_is_said_loudly(rec, said, tmp_path):
    same = tmp_path / "same.txt"
    same.write_text("\n".join(rec.characters) + "\n", encoding="utf-8")
    assert changed(rec, f"--rec_char_dict_path {same}") == rec
    assert said == []
    swapped = [*rec.characters]
    swapped[3], swapped[4] = swapped[4], swapped[3]
    same.write_text("\n".join(swapped) + "\n", encoding="utf-8")
    assert changed(rec, f"--rec_char_dict_path {same}").characters == tuple(swapped)
    assert "2 of 36 differ" in said[0]


def test_a_dictionary_of_another_length_is_refused(rec, tmp_path):
    short = tmp_path / "short.txt"
    short.write_text("\n".join(rec.characters[:-1]) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="35 characters, the exported model was trained with 36"):
        changed(rec, f"--rec_char_dict_path {short}")


def test_a_space_cannot_be_added_to_a_trained_model(rec):
    assert changed(rec, "--use_space_char False") is rec
    with pytest.raises(UsageError, match="shift its classes"):
        changed(rec, "--use_space_char True")


def test_a_step_the_model_does_not_have(rec, said):
    other = rec.with_op("RecResizeImg", {}, keep=False)
    assert other.pre[-1] == OpSpec("RecResizeImg")
    assert changed(other, "--max_text_length 40") is other
    assert "prepares images by DecodeImage, RecResizeImg" in said[0]
