"""The contact sheet shows what the network gets, and the same every time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ppocr.config import load
from ppocr.data import build_dataloader
from ppocr.doctor import preview, sheet
from ppocr.serving.fonts import FontChain
from ppocr.utils.exits import UsageError
from tests.doctor import material
from tests.doctor.material import page, region
from tools import preview_data


def groups(path: Path, mode: str = "Train", count: int = 4, **more):
    return preview.groups(load(path), mode, count, 3, **more)


def test_lines_are_the_tensors_of_training(tmp_path: Path):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 6, tmp_path))
    shown = groups(path, count=6)
    config = load(path)
    batches = list(build_dataloader(config, "Train", seed=3).epoch(0))
    by_place = {
        place: image
        for batch in batches
        for place, image in zip(batch["place"], batch["image"], strict=True)
    }
    assert len(shown) == 6
    for group in shown:
        tensor_CHW = by_place[str(tmp_path / group.place)]
        pixels = np.rint((tensor_CHW.transpose(1, 2, 0) * 0.5 + 0.5) * 255)
        assert np.array_equal(group.tiles[0].image, pixels)
        assert group.text.startswith("line ")
        assert group.tiles[0].image.shape == (32, 100, 3)


def test_what_a_label_loses_is_said(tmp_path: Path):
    rows = [*material.rows_of("rec", 1, tmp_path), "0.png\tab€", "0.png\t" + "x" * 26]
    wrong = {group.place: group for group in groups(material.config(tmp_path, "rec", rows))}
    assert wrong["train.txt:1"].wrong == ""
    assert wrong["train.txt:2"].text == "ab"
    assert "ab€" in wrong["train.txt:2"].wrong
    assert wrong["train.txt:3"].wrong == "refused: too_long (26 characters, at most 25)"
    assert wrong["train.txt:3"].tiles, "the picture is shown all the same"


def test_pages_have_boxes_and_maps(tmp_path: Path):
    boxes = page(region(), region([[70, 50], [110, 50], [110, 80], [70, 80]], "###"))
    material.rows_of("det", 2, tmp_path)
    path = material.config(tmp_path, "det", [f"{n}.png\t{boxes}" for n in range(2)])
    for group in groups(path, count=2):
        titles = [tile.title for tile in group.tiles]
        assert titles == ["image and boxes", "shrink map", "threshold map"]
        assert {tile.image.shape for tile in group.tiles} == {(128, 128, 3)}
        image, shrink, threshold = (tile.image.astype(int) for tile in group.tiles)
        assert (np.abs(image - preview.IGNORED).sum(axis=2) < 60).any()
        assert not np.array_equal(shrink, threshold)
    evaluation = groups(path, "Eval", 2)
    assert [len(group.tiles) for group in evaluation] == [1, 1]
    assert (np.abs(evaluation[0].tiles[0].image.astype(int) - preview.CARED).sum(axis=2) < 60).any()


def test_each_operation_that_changes_something_is_shown(tmp_path: Path):
    path = material.config(tmp_path, "det", material.rows_of("det", 2, tmp_path))
    for group in groups(path, count=2, each_op=True):
        assert [tile.title for tile in group.tiles] == [
            "DecodeImage",
            "DetLabelEncode",
            "EastRandomCropData",
            "MakeBorderMap",
            "MakeShrinkMap",
        ]


def test_red_and_blue_are_not_swapped(tmp_path: Path):
    red = np.zeros((32, 96, 3), np.uint8)
    red[..., 2] = 255
    (tmp_path / "red.png").write_bytes(material.encoded(red))
    path = material.config(tmp_path, "rec", ["red.png\tab"] * 2)
    for mode in ("BGR", "RGB"):
        content = yaml.safe_load(path.read_text())
        content["Train"]["dataset"]["transforms"][0]["DecodeImage"]["img_mode"] = mode
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        assert groups(path, count=1)[0].tiles[0].image[5, 5].tolist() == [0, 0, 255]


def test_the_command_writes_the_same_sheet_again(tmp_path: Path, capsys):
    rows = material.rows_of("rec", 5, tmp_path)
    path = material.config(tmp_path, "rec", rows)
    names = [tmp_path / f"{n}.out.png" for n in range(3)]
    for name, seed in zip(names, ("3", "3", "4"), strict=True):
        assert preview_data.main(["-c", str(path), "-n", "4", "--seed", seed, "--output",
                                  str(name)]) == 0  # fmt: skip
    first, second, other = (name.read_bytes() for name in names)
    assert first == second
    assert first != other
    assert "4 samples" in capsys.readouterr().out
    picture = cv2.imread(str(names[0]))
    assert picture.shape[0] > 100
    assert picture.shape[1] <= sheet.WIDTH_PX
    with pytest.raises(UsageError, match="no section Test"):
        preview_data.main(["-c", str(path), "--mode", "Test"])
    with pytest.raises(UsageError, match="1 to"):
        preview_data.main(["-c", str(path), "-n", "0"])


def test_long_captions_are_cut_and_wide_samples_folded():
    wide = preview.Tile(np.zeros((40, 3000, 3), np.uint8), "a" * 40)
    group = preview.Group([wide] * 5, "place", "x" * 500, "y" * 500)
    content = sheet.png([group], "title", FontChain())
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] <= sheet.WIDTH_PX
    assert np.array_equal(content, sheet.png([group], "title", FontChain()))
