"""A spec written down and read back is the same spec, whoever writes it down."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.pipeline import store
from ppocr.pipeline.spec import OpSpec, PipelineSpec, TensorSpec, differences
from ppocr.utils.exits import DataError, MissingInput

DECODE = OpSpec("DecodeImage", {"img_mode": "BGR", "channel_first": False})
DET = PipelineSpec(
    task="det",
    pre=(
        DECODE,
        OpSpec("DetResizeForTest", {"limit_side_len": 640, "limit_type": "max"}),
        OpSpec("NormalizeImage", {"scale": 1 / 255, "mean": [0.5], "std": [0.25], "order": "hwc"}),
        OpSpec("ToCHWImage"),
    ),
    inputs=(TensorSpec("image", "float32", (-1, 3, -1, -1)),),
    outputs=("maps",),
    post=OpSpec("DBPostProcess", {"thresh": 0.3, "box_thresh": 0.6, "unclip_ratio": 1.5}),
    batch="single",
    specials={"box_filter": {"min_side_px": 3, "order": "angle"}},
)
REC = PipelineSpec(
    task="rec",
    pre=(DECODE, OpSpec("RecResizeImg", {"image_shape": (3, 48, 320), "padding": True})),
    inputs=(TensorSpec("image", "float32", (-1, 3, 48, -1)),),
    outputs=("probs",),
    post=OpSpec("CTCLabelDecode"),
    batch="own",
    characters=("a", "1", "yes", "~", "null", "1e3", "0x1F", " ", "'", '"', "\u2028", "é", "#"),
    specials={"use_space_char": True, "reverse": False, "lower": False, "classes": 15},
)
# every character but the line end, which separates the lines of a dictionary, and half pairs
LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), min_size=1)


def through_text(spec: PipelineSpec) -> store.Stored:
    return store.from_content(yaml.safe_load(store.to_text(spec)), "here")


@pytest.mark.parametrize("spec", [DET, REC], ids=["det", "rec"])
def test_what_is_written_is_read(spec, tmp_path):
    store.write(tmp_path, spec, {"config": "0" * 64})
    stored = store.inspect(tmp_path)
    assert stored.spec == spec
    assert stored.contradictions == ()
    assert stored.sha256 == {"config": "0" * 64}


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=12))
def test_any_dictionary_survives(lines):
    spec = replace(REC, characters=tuple(lines))
    assert through_text(spec).spec == spec


def test_characters_are_quoted_texts_without_blank_and_added_space():
    section = yaml.safe_load(store.to_text(REC))["PostProcess"]
    assert section["character_dict"] == list(REC.characters)
    assert all(isinstance(one, str) for one in section["character_dict"])


def test_onnx_metadata_is_the_same_description_and_the_plain_characters():
    found = store.metadata(REC)
    assert store.from_content(yaml.safe_load(found["ppocr.pipeline"]), "here").spec == REC
    assert found["character"].split("\n") == list(REC.characters)
    assert "character" not in store.metadata(DET)


def test_official_sections_are_what_paddlex_reads():
    content = yaml.safe_load(store.to_text(DET))
    assert content["Global"]["model_name"] == "PP-OCRv5_mobile_det"
    steps = content["PreProcess"]["transform_ops"]
    assert steps[0] == {"DecodeImage": {"img_mode": "BGR", "channel_first": False}}
    assert steps[1] == {"DetResizeForTest": {"resize_long": 640}}
    assert content["PostProcess"]["name"] == "DBPostProcess"
    lines = yaml.safe_load(store.to_text(REC))["PreProcess"]["transform_ops"]
    assert lines[1] == {"RecResizeImg": {"image_shape": [3, 48, 320]}}
    name = yaml.safe_load(store.to_text(DET, model_name="mine"))["Global"]["model_name"]
    assert name == "mine"


def test_a_value_that_has_two_places_must_be_the_same_in_both(tmp_path):
    path = store.write(tmp_path, DET)
    path.write_text(path.read_text().replace("resize_long: 640", "resize_long: 960"))
    with pytest.raises(DataError, match="resize_long is 960 by PreProcess, 640 by Pipeline"):
        store.read(tmp_path)
    path = store.write(tmp_path, DET)
    path.write_text(path.read_text().replace("  - DetResizeForTest:", "  - OtherResize:", 1))
    with pytest.raises(DataError, match="OtherResize"):
        store.read(tmp_path)


def test_a_step_that_is_spelled_the_same_has_one_place(tmp_path):
    path = store.write(tmp_path, DET)
    assert path.read_text().count("mean: [0.5]") == 1
    path.write_text(path.read_text().replace("mean: [0.5]", "mean: [0.4]"))
    assert store.read(tmp_path).op("NormalizeImage").settings["mean"] == [0.4]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c["Pipeline"].pop("inputs"), "damaged"),
        (lambda c: c["Pipeline"].update(version=2), "newer release"),
        (lambda c: c["Pipeline"].update(batch="widest"), "Pipeline.batch"),
        (lambda c: c.pop("PostProcess"), "damaged"),
    ],
)
def test_damaged_descriptions_are_named(damage, message):
    content = yaml.safe_load(store.to_text(DET))
    damage(content)
    with pytest.raises(DataError, match=message):
        store.from_content(content, "here")


def test_nothing_to_read_is_missing_input(tmp_path):
    with pytest.raises(MissingInput, match=r"inference\.yml"):
        store.read(tmp_path)
    assert not store.has_description(tmp_path)


def test_specs_do_not_share_their_settings():
    settings = {"thresh": 0.3}
    op = OpSpec("DBPostProcess", settings)
    settings["thresh"] = 0.9
    op.entry()["DBPostProcess"]["thresh"] = 0.8
    assert op.settings == {"thresh": 0.3}


def test_differences_say_what_where():
    other = replace(
        DET.with_post(unclip_ratio=2.0).with_op("DetResizeForTest", {"limit_side_len": 960}),
        batch="fixed",
    )
    assert differences(DET, DET) == []
    assert differences(DET, other) == [
        ("pre", "DetResizeForTest.limit_side_len: 640 and 960"),
        ("post", "DBPostProcess.unclip_ratio: 1.5 and 2.0"),
        ("batch", "batch: single and fixed"),
    ]
    shorter = replace(REC, characters=REC.characters[:2] + REC.characters[3:])
    ((_, text),) = differences(REC, shorter)
    assert text == (
        "dictionary: 13 and 12 characters, the first that differs is number 3: 'yes' and '~'"
    )
