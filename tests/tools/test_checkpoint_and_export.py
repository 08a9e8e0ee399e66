"""What is trained is what is shipped: infer_* on a checkpoint and predict_* on its export agree.

Two small networks with random weights (scaled so that boxes and texts vary) go through
export_model; then every command reads the same pages.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.utils import exits
from ppocr.utils.files import REPOSITORY
from tests.serving import graphs

DECONVOLUTIONS = ("head.binarize.conv2.weight", "head.binarize.conv3.weight")
STATISTICS_STEPS = 50  # a running mean keeps nine tenths of what it was
pytestmark = pytest.mark.slow

CONFIGS = REPOSITORY / "configs" / "quickstart"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder with pages, checkpoints and exports of a detector and a recogniser."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "pages").mkdir()
    for number in range(2):
        save(folder / "pages" / f"{number}.png", graphs.page(number, lines=3))
    (folder / "dict.txt").write_text("\n".join(graphs.CHARACTERS) + "\n", encoding="utf-8")
    for task, picture in (("det", "pages"), ("rec", "pages")):
        make_checkpoint(task, folder)
        status = command(
            "tools.export_model",
            "--no-verify",
            *("-c", CONFIGS / f"{task}.yml", "-o", *options(task, folder)),
            *(f"Global.infer_img={folder / picture}", "Global.export_onnx=true"),
        )
        assert status == 0
    return folder


def options(task: str, folder: Path) -> list[str]:
    found = [
        f"Global.pretrained_model={folder / task}.pdparams",
        f"Global.save_inference_dir={folder / 'inference' / task}",
        f"Global.save_model_dir={folder / 'output' / task}",
        f"Global.save_res_path={folder / 'output' / task / 'predicts.txt'}",
        f"Global.infer_img={folder / 'pages'}",
    ]
    if task == "rec":
        return [*found, f"Global.character_dict_path={folder / 'dict.txt'}"]
    return [*found, "PostProcess.thresh=0.5", "PostProcess.box_thresh=0.0"]


def make_checkpoint(task: str, folder: Path) -> None:
    """Save random weights whose last layer is shifted and scaled so that answers vary."""
    import paddle

    from ppocr import config
    from ppocr.backends.dygraph import Dygraph
    from ppocr.modeling import build_model
    from ppocr.pipeline.derive import derive, wire
    from ppocr.pipeline.runner import Runner, stack

    paddle.seed(7)
    root = wire(config.load(CONFIGS / f"{task}.yml", options(task, folder)))
    model = build_model(root["Architecture"])
    model.eval()
    state = model.state_dict()
    for name in DECONVOLUTIONS if task == "det" else ():  # random ones draw a chessboard
        flat = state[name].numpy().mean(axis=(2, 3), keepdims=True)
        state[name].set_value(np.broadcast_to(flat, state[name].shape).copy())
    runner = Runner(derive(root), Dygraph(model))
    page = graphs.page(0, lines=3)
    image = page if task == "det" else page[30:54, 20:180]
    feeds = stack([runner.prepare(image)])
    if task == "rec":  # statistics of a real picture, or all places of a line look alike
        model.train()
        for _ in range(STATISTICS_STEPS):
            model(paddle.to_tensor(feeds[0]))
        model.eval()
    (answers,) = runner.infer(feeds).values()
    answers = answers.astype(np.float64)
    if task == "det":  # the middle of the map becomes the threshold
        logits = np.log(answers / (1 - answers))
        weight, bias = "head.binarize.conv3.weight", "head.binarize.conv3.bias"
        middle, spread = np.array([widest_gap(logits)]), logits.std()
    else:  # every character gets its chance
        logits = np.log(answers[0])
        weight, bias = "head.fc.weight", "head.fc.bias"
        middle, spread = logits.mean(axis=0), logits.std(axis=0).mean()
    gain = 2.0 / spread
    state[weight].set_value(state[weight] * gain)
    state[bias].set_value(((state[bias].numpy() - middle) * gain).astype(np.float32))
    paddle.save(state, f"{folder / task}.pdparams")


def widest_gap(logits: np.ndarray) -> float:
    """Return a threshold that no value is near: rounding must not decide what is text."""
    values = np.unique(logits)
    upper = values[(values > np.quantile(logits, 0.7)) & (values < np.quantile(logits, 0.95))]
    place = int(np.diff(upper).argmax())
    return float(upper[place : place + 2].mean())


def save(path: Path, image_HWC: np.ndarray) -> None:
    done, encoded = cv2.imencode(path.suffix, image_HWC)
    assert done
    path.write_bytes(encoded.tobytes())


def command(module: str, *words) -> int:
    return exits.run(import_module(module).main, [str(word) for word in words])


def rows(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {Path(name).name: rest for name, _, rest in (line.partition("\t") for line in lines)}


@pytest.fixture(scope="module")
def from_checkpoints(made):
    """Boxes by page, from infer_det."""
    words = ("-c", CONFIGS / "det.yml", "-o", *options("det", made))
    assert command("tools.infer_det", *words, f"Global.infer_img={made / 'pages'}") == 0
    found = rows(made / "output" / "det" / "predicts.txt")
    boxes = {name: [one["points"] for one in json.loads(row)] for name, row in found.items()}
    assert list(boxes) == ["0.png", "1.png"]
    assert min(map(len, boxes.values())) > 3
    for name in boxes:
        assert (made / "output" / "det" / "det_results" / name).is_file()
    return boxes


@pytest.mark.parametrize("engine", ["paddle", "onnx"])
def test_boxes_and_texts_are_those_of_the_checkpoints(made, from_checkpoints, engine):
    out = made / f"out_{engine}"
    models = made / "inference"
    both = ("--det_model_dir", models / "det", "--rec_model_dir", models / "rec")
    common = ("--image_dir", made / "pages", *both, "--engine", engine, "--draw_img_save_dir", out)

    assert command("tools.infer.predict_det", *common) == 0
    found = {name: json.loads(row) for name, row in rows(out / "det_results.txt").items()}
    assert found == from_checkpoints

    crops = ("--drop_score", 0, "--save_crop_res", True, "--crop_res_save_dir", out / "crops")
    assert command("tools.infer.predict_system", *common, *crops) == 0
    read = {name: json.loads(row) for name, row in rows(out / "system_results.txt").items()}
    assert {name: [line["points"] for line in row] for name, row in read.items()} == found

    words = ("-c", CONFIGS / "rec.yml", "-o", *options("rec", made))
    assert command("tools.infer_rec", *words, f"Global.infer_img={out / 'crops'}") == 0
    texts = rows(made / "output" / "rec" / "predicts.txt")
    wanted = {
        f"{Path(name).stem}_crop_{number}.png": line
        for name, row in read.items()
        for number, line in enumerate(row)
    }
    assert {name: row.split("\t")[0] for name, row in texts.items()} == {
        name: line["transcription"] for name, line in wanted.items()
    }
    for name, row in texts.items():
        assert float(row.split("\t")[1]) == pytest.approx(wanted[name]["score"], abs=1e-4)
    assert len({line["transcription"] for line in wanted.values()}) > 3


@pytest.mark.parametrize(
    ("tool", "task", "more", "status", "told"),
    [
        ("infer_det", "rec", (), 2, "use tools/infer_rec.py"),
        ("infer_rec", "rec", ("Global.pretrained_model=null",), 2, "which weights?"),
        ("infer_rec", "rec", ("Global.infer_img=null",), 2, "which images?"),
        ("infer_rec", "rec", ("Global.infer_img=nowhere",), 66, "nowhere"),
        ("infer_det", "det", ("PostProcess.tresh=0.5",), 78, "did you mean 'thresh'?"),
    ],
)
def test_mistakes_are_told(made, capsys, tool, task, more, status, told):
    words = ("-c", CONFIGS / f"{task}.yml", "-o", *options(task, made), *more)
    assert command(f"tools.{tool}", *words) == status
    assert told in capsys.readouterr().err


def test_weights_that_cover_half_the_network_give_no_result(made, capsys, tmp_path):
    import paddle

    state = paddle.load(f"{made / 'det'}.pdparams")
    half = {key: value for key, value in state.items() if key.startswith("backbone.")}
    paddle.save(half, str(tmp_path / "half.pdparams"))
    words = ("-c", CONFIGS / "det.yml", "-o", *options("det", made))
    more = (f"Global.pretrained_model={tmp_path / 'half'}", f"Global.infer_img={made / 'pages'}")
    assert command("tools.infer_det", *words, *more) == 65
    assert "the rest of the network would be random" in capsys.readouterr().err


def test_a_list_of_images(made, capsys, tmp_path):
    (tmp_path / "list.txt").write_text("1.png\tsomething else\n", encoding="utf-8")
    words = ("-c", CONFIGS / "det.yml", "-o", *options("det", made))
    more = (f"Global.infer_list={tmp_path / 'list.txt'}", f"Global.infer_img={made / 'pages'}")
    target = f"Global.save_res_path={tmp_path / 'listed.txt'}"
    assert command("tools.infer_det", *words, *more, target) == 0
    assert list(rows(tmp_path / "listed.txt")) == ["1.png"]
