"""A direction classifier from labels to turned crops: train, evaluate, export, predict, system.

Lines are dark bars with a paler stripe near the top; on their heads, near the bottom.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ppocr.utils import exits
from ppocr.utils.files import REPOSITORY
from tests.serving import graphs

CONFIG = REPOSITORY / "configs" / "cls" / "cls_mv3.yml"
STRETCHED = REPOSITORY / "configs" / "cls" / "cls_mv3_stretched.yml"
LABELS = ("0", "180")
SHAPE = [3, 32, 96]


def line(generator: np.random.Generator, label: str) -> np.ndarray:
    """Return a line of that direction; uint8 (24, W, 3)."""
    image = generator.integers(0, 60, (24, int(generator.integers(70, 160)), 3), np.uint8)
    image[2:11, 3:-3] += 80
    return cv2.rotate(image, cv2.ROTATE_180) if label == "180" else image


def write_lines(folder: Path, count: int, seed: int) -> Path:
    """Return the label file of ``count`` lines, half of them on their heads."""
    generator = np.random.default_rng(seed)
    folder.mkdir()
    rows = []
    for number in range(count):
        label = LABELS[number % 2]
        around = [int(one) for one in generator.integers(0, 9, 4)]  # as a detector leaves it
        image = cv2.copyMakeBorder(
            line(generator, label), *around, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        cv2.imwrite(str(folder / f"{number:03d}.png"), image)
        rows.append(f"{number:03d}.png\t{label}\n")
    (folder / "labels.txt").write_text("".join(rows), encoding="utf-8")
    return folder / "labels.txt"


def command(module: str, *words: object) -> int:
    return exits.run(import_module(module).main, [str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with lines, a trained classifier and its export."""
    folder = tmp_path_factory.mktemp("cls")
    options = _options(folder)
    assert command("tools.train", "-c", CONFIG, "-o", *options) == 0
    best = f"Global.pretrained_model={folder / 'run' / 'best_accuracy'}"
    pictures = f"Global.infer_img={folder / 'valid'}"
    words = ("-c", CONFIG, "-o", *options, best, pictures, "Global.export_onnx=true")
    assert command("tools.export_model", *words) == 0
    return folder


def _options(folder: Path) -> list[str]:
    found = [
        *("Global.use_gpu=false", "Global.epoch_num=32", "Global.seed=3"),
        *("Global.eval_batch_step=[0,16]", "Global.save_epoch_step=100"),
        f"Global.save_model_dir={folder / 'run'}",
        f"Global.save_inference_dir={folder / 'export'}",
        f"Global.save_res_path={folder / 'infer.txt'}",
        *("Optimizer.lr.learning_rate=0.005", "Train.loader.shuffle=true"),
        f"Train.dataset.transforms[4].ClsResizeImg.image_shape={SHAPE}",
        f"Eval.dataset.transforms[2].ClsResizeImg.image_shape={SHAPE}",
    ]
    for mode, name, count in (("Train", "train", 32), ("Eval", "valid", 12)):
        labels = folder / name / "labels.txt"
        if not labels.is_file():
            write_lines(folder / name, count, seed=count)
        found += [
            f"{mode}.dataset.data_dir={folder / name}",
            f"{mode}.dataset.label_file_list=[{labels}]",
            f"{mode}.loader.batch_size_per_card=8",
            f"{mode}.loader.num_workers=0",
        ]
    return found


def test_it_learns_and_evaluation_says_so(made: Path, capsys) -> None:
    best = f"Global.checkpoints={made / 'run' / 'best_accuracy'}"
    assert command("tools.eval", "-c", CONFIG, "-o", *_options(made), best) == 0
    told = capsys.readouterr().out
    (accuracy,) = re.findall(r"INFO: acc:([\d.]+)", told.split("metric eval")[1])
    assert float(accuracy) == 1.0


