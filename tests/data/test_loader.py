"""From files to batches: what a batch holds, and what happens to rows that are bad."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.config.errors import ConfigError
from ppocr.data import build_dataloader
from ppocr.data.multi_scale import MultiScaleDataSet
from ppocr.data.workers import Workers
from ppocr.training.step import normalized, to_tensor
from ppocr.transforms import OPS
from ppocr.utils.exits import DataError
from tests.data.sets import TEXTS, lines, pages, rec_config


def test_a_batch_is_a_dict_of_arrays_with_bookkeeping(tmp_path):
    loader = build_dataloader(rec_config(lines(tmp_path)), "Eval")
    batch = next(iter(loader))
    assert batch["image"].shape == (4, 3, 32, 100)
    assert batch["image"].dtype == np.float32
    assert batch["label"].shape == (4, 10)
    assert batch["length"].dtype == np.int64
    assert batch["index"].tolist() == [0, 1, 2, 3]
    assert batch["text"] == list(TEXTS[:4])
    assert batch["place"][2].endswith("rows.txt:3")


def test_epochs_differ_and_can_begin_anywhere(tmp_path):
    loader = build_dataloader(rec_config(lines(tmp_path)), "Train")
    first = [batch["index"].tolist() for batch in loader.epoch(0)]
    assert first != [batch["index"].tolist() for batch in loader.epoch(1)]
    assert [batch["index"].tolist() for batch in loader.epoch(0, start=1)] == first[1:]
    assert sorted(sum(first, [])) == list(range(12))


def test_bad_rows_are_replaced_in_training_and_counted(tmp_path):
    labels = lines(tmp_path)
    (tmp_path / "3.png").unlink()
    (tmp_path / "4.png").write_bytes(b"not an image")
    config = rec_config(labels)
    config["Global"]["max_bad_ratio"] = 0.5
    loader = build_dataloader(config, "Train")
    seen = [text for batch in loader.epoch(0) for text in batch["text"]]
    assert len(seen) == 12
    assert loader.tally.reasons["missing file"] >= 1
    assert loader.tally.reasons["unreadable"] >= 1
    assert any("rows.txt:4" in one for one in loader.tally.examples["missing file"])
    again = build_dataloader(config, "Train")
    assert [text for batch in again.epoch(0) for text in batch["text"]] == seen


def test_too_many_bad_rows_end_training(tmp_path):
    labels = lines(tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.png").unlink()
    loader = build_dataloader(rec_config(labels), "Train")
    with pytest.raises(DataError, match="max_bad_ratio"):
        list(loader.epoch(0))


def test_labels_the_model_cannot_learn_are_no_bad_rows(tmp_path):
    labels = lines(tmp_path)
    labels.write_text(labels.read_text() + "0.png\tfar too long for ten\n1.png\t中\n")
    loader = build_dataloader(rec_config(labels), "Train")
    assert len([text for batch in loader.epoch(0) for text in batch["text"]]) == 14
    assert loader.tally.reasons["too_long"] >= 1
    assert loader.tally.reasons["only_unknown"] >= 1


def test_nothing_is_replaced_in_evaluation(tmp_path):
    labels = lines(tmp_path)
    (tmp_path / "3.png").unlink()
    loader = build_dataloader(rec_config(labels), "Eval")
    seen = [one for batch in loader.epoch(0) for one in batch["index"].tolist()]
    assert seen == [n for n in range(12) if n != 3]
    assert loader.tally.broken_places == {f"{labels}:4"}


def test_evaluation_keeps_what_is_outside_the_models_limits(tmp_path):
    labels = lines(tmp_path, 3)
    labels.write_text(labels.read_text() + "0.png\tfar too long for ten\n1.png\t中\n2.png\t\n")
    loader = build_dataloader(rec_config(labels), "Eval")
    texts = [text for batch in loader.epoch(0) for text in batch["text"]]
    assert texts == ["one", "two", "three", "far too long for ten", "中", ""]
    assert loader.tally.kept == 3
    assert not loader.tally.broken_places


def test_a_set_of_which_nothing_is_usable_says_why_at_once(tmp_path):
    labels = lines(tmp_path)
    for number in range(12):
        (tmp_path / f"{number}.png").unlink()
    with pytest.raises(DataError, match="missing file 12"):
        build_dataloader(rec_config(labels), "Train")  # not first when an epoch begins


def test_an_empty_set_and_one_smaller_than_a_batch(tmp_path):
    labels = lines(tmp_path, 3)
    with pytest.raises(DataError, match="fewer than one batch"):
        build_dataloader(rec_config(labels, drop_last=True), "Train")
    labels.write_text("")
    with pytest.raises(DataError, match="no samples"):
        build_dataloader(rec_config(labels), "Train")


def test_ratios_take_another_part_in_each_epoch(tmp_path):
    config = rec_config(lines(tmp_path))
    config["Train"]["dataset"] = {**config["Train"]["dataset"], "ratio_list": [0.5]}
    loader = build_dataloader(config, "Train")
    parts = [{p for b in loader.epoch(epoch) for p in b["place"]} for epoch in range(12)]
    assert [len(part) for part in parts] == [6] * 12
    assert len(set().union(*parts)) == 12


def test_a_ratio_above_one_repeats_rows_with_other_chance(tmp_path):
    config = rec_config(lines(tmp_path))
    config["Train"]["dataset"] = {**config["Train"]["dataset"], "ratio_list": [2.5]}
    loader = build_dataloader(config, "Train")
    places = [place for batch in loader.epoch(0) for place in batch["place"]]
    counts = sorted(places.count(place) for place in set(places))
    assert counts == [2] * 6 + [3] * 6


def test_workers_give_the_same_batches_and_the_same_count_of_rejects(tmp_path):
    labels = lines(tmp_path, 40)
    (tmp_path / "3.png").unlink()
    config = rec_config(labels)
    config["Global"]["max_bad_ratio"] = 0.5
    alone = build_dataloader(config, "Train")
    expected = list(alone.epoch(2))
    config = rec_config(labels, num_workers=2)
    config["Global"]["max_bad_ratio"] = 0.5
    loader = build_dataloader(config, "Train")
    try:
        for _ in range(2):  # the same processes serve several epochs
            for batch, other in zip(loader.epoch(2), expected, strict=True):
                assert batch["place"] == other["place"]
                np.testing.assert_array_equal(batch["image"], other["image"])
            assert loader.reset().reasons == alone.tally.reasons
    finally:
        loader.close()


def test_without_room_in_shared_memory_batches_still_arrive(tmp_path, monkeypatch):
    loader = build_dataloader(rec_config(lines(tmp_path), use_shared_memory=False), "Eval")
    expected = [batch["index"].tolist() for batch in loader.epoch(0)]
    workers = Workers(loader.fetcher, 1, shared_memory=False)
    found = [one.batch["index"].tolist() for one in workers.run(loader.sampler.epoch(0))]
    workers.close()
    assert found == expected


def det_config(labels):
    transforms = [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"DetLabelEncode": None},
        {"EastRandomCropData": {"size": [96, 96], "max_tries": 10, "keep_ratio": True}},
        {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
        {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
        {"NormalizeImage": {"scale": "1./255.", "order": "hwc"}},
        {"ToCHWImage": None},
        {"KeepKeys": {"keep_keys": ["image", "threshold_map", "shrink_map", "shrink_mask"]}},
    ]
    config = rec_config(labels)
    config["Train"]["dataset"] = {**config["Train"]["dataset"], "transforms": transforms}
    return config


def test_detection_batches_have_targets(tmp_path):
    batch = next(iter(build_dataloader(det_config(pages(tmp_path)), "Train")))
    assert batch["image"].shape == (4, 3, 96, 96)
    assert batch["shrink_map"].shape == (4, 96, 96)
    assert batch["shrink_map"].max() == 1


def test_raw_images_become_the_same_bits_on_the_device(tmp_path):
    config = det_config(pages(tmp_path))
    (finished,) = build_dataloader(config, "Train").epoch(0)
    (raw,) = build_dataloader(config, "Train", raw_images=True).epoch(0)
    assert raw["image"].dtype == np.uint8
    assert raw["image"].shape == (4, 96, 96, 3)
    device = normalized(to_tensor(raw["image"]), raw["normalize"])
    np.testing.assert_array_equal(device.numpy(), finished["image"])
    np.testing.assert_array_equal(raw["shrink_map"], finished["shrink_map"])
    assert "normalize" not in finished


def test_images_that_are_padded_are_finished_although_raw_ones_are_asked_for(tmp_path):
    loader = build_dataloader(rec_config(lines(tmp_path)), "Train", raw_images=True)
    batch = next(iter(loader))
    assert batch["image"].shape == (4, 3, 32, 100)
    assert batch["image"].dtype == np.float32


def test_several_problems_of_the_loader_section_come_together(tmp_path):
    config = rec_config(lines(tmp_path), batch_size_per_crad=4, num_workers="many")
    with pytest.raises(ConfigError) as caught:
        build_dataloader(config, "Train")
    assert len(caught.value.problems) == 2
    assert "batch_size_per_card" in str(caught.value)


def test_the_operators_of_these_tests_exist():
    assert {"CTCLabelEncode", "RecResizeImg", "KeepKeys"} <= set(OPS.names())


@pytest.mark.parametrize("with_sizes", [False, True])
def test_lines_in_several_shapes(tmp_path, with_sizes):
    labels = lines(tmp_path, 24)
    if with_sizes:
        rows = [f"{row}\t100\t32" for row in labels.read_text().splitlines()]
        labels.write_text("\n".join(rows) + "\n")
    config = rec_config(labels)
    dataset = config["Train"]["dataset"]
    transforms = [one for one in dataset["transforms"] if "RecResizeImg" not in one]
    config["Train"]["dataset"] = {
        **dataset, "name": "MultiScaleDataSet", "transforms": transforms, "ds_width": with_sizes,
    }  # fmt: skip
    config["Train"]["sampler"] = {
        "name": "MultiScaleSampler",
        "scales": [[320, 32], [320, 48], [320, 64]],
        "first_bs": 4,
        "fix_bs": False,
        "divided_factor": [8, 16],
        "is_training": True,
    }
    loader = build_dataloader(config, "Train")
    batches = list(loader.epoch(0))
    assert sorted(one for batch in batches for one in batch["index"].tolist()) == list(range(24))
    assert {batch["image"].shape[2] for batch in batches} == {32, 48, 64}
    for batch in batches:
        height, width = batch["image"].shape[2:]
        assert width == (-(-height * 100 // 32 // 8) * 8 if with_sizes else 320)


@pytest.mark.parametrize("sizes", ["nan\t32", "inf\t32", "0\t32", "100\t0", "100\t-32", "100"])
def test_sizes_that_are_none_are_told_before_anything_begins(tmp_path, sizes):
    labels = lines(tmp_path, 4)
    rows = [f"{row}\t100\t32" for row in labels.read_text().splitlines()]
    rows[2] = f"2.png\tthree\t{sizes}"
    labels.write_text("\n".join(rows) + "\n")
    dataset = MultiScaleDataSet(str(tmp_path), [str(labels)], [], ds_width=True)
    with pytest.raises(DataError, match=r"rows\.txt:3: ds_width needs width and height"):
        dataset.proportions()
