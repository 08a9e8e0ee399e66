"""Characters and CTC labels against the recorded ones."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.postprocess import POSTPROCESSES, build_post_process
from ppocr.text.charset import Charset
from ppocr.text.ctc import CTCCodec
from tests.parity.cases import Case, case_rows, cases, dictionary_lines, need


def charset_for(path: str | None, use_space_char: bool) -> Charset:
    if path is None:
        return Charset.read(None, use_space_char)
    return Charset.of(dictionary_lines(path), use_space_char)


@pytest.mark.parametrize("row", case_rows("vocab"))
def test_classes_are_those_of_the_original(row):
    need(POSTPROCESSES, row["op"])
    given = {} if row["dict"] is None else {"character_dict": dictionary_lines(row["dict"])}
    section = {"name": row["op"], "use_space_char": row["use_space_char"], **given}
    codec = build_post_process(section).codec
    assert codec.num_classes == len(codec.classes) == row["size"]
    assert list(codec.classes[: len(row["head"])]) == row["head"]
    assert list(codec.classes[-len(row["tail"]) :]) == row["tail"]
    assert set(row["ignored"]) <= set(codec.specials.values())
    assert not set(codec.specials) & set(codec.charset.characters)
    assert codec.num_classes == len(codec.charset) + len(codec.specials)


@pytest.mark.parametrize("row", case_rows("encode", op="CTCLabelEncode"))
def test_texts_become_the_recorded_classes_and_return(row):
    params = row["params"]
    codec = CTCCodec(charset_for(params["character_dict_path"], params["use_space_char"]))
    encoded = codec.encode(row["text"])
    assert codec.num_classes == row["vocabulary_size"]
    assert len(encoded.ids) + len(encoded.unknown) == len(row["text"])
    if row["rejected"]:
        too_long = len(row["text"]) > params["max_text_length"]
        assert too_long or not len(encoded.ids)
        return
    assert encoded.ids.tolist() == row["out"]["label"][: row["out"]["length"]]
    assert len(encoded.ids) == row["out"]["length"]
    ((text, score),) = codec.decode_labels([row["out"]["label"]])
    assert (text, score) == (codec.charset.known(row["text"]), 1.0)


@pytest.mark.parametrize("case", cases("decode", op="CTCLabelDecode"))
def test_best_paths_become_the_recorded_texts(case: Case, dictionary_path):
    decode = build_post_process({"name": case["op"], **settings_of(case, dictionary_path)})
    probs_NTC = case.arrays["in/preds"]
    call = case.get("call", {})
    if call.get("return_word_box"):
        compare_words(decode, probs_NTC, call, case["result"])
        return
    is_list = str(case.get("preds_container", "")).startswith("list")
    labelled = "in/label" in case.arrays
    found = decode([probs_NTC * 0, probs_NTC] if is_list else probs_NTC)
    compare(found, case["result"][0] if labelled else case["result"])
    if labelled:
        compare(decode.decode_labels(case.arrays["in/label"]), case["result"][1])


SEQUENCES = ("AttnLabelDecode", "SARLabelDecode", "NRTRLabelDecode")


@pytest.mark.parametrize("case", cases("decode", op=SEQUENCES))
def test_sequences_become_the_recorded_texts(case: Case, dictionary_path):
    decode = build_post_process({"name": case["op"], **settings_of(case, dictionary_path)})
    given = case.part("in")
    labelled = "label" in given
    results = case["result"][0] if labelled else case["result"]
    found = decode((given["ids"], given["probs"]) if "ids" in given else given["preds"])
    if is_taken_for_a_pair(case):
        assert found == plain(given["preds"], decode.codec)
        return
    compare(found, results)
    if labelled:
        compare(decode.decode_labels(given["label"]), case["result"][1])


def settings_of(case: Case, dictionary_path) -> dict:
    """Return the settings of a case, with a dictionary that exists."""
    path = dictionary_path(case["params"].get("character_dict_path"))
    return {**case["params"], "character_dict_path": path}


def compare(found, wanted) -> None:
    for (text, score), (wanted_text, wanted_score) in zip(found, wanted, strict=True):
        assert text == wanted_text
        assert score == pytest.approx(wanted_score, abs=1e-6)


def is_taken_for_a_pair(case: Case) -> bool:
    """Return whether the original took two lines of probabilities for classes and probabilities.

    Its NRTR decoder asks for the length of what it gets: docs/differences.md.
    """
    given = case.part("in")
    return case["op"] == "NRTRLabelDecode" and "preds" in given and len(given["preds"]) == 2


def plain(probs_NLC, codec) -> list[tuple[str, float]]:
    """One step after the other, as NRTR writes."""
    found = []
    for probs_LC in probs_NLC:
        text, kept = "", []
        for probs_C in probs_LC:
            one = int(probs_C.argmax())
            if codec.classes[one] == "</s>":
                break
            text += codec.classes[one]
            kept.append(probs_C[one])
        found.append((text, pytest.approx(float(np.mean(kept)), abs=1e-6)))
    return found


def compare_words(decode, probs_NTC, call, wanted) -> None:
    found = decode.decode_words(probs_NTC, call["wh_ratio_list"], call["max_wh_ratio"])
    for (text, score, steps, words), row in zip(found, wanted, strict=True):
        assert text == row[0]
        assert score == pytest.approx(row[1], abs=1e-6)
        assert steps == pytest.approx(row[2][0])
        assert [word.characters for word in words] == row[2][1]
        assert [word.columns for word in words] == row[2][2]
        assert [word.kind for word in words] == row[2][3]
