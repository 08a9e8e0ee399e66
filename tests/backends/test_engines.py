"""The same exported models through every engine, from one thread and from many."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

from ppocr.backends import base
from ppocr.backends.base import Options
from ppocr.backends.open import find_graph, is_installed, open_backend
from ppocr.export import images
from ppocr.pipeline.opening import open_runner
from ppocr.utils.exits import DataError, MissingInput, UsageError
from ppocr.utils.files import REPOSITORY
from tests.export import small

ENGINES = {
    "paddle json": ("paddle", lambda task: small.exported(task).folder),
    "paddle pdmodel": ("paddle", small.legacy),
    "onnxruntime": ("onnxruntime", lambda task: small.exported(task).folder),
    "openvino onnx": (
        "openvino",
        lambda task: small.exported(task).folder / "inference.onnx",
    ),
    "openvino pdmodel": ("openvino", small.legacy),
}


def opened(name: str, task: str, **settings):
    engine, folder = ENGINES[name]
    if not is_installed(engine):
        pytest.skip(f"{engine} is not installed")
    return open_runner(folder(task), Options(**settings), engine, task=task)


def checkpoint(task: str):
    return small.source_of(task).runner


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("task", ["det", "rec"])
def test_every_engine_gives_the_results_of_the_checkpoint(name, task):
    runner, ours = opened(name, task), checkpoint(task)
    pictures = [picture.data for picture in images.generate(task)]
    found, expected = runner(pictures), ours(pictures)
    if task == "rec":
        assert sum(len(text) for text, _ in expected) > 20
        assert [text for text, _ in found] == [text for text, _ in expected]
    else:
        assert sum(len(one["points"]) for one in expected) > 20
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one["points"], other["points"])
            np.testing.assert_allclose(one["scores"], other["scores"], atol=1e-4)


@pytest.mark.parametrize("name", ENGINES)
def test_threads_get_their_own_answers(name):
    runner = opened(name, "rec")
    generator = np.random.default_rng(0)
    feeds = [
        generator.standard_normal((n, 3, 32, width)).astype(np.float32)
        for n, width in ((1, 100), (3, 57), (2, 200), (1, 64))
    ]
    expected = [runner.backend.run([one])[0] for one in feeds]
    wrong: list[int] = []

    def work(offset: int) -> None:
        for turn in range(6):
            index = (turn * 3 + offset) % len(feeds)
            (found,) = runner.backend.run([feeds[index]])
            if found.shape != expected[index].shape or np.abs(found - expected[index]).max() > 1e-5:
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", ENGINES)
def test_answers_are_not_overwritten_by_the_next_call(name):
    runner = opened(name, "rec")
    first = np.ones((1, 3, 32, 100), np.float32)
    (kept,) = runner.backend.run([first])
    copy = kept.copy()
    runner.backend.run([-first])
    np.testing.assert_array_equal(kept, copy)


def test_opening_says_engine_version_device_precision_and_threads(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("ppocr"), "propagate", True)
    caplog.set_level(logging.INFO, "ppocr")
    opened("onnxruntime", "rec", threads=1)
    assert "device cpu, precision fp32, threads 1" in caplog.text
    opened("paddle json", "rec", threads=1)
    assert "Paddle Inference" in caplog.text
    assert "oneDNN on" in caplog.text


@pytest.mark.parametrize("victim", ["inference.pdiparams", "inference.json", "inference.onnx"])
def test_files_that_are_not_the_exported_ones_are_refused(victim, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(small.exported("rec").folder, folder)
    path = folder / victim
    content = path.read_bytes()
    engine = "onnxruntime" if victim.endswith(".onnx") else "paddle"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=f"{victim}.*is not the file that was exported"):
        open_backend(folder, engine=engine)
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    path.write_bytes(bytes(flipped))
    with pytest.raises(DataError, match="is not the file that was exported"):
        open_backend(folder, engine=engine)
    path.unlink()
    with pytest.raises(MissingInput):
        open_backend(folder, engine=engine)


def test_half_a_model_without_digests_is_refused(tmp_path):
    folder = small.exported("rec").folder
    shutil.copy(folder / "inference.json", tmp_path)
    with pytest.raises(MissingInput, match=r"inference\.pdiparams is missing"):
        open_backend(tmp_path)
    (tmp_path / "inference.pdiparams").touch()
    with pytest.raises(DataError, match="is empty"):
        open_backend(tmp_path)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a graph")
    with pytest.raises(DataError, match="cannot be loaded"):
        open_backend(broken)


def test_what_to_open(tmp_path):
    folder = small.exported("rec").folder
    assert find_graph(folder).name == "inference.json"
    assert find_graph(folder, "onnxruntime").name == "inference.onnx"
    assert find_graph(folder / "inference").name == "inference.json"
    with pytest.raises(MissingInput, match="no such model"):
        find_graph(tmp_path / "nothing")
    with pytest.raises(MissingInput, match="it holds nothing"):
        find_graph(tmp_path)
    with pytest.raises(UsageError, match="no engine called 'torch'"):
        open_backend(folder, engine="torch")
    with pytest.raises(UsageError, match="cannot read|reads"):
        open_backend(folder / "inference.json", engine="openvino")
    with pytest.raises(UsageError, match=r"is a rec model \(inference.yml\), a det model"):
        open_runner(folder, task="det")


def test_options_that_cannot_be_had():
    folder = small.exported("rec").folder
    with pytest.raises(UsageError, match="GPU"):
        open_backend(folder, Options(precision="fp16"))
    with pytest.raises(UsageError, match="'cpu' or 'gpu:0'"):
        assert Options("gpu:x").number
    backend = open_backend(folder, engine="onnxruntime")
    array = np.zeros((1, 3, 32, 100), np.float32)
    with pytest.raises(DataError, match="takes 1 inputs, 2 were given"):
        backend.run([array, array])


def test_a_missing_package_is_one_sentence(monkeypatch):
    real = base.importlib.import_module

    def without(name):
        if name == "openvino":
            raise ImportError("No module named 'openvino'")
        return real(name)

    monkeypatch.setattr(base.importlib, "import_module", without)
    with pytest.raises(MissingInput, match="pip install openvino"):
        open_backend(small.exported("rec").folder / "inference.onnx", engine="openvino")


def test_predicting_with_onnxruntime_imports_no_paddle(tmp_path):
    """On a machine that has the .onnx file and nothing of paddle."""
    shutil.copy(small.exported("rec").folder / "inference.onnx", tmp_path)
    (tmp_path / "line.png").write_bytes(images.generate("rec")[2].data)
    code = (
        "import json, sys\n"
        "sys.modules['paddle'] = None\n"
        "from pathlib import Path\n"
        "from ppocr.pipeline.opening import open_runner\n"
        "runner = open_runner(sys.argv[1], task='rec')\n"
        "text, score = runner([Path(sys.argv[1], 'line.png').read_bytes()])[0]\n"
        "print(json.dumps([text, score]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text, _ = json.loads(done.stdout.splitlines()[-1])
    (expected,) = checkpoint("rec")([images.generate("rec")[2].data])
    assert text == expected[0]
