"""Networks of a distillation: trained together, exported and taken out one by one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from ppocr.config import load
from ppocr.config.errors import ConfigError
from ppocr.export import run, source, static
from ppocr.modeling import build_model
from ppocr.pipeline import store
from ppocr.pipeline.spec import TensorSpec
from ppocr.utils import pickles
from ppocr.utils.exits import DataError
from tests.export import distilled
from tools import export_model, extract_model, infer_det


def params(path: Path) -> dict[str, np.ndarray]:
    return {key: one for key, one in pickles.read(path).items() if isinstance(one, np.ndarray)}


def inside(name: str, file: Path | None = None) -> dict[str, np.ndarray]:
    found = params(file or Path(f"{distilled.trained().checkpoint}.pdparams"))
    return {k.removeprefix(f"{name}."): v for k, v in found.items() if k.startswith(f"{name}.")}


def command(output: Path, *more: str) -> list[str]:
    found = distilled.trained()
    given = ["-c", str(found.config), "--checkpoint", str(found.checkpoint)]
    return [*given, "--output", str(output), *more]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_frozen_teacher_is_the_same_to_the_bit_after_training():
    before, after = params(distilled.trained().teacher), inside("Teacher")
    assert set(before) == set(after)
    assert any(key.endswith("_variance") for key in before)
    for key, value in before.items():
        np.testing.assert_array_equal(value, after[key], err_msg=key)


def test_the_log_tells_the_loss_and_each_of_its_parts_and_both_go_down():
    text = (distilled.trained().checkpoint.parent / "train.log").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "global_step" in line]
    for name in ("loss", *distilled.PARTS):
        values = [float(re.search(rf" {name}: ([0-9.]+)", line).group(1)) for line in lines]
        if not name.startswith("dml"):  # begins at nothing when both students know nothing
            assert values[-1] < values[0], name
    metrics = re.findall(r"cur metric, (.*)", text)
    assert re.search(r"hmean: .*Student2_hmean: ", metrics[-1])


def test_a_network_taken_out_is_the_one_inside_and_works_alone(tmp_path, capsys):
    target = tmp_path / "out" / "student.pdparams"
    target.parent.mkdir()
    settled = distilled.trained().settled
    given = command(target, "--name", "Student", "--checkpoint", str(settled))
    assert extract_model.main(given) == 0
    said = capsys.readouterr().out
    assert re.search(r"Student: .*student.yml, precision .*, hmean [0-9.]+, ", said)
    assert left(target.parent) == ["student.pdparams", "student.yml"]
    found, wanted = params(target), inside("Student", settled)
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        np.testing.assert_array_equal(value, found[key])
    config = yaml.safe_load(target.with_suffix(".yml").read_text(encoding="utf-8"))
    assert config["Architecture"] == distilled.NETWORK
    assert config["Loss"] == {"name": "DBLoss", "alpha": 4}
    assert config["PostProcess"]["name"] == "DBPostProcess"
    assert config["Metric"] == {"name": "DetMetric", "main_indicator": "hmean"}
    assert config["Global"]["pretrained_model"] == str(target)
    inference = tmp_path / "inference"
    arguments = [f"Global.save_inference_dir={inference}"]
    assert export_model.main(["-c", str(target.with_suffix(".yml")), "-o", *arguments]) == 0
    assert store.read(inference).post.name == "DBPostProcess"


def test_several_networks_at_once(tmp_path):
    assert extract_model.main(command(tmp_path, "--all", "--no-eval")) == 0
    stems = ("student", "student2", "teacher")
    assert left(tmp_path) == [f"{stem}{end}" for stem in stems for end in (".pdparams", ".yml")]
    config = yaml.safe_load((tmp_path / "teacher.yml").read_text(encoding="utf-8"))
    assert config["Loss"] == {"name": "DBLoss", "alpha": 4}
    assert config["Architecture"] == distilled.TEACHER


def test_a_name_that_is_not_there_tells_which_are(tmp_path):
    with pytest.raises(ConfigError, match="no network 'Studnt'.*did you mean 'Student'") as caught:
        extract_model.main(command(tmp_path / "s.pdparams", "--name", "Studnt"))
    assert caught.value.exit_code == 78
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("Teacher.", "holds no weights of a network 'Student': its keys begin with Teacher"),
        ("Student.backbone.", "the rest of the network would be random"),
        ("Student.b|Student.h", "missing in the file: neck"),
    ],
)
def test_a_checkpoint_without_the_whole_network_is_refused(tmp_path, kept, words):
    whole = params(Path(f"{distilled.trained().checkpoint}.pdparams"))
    partial = tmp_path / "partial.pdparams"
    pickles.write(partial, {k: v for k, v in whole.items() if re.match(kept, k)})
    arguments = command(tmp_path / "s.pdparams", "--checkpoint", str(partial))
    with pytest.raises(DataError, match=words):
        extract_model.main(arguments)
    assert left(tmp_path) == ["partial.pdparams"]


def test_a_wrapper_in_front_of_the_names_is_no_difference(tmp_path):
    whole = params(Path(f"{distilled.trained().checkpoint}.pdparams"))
    wrapped = tmp_path / "wrapped.pdparams"
    pickles.write(wrapped, {f"module.{key}": value for key, value in whole.items()})
    target = tmp_path / "s.pdparams"
    assert extract_model.main(command(target, "--checkpoint", str(wrapped), "--no-eval")) == 0
    assert set(params(target)) == set(inside("Student"))


def test_figures_that_differ_fail_and_leave_nothing(tmp_path, monkeypatch, capsys):
    answers = ({"hmean": 0.5, "fps": 9.0}, {"hmean": 0.25, "fps": 3.0})
    monkeypatch.setattr(extract_model, "evaluations", lambda *_: answers)
    assert extract_model.main(command(tmp_path / "s.pdparams")) == 1
    assert "NOT written: Student differs: hmean is 0.5 inside and 0.25" in capsys.readouterr().out
    assert left(tmp_path) == []


def test_an_export_has_a_folder_for_each_network_that_was_asked_for(tmp_path, capsys):
    found = distilled.trained()
    given = [f"Global.pretrained_model={found.settled}", f"Global.save_inference_dir={tmp_path}"]
    more = ["Global.export_networks=[Student,Teacher]", "Global.export_with_pir=false"]
    assert run.export(load(found.config, [*given, *more])) == 0
    assert left(tmp_path) == ["Student", "Teacher"]
    for name in ("Student", "Teacher"):
        stored = store.inspect(tmp_path / name)
        assert stored.spec.post.name == "DBPostProcess"
        assert stored.spec.outputs == ("maps",)
        report = json.loads((tmp_path / name / "parity.json").read_text())
        assert report["ok"] is True
    names = ["-o", *given, *more[:1]]
    assert export_model.main(["-c", str(found.config), *names, "--verify", str(tmp_path)]) == 0
    one = str(tmp_path / "Teacher")
    assert export_model.main(["-c", str(found.config), *names, "--verify", one]) == 0
    other = ["-o", *given, "Global.export_networks=Student2"]
    student = str(tmp_path / "Student")
    assert export_model.main(["-c", str(found.config), *other, "--verify", student]) == 1
    assert "differs first at: raw output" in capsys.readouterr().out


def test_without_a_wish_the_network_of_the_metric_is_exported():
    found = distilled.trained()
    (one,) = source.load_each(load(found.config, [f"Global.checkpoints={found.checkpoint}"]))
    assert one.name == "Student"
    with pytest.raises(ConfigError, match="no network 'Techer'.*did you mean 'Teacher'"):
        source.load_each(load(found.config, ["Global.export_networks=Techer"]))


def test_an_exported_graph_has_no_branches_left_and_the_checkpoint_keeps_its(tmp_path):
    found = distilled.trained()
    given = [f"Global.checkpoints={found.checkpoint}", f"Global.save_inference_dir={tmp_path}"]
    (one,) = source.load_each(load(found.config, given))
    twin, count = one.fused()
    assert count == 28
    assert "backbone.blocks2.0.dw_conv.reparam_conv.weight" in twin.state_dict()
    assert not any("reparam" in key for key in one.model.state_dict())
    graph = run.write(one, tmp_path)[0]
    convolutions = re.findall(r'"#":"1\.(?:depthwise_)?conv2d"', graph.read_text(encoding="utf-8"))
    branched = sum("conv" in type(layer).__name__.lower() for layer in one.model.sublayers())
    assert 28 < len(convolutions) < 70 < branched


def test_inference_runs_the_network_of_the_metric(tmp_path):
    found, target = distilled.trained(), tmp_path / "student.pdparams"
    assert extract_model.main(command(target, "--no-eval")) == 0
    page, rows = found.config.parent / "data" / "0.png", []
    for config, weights in ((found.config, found.checkpoint), (tmp_path / "student.yml", target)):
        result = tmp_path / f"{config.stem}.txt"
        settings = {"pretrained_model": weights, "infer_img": page, "save_res_path": result}
        given = [f"Global.{key}={value}" for key, value in settings.items()]
        assert infer_det.main(["-c", str(config), "-o", *given]) == 0
        rows.append(result.read_text(encoding="utf-8"))
    assert "points" in rows[0]
    assert rows[0] == rows[1]


def test_the_guiding_head_is_not_in_an_export(tmp_path):
    widths = {"CTCLabelDecode": 8, "SARLabelDecode": 10, "NRTRLabelDecode": 11}
    neck = {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 16}
    heads = [{"CTCHead": {"Neck": neck}}, {"SARHead": {"enc_dim": 128}}]
    model = build_model(
        {
            "model_type": "rec",
            "Backbone": {"name": "MobileNetV1Enhance", "scale": 0.25},
            "Head": {"name": "MultiHead", "out_channels_list": widths, "head_list": heads},
        }
    )
    graph = static.save(model, [TensorSpec("image", "float32", (-1, 3, 48, -1))], tmp_path)
    sizes = {key: 4 * one.size for key, one in model.state_dict().items()}
    guide = sum(size for key, size in sizes.items() if key.startswith("head.sar_head."))
    needed = sum(sizes.values()) - guide
    assert guide > needed / 4
    assert 0.95 * needed < graph.with_suffix(".pdiparams").stat().st_size < 1.05 * needed
