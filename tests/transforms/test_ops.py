"""Labels, lines, mixing, and how a list of operations is built."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from ppocr.config import ConfigError
from ppocr.transforms import AUGMENTERS, OPS, create_operators, transform
from ppocr.transforms.augment_rec import RecAug, RecConAug, bend, crop_edge
from ppocr.transforms.base import Rejected
from ppocr.transforms.copy_paste import CopyPaste
from ppocr.transforms.encode_det import DetLabelEncode
from ppocr.transforms.encode_rec import CTCLabelEncode
from ppocr.transforms.keep import KeepKeys
from ppocr.transforms.resize_rec import RecResizeImg
from tests.transforms.images import box, label, page


@pytest.mark.parametrize("registry", [OPS, AUGMENTERS], ids=["ops", "augmenters"])
def test_every_class_states_its_facts(registry):
    for name in registry.names():
        found = registry.find(name)
        assert found.__name__ == name
        assert found.__doc__
        assert isinstance(vars(found)["needs_label"], bool)
        assert isinstance(vars(found)["adds"], tuple)
        assert vars(found)["touches"] in ("nothing", "geometry", "pixels", "source")


def test_the_room_does_not_import_paddle():
    code = (
        "import sys\n"
        "from ppocr.transforms import OPS, AUGMENTERS\n"
        "for table in (OPS, AUGMENTERS):\n"
        "    for name in table.names(): table.find(name)\n"
        "sys.exit('paddle' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_problems_of_a_list_come_together():
    wanted = [
        {"DecodeImge": None},
        {"RecResizeImg": {"image_shpe": [3, 32, 100]}},
        {"IaaAugment": {"augmenter_args": [{"type": "Fliplr", "args": {"q": 1}}]}},
    ]
    with pytest.raises(ConfigError) as caught:
        create_operators(wanted)
    text = str(caught.value)
    assert "did you mean 'DecodeImage'" in text
    assert "did you mean 'image_shape'" in text
    assert "Fliplr has no setting 'q'" in text


def test_global_values_are_offered_and_the_section_wins():
    op, own = create_operators(
        [{"CTCLabelEncode": None}, {"CTCLabelEncode": {"max_text_length": 5}}],
        {"max_text_length": 7, "use_space_char": True, "epoch_num": 3},
    )
    assert op.max_text_length == 7
    assert own.max_text_length == 5


def test_transform_runs_one_after_the_other():
    ops = create_operators([{"DetLabelEncode": None}, {"KeepKeys": {"keep_keys": ["polys"]}}])
    done = transform({"label": label(box(0, 0, 5, 5)), "index": 4, "path": "x"}, ops)
    assert list(done) == ["polys", "index"]


def test_a_missing_entry_is_named():
    with pytest.raises(Rejected, match="length"):
        KeepKeys(["image", "length"])({"image": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "not JSON"),
        ("{}", "list of regions"),
        ('["a"]', "region 1"),
        ('[{"points": []}]', "transcription"),
        ('[{"transcription": "a", "points": [[1, "x"]]}]', "not numbers"),
        ('[{"transcription": "a", "points": [1, 2, 3]}]', "list of"),
        ('[{"transcription": "a", "points": []}]', "list of"),
        ('[{"transcription": "a", "points": [[1, 2], [NaN, 3], [4, 5]]}]', "finite"),
    ],
)
def test_bad_detection_labels_say_what_is_bad(text, said):
    with pytest.raises(Rejected, match=said) as caught:
        DetLabelEncode()({"label": text})
    assert caught.value.reason == "bad_label"


def test_uneven_regions_repeat_their_last_point():
    rows = [
        {"transcription": "a", "points": [[0, 0], [9, 0], [9, 9]]},
        {"transcription": "*", "points": [[0, 0], [4, 1], [9, 0], [9, 9], [0, 9]]},
    ]
    done = DetLabelEncode()({"label": json.dumps(rows)})
    assert done["polys"].shape == (2, 5, 2)
    assert done["polys"].dtype == np.float32
    assert done["polys"][0, 3:].tolist() == [[9, 9], [9, 9]]
    assert done["ignore_tags"].tolist() == [False, True]


def test_rejections_of_texts_have_reasons_and_are_not_damage():
    op = CTCLabelEncode(max_text_length=5)
    for text, reason in (("", "empty"), ("abcdef", "too_long"), ("中文", "only_unknown")):
        with pytest.raises(Rejected) as caught:
            op({"label": text})
        assert caught.value.reason == reason
        assert not caught.value.broken
    assert op({"label": "Ab c"})["text"] == "Ab c"


def test_line_widths():
    fixed = RecResizeImg([3, 32, 320])
    own = RecResizeImg([3, 32, 320], eval_mode=True)
    assert fixed.output_shape() == (3, 32, 320)
    assert own.output_shape() == (3, 32, -1)
    long_line = page(20, 600)
    assert fixed({"image": long_line})["image"].shape == (3, 32, 320)
    assert own({"image": long_line})["image"].shape == (3, 32, 960)
    assert fixed({"image": page(20, 100)})["valid_ratio"] == 0.5
    assert fixed({"image": page(900, 1)})["image"].shape == (3, 32, 320)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (19, 400), (31, 138)])
def test_line_augmentation_survives_any_size_and_repeats_itself(size):
    for seed in range(15):
        images = [
            RecAug()({"image": page(40, 200)[: size[0], : size[1]], "rng": rng})["image"]
            for rng in (np.random.default_rng(seed), np.random.default_rng(seed))
        ]
        assert images[0].dtype == np.uint8
        assert images[0].size > 0
        np.testing.assert_array_equal(images[0], images[1])


def test_each_part_of_the_line_augmentation_acts():
    names = ("tia", "crop", "reverse", "noise", "jitter", "blur", "hsv_aug")
    image = page(40, 200)
    for name in names:
        chances = {f"{one}_prob": float(one == name) for one in names}
        done = RecAug(**chances)({"image": image.copy(), "rng": np.random.default_rng(1)})
        assert not np.array_equal(done["image"], image), name
    none = RecAug(**{f"{one}_prob": 0.0 for one in names})
    same = none({"image": image.copy(), "rng": np.random.default_rng(1)})
    np.testing.assert_array_equal(same["image"], image)


def test_bending_keeps_size_and_reading_order():
    ramp = np.repeat(np.linspace(0, 255, 256, dtype=np.uint8)[None], 40, axis=0)
    for seed in range(30):
        bent = bend(np.dstack([ramp] * 3), np.random.default_rng(seed))
        assert bent.shape == (40, 256, 3)
        middle = bent[20, :, 0].astype(int)
        assert np.diff(middle).min() > -3  # left stays left of right
    tall = crop_edge(page(30, 60), np.random.default_rng(0))
    assert 24 <= tall.shape[0] < 30


def test_lines_are_joined_with_their_labels_while_they_fit():
    op = RecConAug(prob=1.0, image_shape=[32, 320, 3], max_text_length=10, ext_data_num=2)
    other = {"image": page(32, 60), "label": "world"}

    def joined(text, width):
        sample = {"image": page(40, width), "label": text, "rng": np.random.default_rng(0)}
        return op({**sample, "ext_data": [dict(other), dict(other)]})

    done = joined("hello", 80)
    assert done["label"] == "helloworld"
    assert done["image"].shape == (32, 64 + 60, 3)
    assert "ext_data" not in done
    assert joined("hello!", 80)["label"] == "hello!"  # the text would be too long
    assert joined("a", 390)["label"] == "a"  # the picture would be too wide


def test_pasted_regions_are_free_of_others_and_labelled():
    first = {"image": np.zeros((300, 300, 3), np.uint8), "rng": np.random.default_rng(0)}
    first.update(DetLabelEncode()({"label": label(box(20, 20, 200, 60))}))
    quads = [box(10, 10, 60, 12), box(10, 50, 80, 14), box(100, 100, 50, 20), box(0, 200, 90, 9)]
    second = DetLabelEncode()({"label": label(*quads, texts=["a", "###", "b", "c"])})
    second["image"] = np.full((300, 300, 3), 200, np.uint8)
    done = CopyPaste(objects_paste_ratio=1.0)({**first, "ext_data": [second]})
    assert len(done["polys"]) == len(done["texts"]) == len(done["ignore_tags"]) == 4
    assert sorted(done["texts"][1:]) == ["a", "b", "c"]
    assert not done["ignore_tags"].any()
    for poly in done["polys"][1:]:
        x, y = poly.mean(axis=0).astype(int)
        assert done["image"][y, x].tolist() == [200, 200, 200]
        assert not (20 <= x <= 220 and 20 <= y <= 80)
    assert first["image"].max() == 0  # the picture that was given is left alone


def test_an_image_that_would_lose_a_side_is_refused():
    image = np.zeros((2, 3000, 3), dtype=np.uint8)
    with pytest.raises(Rejected, match="3000 x 2 pixels leave nothing of one side"):
        create_operators([{"DetResizeForTest": {"resize_long": 960}}])[0]({"image": image})
