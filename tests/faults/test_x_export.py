"""Rows X: what is exported is what was trained, whole, and every failure has its exit status."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ppocr.backends.base import Options
from ppocr.backends.open import open_backend
from ppocr.pipeline.opening import open_runner
from ppocr.utils import exits, files, pickles
from ppocr.utils.exits import MissingInput
from tests.faults import tiny
from tests.serving import graphs


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Return a folder with a trained recogniser (``run``) and its verified export (``model``)."""
    folder = tmp_path_factory.mktemp("made")
    path, log = tiny.config(folder), folder / "log"
    run = ["Global.epoch_num=1"]
    assert tiny.in_child(lambda: tiny.train(path, *run), log) == 0, log.read_text()
    assert tiny.in_child(lambda: export(path, folder / "model"), log) == 0, log.read_text()
    return folder


def call(name: str, *words: object) -> int:
    """Return the exit status of a tool in this process."""
    try:
        return exits.run(import_module(f"tools.{name}").main, [str(word) for word in words])
    except SystemExit as left:
        return int(left.code or 0)


def export(path: Path, target: Path, *more: str) -> int:
    weights = f"Global.pretrained_model={path.parent}/run/latest"
    options = [weights, f"Global.save_inference_dir={target}", *more]
    return call("export_model", "-c", path, "-o", *options)


def predict(model: Path, images: Path, *more: object) -> int:
    return call("infer.predict_rec", "--image_dir", images, "--rec_model_dir", model, *more)


def lines_of(folder: Path, widths=(40, 100, 64, 160, 100, 30)) -> Path:
    folder.mkdir(parents=True)
    for number, width in enumerate(widths):
        image = np.full((32, width, 3), 255, np.uint8)
        cv2.putText(image, f"a{number}", (2, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def test_x1_without_weights_nothing_is_exported(made, tmp_path):
    target = f"Global.save_inference_dir={tmp_path}/out"
    words = ["export_model", "-c", made / "config.yml", "-o", target]
    assert tiny.in_child(lambda: call(*words)) == 66
    nowhere = f"Global.pretrained_model={tmp_path}/nowhere"
    assert tiny.in_child(lambda: call(*words, nowhere)) == 66
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["other", "part", "not finite", "torn"])
def test_x2_wrong_or_partial_weights_are_refused_and_nothing_is_written(made, tmp_path, kind):
    weights = pickles.read(made / "run" / "latest.pdparams")
    changed = {
        "other": {f"{key}.{key}": value for key, value in weights.items()},
        "part": dict(list(weights.items())[:-2]),
        "not finite": {key: value * np.float32(np.nan) for key, value in weights.items()},
        "torn": weights,
    }[kind]
    pickles.write(tmp_path / "w.pdparams", changed)
    if kind == "torn":
        content = (tmp_path / "w.pdparams").read_bytes()
        (tmp_path / "w.pdparams").write_bytes(content[: len(content) // 2])
    options = [
        f"Global.pretrained_model={tmp_path}/w",
        f"Global.save_inference_dir={tmp_path}/out",
    ]
    words = ["export_model", "-c", made / "config.yml", "-o", *options]
    assert tiny.in_child(lambda: call(*words)) == 65
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", ["over another", "fresh"])
def test_x3_a_fault_at_any_operation_of_an_export_leaves_the_old_one_or_the_new(campaigns, how):
    found = campaigns("export", "--every", "9", *(["--fresh"] if how == "fresh" else []))
    assert found["cases"] >= 18
    assert found["failures"] == []


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "graph"])
def test_x4_weights_that_are_not_those_of_the_export_are_refused(made, tmp_path, damage):
    model = shutil.copytree(made / "model", tmp_path / "model")
    weights = model / ("inference.json" if damage == "graph" else "inference.pdiparams")
    content = bytearray(weights.read_bytes())
    if damage == "missing":
        weights.unlink()
    else:
        content[len(content) // 2] ^= 1
        weights.write_bytes(content[:-50] if damage == "cut" else content)
    log = tmp_path / "log"
    status = tiny.in_child(lambda: predict(model, lines_of(tmp_path / "images")), log)
    assert status == (66 if damage == "missing" else 65), log.read_text()
    assert weights.name in log.read_text()


@pytest.mark.parametrize("kind", ["short", "turned"])
def test_x5_a_dictionary_of_another_size_is_refused_and_of_another_order_said(made, tmp_path, kind):
    content = yaml.safe_load((made / "model" / "inference.yml").read_text(encoding="utf-8"))
    characters = content["PostProcess"]["character_dict"]
    path, log = tmp_path / "dict.txt", tmp_path / "log"
    other = characters[:-3] if kind == "short" else characters[::-1]
    path.write_text("\n".join(other) + "\n", encoding="utf-8")
    images = lines_of(tmp_path / "images", (40,))

    def work() -> int:
        return predict(made / "model", images, "--rec_char_dict_path", path)

    status = tiny.in_child(work, log)
    if kind == "short":
        assert status in (2, 65, 78), log.read_text()
    else:  # as long as the right one, and asked for by hand
        assert "read with other characters than the model was trained with" in log.read_text()


def test_x6_the_export_has_been_compared_with_the_checkpoint(made):
    report = json.loads((made / "model" / "parity.json").read_text())
    assert report["ok"] is True
    assert report["checkpoint"]["sha256"] == files.sha256(made / "run" / "latest.pdparams")
    for model in report["models"]:
        assert model["first_difference"] is None
        assert {"description", "raw output"} <= {stage["stage"] for stage in model["stages"]}


def test_x7_a_text_does_not_depend_on_its_neighbours_in_the_batch(made, tmp_path):
    images = sorted(lines_of(tmp_path / "images").iterdir())
    pixels = [cv2.imread(str(path)) for path in images]

    def work() -> int:
        runner = open_runner(made / "model")
        alone = [runner([one])[0] for one in pixels]
        for order in ([0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4], [3, 3, 0, 3, 5, 1]):
            together = runner([pixels[index] for index in order])
            for index, (text, score) in zip(order, together, strict=True):
                assert text == alone[index][0]
                assert abs(score - alone[index][1]) < 1e-5
        return 0

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 0, log.read_text()


def test_x8_threads_that_share_a_predictor_get_their_own_answers(made, tmp_path):
    def work() -> int:
        backend = open_backend(made / "model", Options())
        rng = np.random.default_rng(0)
        feeds = [
            rng.standard_normal((1, 3, 32, 64 + 32 * (n % 3))).astype(np.float32) for n in range(9)
        ]
        alone = [backend.run([one])[0] for one in feeds]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda n: backend.run([feeds[n % 9]])[0], range(500)))
        wrong = sum(not np.array_equal(one, alone[n % 9]) for n, one in enumerate(together))
        assert wrong == 0, wrong
        return 0

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 0, log.read_text()


