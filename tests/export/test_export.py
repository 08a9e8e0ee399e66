"""What is exported is what was trained, or nothing is exported."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from ppocr.backends.onnx import read_metadata
from ppocr.config import load
from ppocr.export import images, onnx, parity, run, source, static
from ppocr.export.stages import Report, Stage
from ppocr.pipeline import store
from ppocr.pipeline.derive import derive
from ppocr.pipeline.runner import Runner
from ppocr.utils import pickles
from ppocr.utils.exits import DataError, MissingInput, OutputError
from tests.export import small
from tools import export_model


@pytest.mark.parametrize("task", ["det", "rec"])
def test_an_export_is_whole_and_says_what_it_is(task):
    model = small.exported(task)
    names = {path.name for path in model.folder.iterdir()}
    assert names == {
        "inference.json",
        "inference.pdiparams",
        "inference.onnx",
        "inference.yml",
        "parity.json",
    }
    spec = derive(load(model.config))
    stored = store.inspect(model.folder)
    assert stored.spec == spec
    assert set(stored.sha256) == {
        "config",
        "checkpoint",
        "inference.json",
        "inference.pdiparams",
        "inference.onnx",
    }
    carried = read_metadata(model.folder / "inference.onnx")
    inside = store.from_content(yaml.safe_load(carried["ppocr.pipeline"]), "onnx")
    assert inside.spec == spec
    assert carried.get("character", "") == "\n".join(spec.characters)


@pytest.mark.parametrize("task", ["det", "rec"])
def test_the_report_beside_the_model(task):
    report = json.loads((small.exported(task).folder / "parity.json").read_text())
    assert report["ok"] is True
    assert [one["model"] for one in report["models"]] == ["inference.json", "inference.onnx"]
    for one in report["models"]:
        assert one["first_difference"] is None
        stages = {stage["stage"]: stage for stage in one["stages"]}
        assert list(stages) == [
            "description",
            "weights",
            "decoded image",
            "input tensor",
            "raw output",
            "boxes" if task == "det" else "text",
            "end to end",
        ]
        assert all(stage["compared"] > 0 for stage in stages.values())
        assert 0 < stages["raw output"]["largest_difference"] < stages["raw output"]["tolerance"]


def copy_of(task: str, folder: Path) -> Path:
    shutil.copytree(small.exported(task).folder, folder)
    return folder


def edit(folder: Path, *changes: tuple[str, str]) -> None:
    path = folder / "inference.yml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def truncate(folder: Path) -> None:
    for name in ("inference.pdiparams", "inference.onnx"):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-1000])


FAULTS = {
    "other unclip_ratio": (
        "det",
        lambda folder: edit(folder, ("unclip_ratio: 1.5", "unclip_ratio: 2.0")),
        "boxes",
        "DBPostProcess.unclip_ratio: 1.5 and 2.0",
    ),
    "swapped channels": (
        "det",
        lambda folder: edit(folder, ("img_mode: BGR", "img_mode: RGB")),
        "decoded image",
        "DecodeImage.img_mode: BGR and RGB",
    ),
    "swapped channels of lines": (
        "rec",
        lambda folder: edit(folder, ("img_mode: BGR", "img_mode: RGB")),
        "decoded image",
        "largest difference",
    ),
    "dictionary with one line removed": (
        "rec",
        lambda folder: edit(folder, ("  - 'd'\n", "")),
        "text",
        "number 14: 'd' and 'e'",
    ),
    "truncated weights": ("rec", truncate, "weights", "is not the file that was exported"),
    "other resize limit": (
        "det",
        lambda folder: edit(
            folder, ("limit_side_len: 320", "limit_side_len: 480"), ("long: 320", "long: 480")
        ),
        "input tensor",
        "DetResizeForTest.limit_side_len: 320 and 480",
    ),
    "other resize limit in one place": (
        "det",
        lambda folder: edit(folder, ("resize_long: 320", "resize_long: 480")),
        "input tensor",
        "resize_long is 480 by PreProcess, 320 by Pipeline",
    ),
    "other line height": (
        "rec",
        lambda folder: edit(folder, ("image_shape: [3, 32, 100]", "image_shape: [3, 32, 120]")),
        "input tensor",
        "RecResizeImg.image_shape",
    ),
    "other mean": (
        "det",
        lambda folder: edit(folder, ("mean: [0.485, 0.456", "mean: [0.5, 0.456")),
        "input tensor",
        "largest difference",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_put_in_by_hand_fails_and_names_its_stage(fault, tmp_path, capsys, monkeypatch):
    task, spoil, stage, text = FAULTS[fault]
    folder = copy_of(task, tmp_path / "copy")
    spoil(folder)
    found = small.source_of(task)
    pictures = images.generate(task)[:3]
    monkeypatch.setattr(images, "generate", lambda _: pictures)
    monkeypatch.setattr(source, "load", lambda *_: found)
    assert run.verify(found.config, folder) == 1
    said = capsys.readouterr().out
    assert f"inference.json differs first at: {stage}" in said
    assert f"inference.onnx differs first at: {stage}" in said
    assert text in said
    report = json.loads((folder / "parity.json").read_text())
    assert report["ok"] is False
    assert {one["first_difference"] for one in report["models"]} == {stage}


def test_a_measured_fault_is_found_without_looking_at_the_description():
    """The comparison itself, not the reading of settings, finds what changes the results."""
    model, ours = small.exported("det"), small.source_of("det").runner
    pictures = images.generate("det")
    report = parity.check(ours, model.folder / "inference.json", pictures)
    assert report.ok
    other = type(ours)(ours.spec.with_post(unclip_ratio=2.0), ours.backend)
    comparison = parity._Comparison(ours, other, report)
    comparison.run(pictures)
    assert report.first_difference == "boxes"
    assert any("box [[" in fault for fault in report.stages["boxes"].faults)


def test_the_command_verifies_an_export_and_exits_by_the_result(tmp_path, capsys):
    model = small.exported("rec")
    folder = copy_of("rec", tmp_path / "copy")
    (folder / "inference.json").unlink()
    arguments = ["-c", str(model.config), "-o", *model.overrides(), "--verify", str(folder)]
    assert export_model.main(arguments) == 0
    assert "inference.onnx gives the same results" in capsys.readouterr().out
    edit(folder, ("  - 'z'\n", ""))
    assert export_model.main(arguments) == 1
    assert "differs first at: text" in capsys.readouterr().out


def test_another_checkpoint_differs_in_its_raw_output(tmp_path, capsys):
    model = small.exported("rec")
    params = dict(pickles.read(model.weights))
    params["head.fc.weight"] = params["head.fc.weight"] * np.float32(1.2)
    other = tmp_path / "other.pdparams"
    pickles.write(other, params)
    config = load(model.config, model.overrides(pretrained_model=str(other)))
    folder = copy_of("rec", tmp_path / "copy")
    assert run.verify(config, folder) == 1
    assert "differs first at: raw output" in capsys.readouterr().out


def test_without_weights_nothing_is_exported(tmp_path):
    target = tmp_path / "out"
    model = small.untrained("det")
    with pytest.raises(MissingInput, match="nothing to export") as caught:
        run.export(load(model.config, [f"Global.save_inference_dir={target}"]))
    assert caught.value.exit_code == 66
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", ["backbone.", "half"])
def test_weights_that_do_not_cover_the_model_are_refused(kept, tmp_path):
    model = small.untrained("det")
    params = pickles.read(model.weights)
    names = [name for name in params if name.startswith(kept)] or list(params)[::2]
    partial = tmp_path / "partial.pdparams"
    pickles.write(partial, {name: params[name] for name in names})
    target = tmp_path / "out"
    overrides = model.overrides(pretrained_model=str(partial), save_inference_dir=str(target))
    with pytest.raises(DataError) as caught:
        run.export(load(model.config, overrides))
    assert caught.value.exit_code == 65
    assert [path.name for path in tmp_path.iterdir()] == ["partial.pdparams"]


def saved_before(monkeypatch, spoil=lambda folder: None) -> None:
    """Let exporting the recogniser write the graph of the export before, which takes no time."""
    before = small.exported("rec").folder

    def save(_model, _inputs, folder, _pir):
        for name in ("inference.json", "inference.pdiparams"):
            shutil.copy(before / name, folder)
        spoil(folder)
        return folder / "inference.json"

    monkeypatch.setattr(static, "save", save)


@pytest.mark.parametrize("verify", [True, False])
def test_weights_that_did_not_arrive_are_never_published(verify, tmp_path, monkeypatch):
    """After a failed write jit.save returns normally; the file loads and answers something else."""

    def spoil(folder):
        path = folder / "inference.pdiparams"
        content = path.read_bytes()
        numbers = pickles.read(small.untrained("rec").weights)["head.fc.weight"].tobytes()
        assert numbers in content
        path.write_bytes(content.replace(numbers, numbers[:2000] + bytes(len(numbers) - 2000)))

    saved_before(monkeypatch, spoil)
    model = small.untrained("rec")
    target = tmp_path / "out"
    target.mkdir()
    (target / "inference.yml").write_text("the export before")
    config = load(model.config, model.overrides(save_inference_dir=str(target)))
    if verify:
        assert run.export(config) == 1
        rejected = json.loads((tmp_path / "out.rejected" / "parity.json").read_text())
        assert rejected["models"][0]["first_difference"] == "raw output"
    else:
        with pytest.raises(DataError, match="answers otherwise"):
            run.export(config, verify=False)
    assert [path.name for path in target.iterdir()] == ["inference.yml"]
    assert (target / "inference.yml").read_text() == "the export before"
    assert not list(tmp_path.glob(".*"))


def test_files_of_an_earlier_export_do_not_survive_beside_new_weights(tmp_path, monkeypatch):
    saved_before(monkeypatch)
    target = tmp_path / "out"
    target.mkdir()
    for name in ("inference.pdmodel", "inference.onnx", "notes.txt"):
        (target / name).write_text("old")
    model = small.untrained("rec")
    config = load(model.config, model.overrides(save_inference_dir=str(target)))
    assert run.export(config, verify=False) == 0
    names = {path.name for path in target.iterdir()}
    assert names == {"inference.json", "inference.pdiparams", "inference.yml", "notes.txt"}


def test_a_converter_that_dies_is_an_error_and_leaves_no_file(tmp_path):
    folder = small.exported("rec").folder
    shutil.copy(folder / "inference.pdiparams", tmp_path)
    graph = tmp_path / "inference.json"
    graph.write_text("{}")
    with pytest.raises(DataError, match="paddle2onnx cannot convert inference.json"):
        onnx.convert(graph, {})
    assert {path.name for path in tmp_path.iterdir()} == {"inference.json", "inference.pdiparams"}


class Amplifier:
    """A map that moves by more than 1e-4 when its input moves by one bit."""

    def __init__(self, steepness: float, dtype: type) -> None:
        self.steepness, self.dtype = steepness, dtype

    def run(self, feeds):
        gray = feeds[0].astype(self.dtype).sum(axis=1, keepdims=True) / 3
        return [(0.5 + 0.5 * np.sin(self.steepness * gray)).astype(np.float32)]


@pytest.mark.parametrize(("steepness", "verdict"), [(3e3, "same"), (3.003e3, "differs")])
def test_a_network_that_amplifies_rounding_is_judged_by_its_own_rounding(steepness, verdict):
    spec = small.source_of("det").spec
    ours = Runner(spec, Amplifier(3e3, np.float32))
    theirs = Runner(spec, Amplifier(steepness, np.float64))
    pictures = images.generate("det")[:2]
    names = ("decoded image", "input tensor", "raw output", "boxes", "end to end")
    report = Report(Path("graph"), {name: Stage(name) for name in names}, [])
    parity._Comparison(ours, theirs, report).run(pictures)
    raw = report.stages["raw output"]
    assert raw.verdict == verdict
    assert raw.largest > 1e-4
    assert report.stages["boxes"].verdict == "same"
    assert report.ok is (verdict == "same")


def test_images_that_prove_nothing_are_said_to(tmp_path):
    model, ours = small.exported("rec"), small.source_of("rec").runner
    graph = model.folder / "inference.onnx"
    broken = images.Picture("broken.png", b"not an image")
    report = parity.check(ours, graph, [broken, images.generate("rec")[0]])
    assert report.ok
    assert report.unusable[0].startswith("broken.png (the image cannot be read")
    assert "the checkpoint cannot use broken.png" in "\n".join(report.table())
    report = parity.check(ours, graph, [broken])
    assert report.first_difference == "decoded image"


def test_what_killed_exports_left_is_swept_away(tmp_path, monkeypatch):
    saved_before(monkeypatch)
    left, running = tmp_path / ".out.tmp-999999999", tmp_path / f".out.tmp-{os.getppid()}"
    for folder in (left, running):
        folder.mkdir()
    model = small.untrained("rec")
    config = load(model.config, model.overrides(save_inference_dir=str(tmp_path / "out")))
    assert run.export(config, verify=False) == 0
    assert not left.exists()
    assert running.exists()


def test_a_target_that_cannot_be_a_folder_is_status_73(tmp_path, monkeypatch):
    saved_before(monkeypatch)
    (tmp_path / "out").write_text("a file")
    model = small.untrained("rec")
    config = load(model.config, model.overrides(save_inference_dir=str(tmp_path / "out")))
    with pytest.raises(OutputError, match="out"):
        run.export(config, verify=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_to_type_next(tmp_path):
    model = small.exported("det")
    spec = store.read(model.folder)
    from ppocr.export.report import how_to_use

    lines = "\n".join(how_to_use(spec, model.folder))
    assert f"predict_det.py --image_dir IMAGES --det_model_dir {model.folder}" in lines
    assert 'text_detection_model_name="PP-OCRv5_mobile_det"' in lines
    assert "text_det_unclip_ratio=1.5" in lines
    assert 'text_det_limit_side_len=320, text_det_limit_type="max"' in lines
    assert "'Det.mean': [0.485, 0.456, 0.406]" in lines
    spaced = tmp_path / "my model"
    spaced.mkdir()
    assert how_to_use(spec, spaced)[1].endswith(f"--det_model_dir '{spaced}'")


def test_ties_are_told_from_faults():
    assert parity.difference_of("rec", ("a", 0.9), ("a", 0.9005)) is None
    assert parity.difference_of("rec", ("a", 0.9), ("b", 0.9)) == "'a' and 'b'"
    assert "score" in parity.difference_of("rec", ("a", 0.9), ("a", 0.8))
    one = {"points": np.array([[[0, 0], [9, 0], [9, 9], [0, 9]]]), "scores": [0.9]}
    moved = {"points": one["points"] + 1, "scores": [0.9]}
    assert parity.difference_of("det", one, one) is None
    assert "box" in parity.difference_of("det", one, moved)
    assert parity.difference_of("det", one, {"points": [], "scores": []}) == "1 and 0 boxes"