def test_checkpoint_and_export_name_the_same_directions(made: Path, capsys) -> None:
    best = f"Global.pretrained_model={made / 'run' / 'best_accuracy'}"
    words = ("-c", CONFIG, "-o", *_options(made), best, f"Global.infer_img={made / 'valid'}")
    assert command("tools.infer_cls", *words) == 0
    told = re.findall(r"infer_img: (\S+)\n.*result: (\w+)\t", capsys.readouterr().out)
    rows = [row.split("\t") for row in (made / "infer.txt").read_text("utf-8").splitlines()]
    inferred = {Path(name).name: (label, float(score)) for name, label, score in rows}
    truth = dict(row.split("\t") for row in (made / "valid/labels.txt").read_text().splitlines())
    assert {name: label for name, (label, _) in inferred.items()} == truth
    assert {Path(path).name: label for path, label in told} == truth
    for model in (made / "export", made / "export" / "inference.onnx"):
        where = ("--image_dir", made / "valid", "--cls_model_dir", model)
        assert command("tools.infer.predict_cls", *where) == 0
        told = re.findall(r"Predicts of (\S+):\['(\w+)', ([\d.]+)\]", capsys.readouterr().out)
        assert len(told) == len(inferred)
        for name, label, score in told:
            assert label == inferred[Path(name).name][0]
            assert float(score) == pytest.approx(inferred[Path(name).name][1], abs=1e-4)


def test_predict_system_turns_what_stands_on_its_head(made: Path, tmp_path: Path, capsys) -> None:
    graphs.detector(tmp_path / "det", unclip_ratio=0.3)
    graphs.recogniser(tmp_path / "rec")
    generator = np.random.default_rng(5)
    page = np.full((140, 240, 3), 255, np.uint8)
    for top, label in ((20, "0"), (80, "180")):
        bar = line(generator, label)
        page[top : top + 24, 30 : 30 + bar.shape[1]] = bar
    cv2.imwrite(str(tmp_path / "page.png"), page)
    models = ("--det_model_dir", tmp_path / "det", "--rec_model_dir", tmp_path / "rec")
    words = ("--image_dir", tmp_path / "page.png", *models, "--drop_score", 0)
    turning = ("--use_angle_cls", "True", "--cls_model_dir", made / "export", "--cls_thresh")
    crops = {}
    for name, more in (("as found", ()), ("turned", (*turning, 0.5)), ("unsure", (*turning, 1.0))):
        out = tmp_path / name
        keep = ("--save_crop_res", "True", "--crop_res_save_dir", out, "--draw_img_save_dir", out)
        assert command("tools.infer.predict_system", *words, *keep, *more) == 0
        assert ("cls num  : 2" in capsys.readouterr().out) == bool(more)
        files = sorted(out.glob("page*crop*.png"))
        crops[name] = [cv2.imread(str(file)) for file in files]
        assert len(crops[name]) == 2
    upright, upside_down = crops["as found"]
    np.testing.assert_array_equal(crops["turned"][0], upright)
    np.testing.assert_array_equal(crops["turned"][1], cv2.rotate(upside_down, cv2.ROTATE_180))
    np.testing.assert_array_equal(crops["unsure"][1], upside_down)


def test_label_list_by_hand_renames_the_directions(made: Path, capsys) -> None:
    where = ("--image_dir", made / "valid" / "001.png", "--cls_model_dir", made / "export")
    assert command("tools.infer.predict_cls", *where, "--label_list", "up,down") == 0
    assert "['down', " in capsys.readouterr().out


def test_the_stretched_one_is_written_as_paddleocr_3_reads_it() -> None:
    from ppocr.config import load
    from ppocr.pipeline import official, store
    from ppocr.pipeline.derive import derive

    spec = derive(load(STRETCHED))
    content = yaml.safe_load(store.to_text(spec))
    sizes, normalize, _ = content["PreProcess"]["transform_ops"]
    assert sizes == {"ResizeImage": {"size": [160, 80]}}
    assert normalize["NormalizeImage"]["scale"] == pytest.approx(1 / 255)
    labels = ["0", "180"]
    assert content["PostProcess"] == {"Topk": {"topk": 1, "label_list": labels}}
    assert store.from_content(content, "ours").spec == spec
    assert official.advice(spec) == []
    content.pop("Pipeline")  # as an official export has it
    theirs = store.from_content(content, "theirs").spec
    assert (theirs.task, theirs.inputs, theirs.batch) == ("cls", spec.inputs, spec.batch)
    assert [op.name for op in theirs.pre] == [op.name for op in spec.pre]
    assert theirs.post == spec.post
    assert "stretches" in official.advice(derive(load(CONFIG)))[0]


def test_a_stretched_image_has_the_size_whatever_its_shape() -> None:
    from ppocr.transforms.resize_cls import ResizeImage

    op = ResizeImage([160, 80])
    for shape in ((17, 27, 3), (300, 20, 3)):  # also those that detection would pad
        image = np.full(shape, 7, np.uint8)
        assert (op({"image": image})["image"] == np.full((80, 160, 3), 7)).all()
    with pytest.raises(ValueError, match="width, height"):
        ResizeImage([160])