class Short(http.server.BaseHTTPRequestHandler):
    """Promises a thousand bytes and sends a hundred."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 100)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_x9_an_interrupted_download_leaves_no_file_under_the_final_name(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Short)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(MissingInput, match="100 of 1000 bytes"):
            files.download(f"http://127.0.0.1:{server.server_address[1]}/w.pdparams", into=tmp_path)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert list(tmp_path.iterdir()) == []


FAILING = [
    (78, "train", ["-c", "{rec}", "-o", "Global.epoch_nmu=3"]),
    (78, "train", ["-c", "{rec}", "-o", "Global.epoch_num=many"]),
    (78, "train", ["-c", "{rec}", "-o", "Optimizer.name=Adamm"]),
    (78, "train", ["-c", "{rec}", "-o", "Architecture.Backbone.name=NoNet"]),
    (78, "train", ["-c", "{rec}", "-o", "Global.use_gpu=true", "Global.use_npu=true"]),
    (66, "train", ["-c", "{tmp}/nowhere.yml"]),
    (66, "train", ["-c", "{rec}", "-o", "Train.dataset.label_file_list=['{tmp}/nowhere.txt']"]),
    (65, "train", ["-c", "{rec}", "-o", "Train.dataset.label_file_list=['{tmp}/empty.txt']"]),
    (65, "train", ["-c", "{rec}", "-o", "Train.dataset.data_dir={tmp}/none"]),
    (66, "train", ["-c", "{rec}", "-o", "Global.checkpoints={tmp}/nowhere"]),
    (66, "train", ["-c", "{rec}", "-o", "Global.pretrained_model={tmp}/nowhere"]),
    (65, "train", ["-c", "{rec}", "-o", "Global.pretrained_model={tmp}/junk"]),
    (65, "train", ["-c", "{rec}", "-o", "Global.checkpoints={tmp}/junk"]),
    (73, "train", ["-c", "{rec}", "-o", "Global.save_model_dir={tmp}/empty.txt/run"]),
    (66, "train", ["-c", "{rec}", "-o", "Global.character_dict_path={tmp}/nowhere.txt"]),
    (2, "train", []),
    (66, "eval", ["-c", "{rec}"]),
    (66, "eval", ["-c", "{rec}", "-o", "Global.checkpoints={tmp}/nowhere"]),
    (65, "eval", ["-c", "{rec}", "-o", "Global.checkpoints={tmp}/junk"]),
    (66, "export_model", ["-c", "{rec}"]),
    (65, "export_model", ["-c", "{rec}", "-o", "Global.pretrained_model={tmp}/junk"]),
    (66, "infer_rec", ["-c", "{rec}", "-o", "Global.infer_img={tmp}/none.png"]),
    (66, "infer.predict_rec", ["--image_dir", "{tmp}/none", "--rec_model_dir", "{tmp}/rec"]),
    (66, "infer.predict_rec", ["--image_dir", "{images}", "--rec_model_dir", "{tmp}/none"]),
    (66, "infer.predict_rec", ["--image_dir", "{tmp}/bare", "--rec_model_dir", "{tmp}/rec"]),
    (65, "infer.predict_rec", ["--image_dir", "{broken}", "--rec_model_dir", "{tmp}/rec"]),
    (2, "infer.predict_rec", ["--image_dir", "{images}"]),
    (2, "infer.predict_rec", ["--no_such_flag", "1"]),
    (78, "check_config", ["{tmp}/typo.yml"]),
    (66, "check_config", ["{tmp}/nowhere.yml"]),
]


def test_x10_no_failure_exits_with_zero(tmp_path):
    rec = tiny.config(tmp_path / "a")
    graphs.recogniser(tmp_path / "rec")
    images, broken = lines_of(tmp_path / "images", (40,)), lines_of(tmp_path / "broken", (40,))
    (broken / "x.png").write_bytes(b"junk")
    (tmp_path / "bare").mkdir()
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "junk.pdparams").write_bytes(b"junk")
    (tmp_path / "typo.yml").write_text(rec.read_text().replace("epoch_num:", "epoch_nmu:"))
    places = {"rec": rec, "tmp": tmp_path, "images": images, "broken": broken}
    wrong, log = [], tmp_path / "log"
    for status, name, words in FAILING:
        filled = [word.format(**places) for word in words]
        log.write_text("")
        found = tiny.in_child(lambda name=name, filled=filled: call(name, *filled), log)
        said = log.read_text()
        if found != status or "Traceback" in said or not said.strip():
            wrong.append(f"{found} instead of {status}: {name} {' '.join(words)}: {said[-200:]}")
    assert not wrong, "\n".join(wrong)
