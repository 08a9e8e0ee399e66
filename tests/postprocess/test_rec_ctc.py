"""CTC decoding: where the probabilities may come from, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.config import ConfigError
from ppocr.postprocess import build_post_process
from ppocr.postprocess.cls import ClsPostProcess
from ppocr.postprocess.rec_ctc import CTCLabelDecode
from ppocr.utils.exits import DataError


def probabilities(ids, classes: int = 4) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[None, ids] * 0.8


PROBS = probabilities([1, 1, 0, 3])
ANSWER = [("ac", pytest.approx(0.8))]


@pytest.mark.parametrize(
    "outputs",
    [PROBS, {"probs": PROBS}, {"ctc": PROBS, "sar": PROBS * 0}, {"out": PROBS}, [PROBS * 0, PROBS]],
    ids=["array", "probs", "multi-head", "only one", "list"],
)
def test_the_probabilities_are_found(outputs):
    decode = CTCLabelDecode(character_dict=["a", "b", "c"])
    assert decode(outputs) == ANSWER
    assert decode(outputs, {"shape": 1}) == ANSWER


def test_half_precision_is_read():
    ((text, score),) = CTCLabelDecode(character_dict="abc")(PROBS.astype(np.float16))
    assert (text, score) == ("ac", pytest.approx(0.8, abs=1e-3))


def test_a_dictionary_of_another_length_is_refused():
    with pytest.raises(DataError, match=r"4 classes, but the dictionary gives 5"):
        CTCLabelDecode(character_dict="abc", use_space_char=True)(PROBS)


def test_global_offers_the_dictionary_and_the_section_wins():
    given = {"character_dict_path": "ppocr/utils/en_dict.txt", "use_space_char": True}
    offered = build_post_process({"name": "CTCLabelDecode"}, {**given, "epoch_num": 3})
    assert offered.codec.num_classes == 97
    section = {"name": "CTCLabelDecode", "character_dict_path": "ppocr/utils/ic15_dict.txt"}
    assert build_post_process(section, given).codec.num_classes == 38


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ConfigError, match="box_thresh"):
        build_post_process({"name": "DBPostProcess", "box_tresh": 0.5})


def test_lines_win_over_a_path():
    decode = CTCLabelDecode("ppocr/utils/en_dict.txt", character_dict=["a", "b"])
    assert decode.charset.characters == ("a", "b")


def test_each_network_is_decoded():
    section = {"name": "DistillationCTCLabelDecode", "model_name": ["S", "T"], "key": "head_out"}
    post = build_post_process({**section, "character_dict": ["a", "b", "c"]})
    found = post({"S": {"head_out": PROBS}, "T": {"head_out": probabilities([0, 2])}})
    assert found == {"S": ANSWER, "T": [("b", pytest.approx(0.8))]}
    assert post.codec.num_classes == 4


def test_classes_without_names_are_numbers():
    probs = np.float32([[0.1, 0.9], [0.7, 0.3]])
    assert ClsPostProcess()(probs) == [(1, pytest.approx(0.9)), (0, pytest.approx(0.7))]
    named = ClsPostProcess(label_list={"0": "up", "1": "down"})
    assert [label for label, _ in named({"out": probs})] == ["down", "up"]
