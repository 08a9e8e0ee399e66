"""A whole config at once: sections, nesting, names of arrays, files, plug-ins."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ppocr import config
from ppocr.config import explain, planned, signatures
from ppocr.config.errors import ConfigError
from ppocr.pipeline import checks, reads
from ppocr.pipeline.kinds import TABLES, registry
from tests.config import typos

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path for path in (ROOT / "configs").rglob("*.yml") if path.parent.name != "synth")


def said(path: Path, *overrides: str) -> list[str]:
    report = checks.check(config.load(path, overrides))
    return [f"{one.place.line}: {one.text}" for one in report.all()]


@pytest.mark.parametrize("name", ["det.yml", "rec.yml"])
def test_the_examples_are_fine(fixtures, name):
    assert said(fixtures / name) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_config_we_ship_is_fine(path):
    root, notes = config.read(path)
    report = checks.check(root)
    assert [str(one) for one in report.all()] == []
    assert [str(one) for one in [*notes, *report.notes]] == []


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("Global.epoch_nums=5", "Global has no setting 'epoch_nums'; did you mean 'epoch_num'?"),
        ("Global.use_gpu=1", "Global.use_gpu should be bool, not 1"),
        ("Global.thresh=0.5", "Global has no setting 'thresh'; it belongs to PostProcess"),
        ("Loss.unclip_ratio=2", "DBLoss has no setting 'unclip_ratio'; it belongs to PostProcess"),
        ("Train.batch_size_per_card=2", "it belongs to Train.loader"),
        ("Train.loader.num_worker=2", "did you mean 'num_workers'?"),
        ("Train.loader.shuffle=3", "loader.shuffle should be bool, not 3"),
        ("Optimizer.lr.warmup_epochs=2", "did you mean 'warmup_epoch'?"),
        ("Optimizer.lr.name=Cosin", "no Schedule called 'Cosin' for det; did you mean 'Cosine'?"),
        ("Optimizer.regularizer.name=L3", "no Regularizer called 'L3'"),
        ("PostProcess.name=DBPostProces", "did you mean 'DBPostProcess'?"),
        ("Architecture.Backbone.name=MobileNetV", "did you mean 'MobileNetV3'?"),
        ("Architecture.model_typ=det", "did you mean 'model_type'?"),
        ("Architecture.model_type=dett", "Backbone"),
        ("Traim={}", "there is no section 'Traim'; did you mean 'Train'?"),
        ("profiler_options={batch_ranges: [1, 2]}", "did you mean 'batch_range'?"),
        ("Loss=DBLoss", "Loss must be a section with keys of its own"),
        ("Train.dataset.transforms.EastRandomCropData.max_trys=1", "did you mean 'max_tries'?"),
        ("Train.dataset.transforms[8]={KepKeys: null}", "did you mean 'KeepKeys'?"),
        ("Train.dataset.transforms[8]={keep_keys: [a], x: 1}", "needs a name: which Op"),
        ("Train.dataset.transforms.IaaAugment.augmenter_args[0].type=Flip", "no Augmenter called"),
        ("Train.dataset.transforms.IaaAugment.augmenter_args.Fliplr.args={q: 1}", "'q'"),
        ("Train.dataset.transforms.IaaAugment.augmenter_args.Fliplr.arg=1", "did you mean"),
    ],
)
def test_what_is_found(fixtures, override, what):
    problems = said(fixtures / "det.yml", override)
    assert any(what in one for one in problems), problems


def test_missing_sections(written):
    problems = said(written("Global: {epoch_num: 1}\nArchitecture: {model_type: det}\n"))
    for name in ("Loss", "Optimizer", "PostProcess", "Metric", "Train", "Eval"):
        assert f"1: section {name} is missing" in problems


def test_a_missing_epoch_num(fixtures, written):
    text = (fixtures / "det.yml").read_text(encoding="utf-8").replace("  epoch_num: 2\n", "")
    assert said(written(text)) == ["1: Global needs 'epoch_num' (int)"]


def test_problems_of_all_sections_come_together_in_the_order_of_the_file(fixtures):
    problems = said(
        fixtures / "det.yml",
        "Global.debg=1",
        "Loss.alpha=x",
        "Train.loader.shufle=1",
        "Eval.dataset.transforms.NormalizeImage.order=wch",
        "Metric.nme=1",
    )
    assert len(problems) == 5


def test_ensure_raises_everything_with_status_78(fixtures):
    root = config.load(fixtures / "det.yml", ["Loss.alpha=x", "Global.debg=1"])
    with pytest.raises(ConfigError) as caught:
        checks.ensure(root)
    assert caught.value.exit_code == 78
    assert len(caught.value.problems) == 2


def test_ensure_says_notes_once(fixtures, caplog):
    root = config.load(fixtures / "det.yml", ["Global.debug=true"])
    checks.ensure(root)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "Global.debug has no effect"
    ]
    assert root["Train"]["dataset"]["transforms"][0]["DecodeImage"].told


def test_strict_false_turns_unknown_keys_into_notes(fixtures):
    root = config.load(fixtures / "det.yml", ["Global.strict=false", "Loss.alfa=1", "Metrik={}"])
    report = checks.check(root)
    assert report.problems == []
    assert any("did you mean 'alpha'" in note.text for note in report.notes)
    assert any("there is no section 'Metrik'" in note.text for note in report.notes)


def test_forgiven_keys_are_notes_with_a_reason(fixtures):
    root = config.load(fixtures / "det.yml", ["PostProcess.det_box_type=poly"])
    report = checks.check(root)
    assert report.fine
    assert "the setting is called box_type" in report.notes[0].text


@pytest.mark.parametrize(
    ("opt", "why"),
    [
        ("Global.uniform_output_enabled=true", "always laid out the same way"),
        ("Global.log_ranks=0,1", "the first process writes the log"),
        ("Global.infer_visual_type=CN", "a font that has the characters"),
        ("profiler_options={profile_path: here}", "a trace goes to profiler_log/"),
    ],
)
def test_options_of_the_original_that_change_nothing_here_say_so(fixtures, opt, why):
    report = checks.check(config.load(fixtures / "det.yml", [opt]))
    assert report.fine
    (note,) = report.notes
    assert " has no effect: " in note.text
    assert why in note.text


@pytest.mark.parametrize(
    "opt",
    [
        "Global.debug=false",
        "PostProcess.det_box_type=quad",
        "Global.log_ranks='0'",
        "Global.uniform_output_enabled=false",
    ],
)
def test_forgiven_keys_that_ask_for_nothing_are_not_worth_a_word(fixtures, opt):
    report = checks.check(config.load(fixtures / "det.yml", [opt]))
    assert report.fine
    assert report.notes == []


def test_what_is_not_here_yet_is_said_so_and_its_keys_are_still_looked_at(fixtures, monkeypatch):
    later = {"any": {"LaterLoss": "weight alpha_rate"}}
    monkeypatch.setattr(planned, "PLANNED", {**planned.PLANNED, "Loss": later})
    root = config.load(
        fixtures / "det.yml", ["Loss={name: LaterLoss, alpha_rte: 1, quite_new: 2, weight: 3}"]
    )
    report = checks.check(root)
    assert [one.text for one in report.absent] == ["Loss 'LaterLoss' is not here yet"]
    assert [one.text for one in report.problems] == [
        "LaterLoss has no setting 'alpha_rte'; did you mean 'alpha_rate'?"
    ]


def test_a_setting_that_is_not_here_yet(fixtures, monkeypatch):
    later = {"any": {"DBLoss": "alpha brand_new"}}
    monkeypatch.setattr(planned, "PLANNED", {**planned.PLANNED, "Loss": later})
    report = checks.check(config.load(fixtures / "det.yml", ["Loss.brand_new=1"]))
    assert [one.text for one in report.absent] == ["Loss DBLoss.brand_new is not here yet"]
    assert report.problems == []


def test_losses_and_metrics_get_what_they_read(fixtures):
    keys = "Train.dataset.transforms[8].KeepKeys.keep_keys=[image, shrink_map, threshold_map]"
    problems = said(fixtures / "det.yml", keys)
    assert any(
        one.startswith("29: DBLoss reads 'shrink_mask', but Train keeps only image, shrink_map")
        for one in problems
    ), problems
    keys = "Eval.dataset.transforms.KeepKeys.keep_keys=[image, polys]"
    problems = said(fixtures / "det.yml", keys)
    assert any("DBPostProcess reads 'shape', but Eval keeps only" in one for one in problems)
    assert any("DetMetric reads 'ignore_tags', but Eval keeps only" in one for one in problems)


@pytest.mark.parametrize(
    ("hands", "kept", "missing"),
    [
        ({"CTCLoss": {"label": "label_ctc"}}, "[image, label_ctc, length]", []),
        ({"CTCLoss": {"label": "label_ctc"}}, "[image, label, length]", ["label_ctc"]),
        ({}, "[image]", []),
        (None, "[image]", []),
    ],
)
def test_a_holder_says_what_it_calls_things(fixtures, hands, kept, missing):
    root = config.load(
        fixtures / "rec.yml",
        [
            "Loss={name: Holder, losses: [CTCLoss: {}]}",
            f"Train.dataset.transforms.KeepKeys.keep_keys={kept}",
        ],
    )
    report = checks.check(root)
    inner = registry("Loss").signature("CTCLoss")
    facts = {"parts": {"losses": "Loss"}, **({} if hands is None else {"hands": hands})}
    holder = signatures.Signature("Holder", "", {}, facts)
    section = root["Loss"]
    keep = [part for part in report.parts if part.name == "KeepKeys"]
    parts = [
        explain.Part("Loss", "Loss", "Holder", section, signature=holder),
        explain.Part("Loss.losses[0]", "Loss", "CTCLoss", section, signature=inner),
        *keep,
    ]
    said = [one.text for one in reads.cross_check(root, parts)]
    found = [text.split("'")[1] for text in said if " reads '" in text]
    assert found == missing


def test_files_are_looked_for_only_when_asked(fixtures):
    root = config.load(
        fixtures / "rec.yml",
        ["Global.pretrained_model=nowhere/best", "Global.character_dict_path=nowhere.txt"],
    )
    assert checks.check(root).fine
    problems = [str(one) for one in checks.check(root, files=True).problems]
    for what in (
        "no checkpoint nowhere/best: there is no best.pdparams in nowhere",
        "no such dictionary: nowhere.txt",
        "there is no folder ./train_data/fixture/",
        "there is no ./train_data/fixture/val.txt",
    ):
        assert any(what in one for one in problems), problems
    remote = config.load(fixtures / "rec.yml", ["Global.pretrained_model=https://host/x.pdparams"])
    assert not any("host" in str(one) for one in checks.check(remote, files=True).problems)


def test_a_plug_in_adds_its_names(fixtures, tmp_path, monkeypatch):
    (tmp_path / "my_extra_ops.py").write_text(
        textwrap.dedent("""
        from ppocr.transforms import OPS

        OPS.add("MyBlur", "my_extra_ops:MyBlur")

        class MyBlur:
            def __init__(self, radius: int = 3) -> None:
                self.radius = radius
        """),
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    table = registry("Op").table["any"]
    monkeypatch.setitem(table, "MyBlur", "")
    monkeypatch.delitem(table, "MyBlur")
    use = "Train.dataset.transforms[1]={MyBlur: {radus: 1}}"
    assert any("no Op called 'MyBlur'" in one for one in said(fixtures / "det.yml", use))
    problems = said(fixtures / "det.yml", use, "Global.plugins=[my_extra_ops]")
    assert problems == ["0: MyBlur has no setting 'radus'; did you mean 'radius'?"]
    problems = said(fixtures / "det.yml", "Global.plugins=[no_such_module]")
    assert any("cannot import the plug-in no_such_module" in one for one in problems)


def test_checking_needs_no_paddle_and_no_arrays(fixtures):
    code = (
        "import sys\n"
        "from ppocr import config\n"
        "from ppocr.config import explain\n"
        "from ppocr.pipeline import checks\n"
        f"report = checks.check(config.load({str(fixtures / 'det.yml')!r}))\n"
        "assert report.fine and explain.view(report.parts)\n"
        "heavy = {'paddle', 'numpy', 'cv2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=240)


def test_every_table_can_be_read_without_importing_what_it_names():
    for kind in TABLES:
        table = registry(kind)
        assert table.kind == kind
        for model_type, names in table.table.items():
            for name in names:
                assert table.signature(name, model_type).name == name


def test_planned_names_are_words_and_settings_are_identifiers():
    for kind, scopes in planned.PLANNED.items():
        assert kind in TABLES
        for names in scopes.values():
            for name, keys in names.items():
                assert name.isidentifier()
                assert all(key.isidentifier() for key in keys.split())
                assert len(set(keys.split())) == len(keys.split()), name


def test_one_slip_in_any_key_we_ship_is_caught_with_the_right_word():
    """Well over fifty slips, spread over all keys of all shipped configs and the examples."""
    files = [*SHIPPED, *(ROOT / "tests" / "config" / "fixtures").glob("[dr]*.yml")]
    seen: set[tuple[str, str]] = set()
    missed, tried = [], 0
    for seed, path in enumerate(files):
        root = config.read(path)[0]
        for slip in typos.slips(root, seed):
            kind = (str(slip.path[-1]) if slip.path else "", slip.right)
            if kind in seen:
                continue
            seen.add(kind)
            tried += 1
            instead = typos.found(root, slip)
            if instead:
                missed.append(f"{path.name} {slip}: {instead}")
    assert tried >= 100
    assert missed == []


def test_the_view_covers_every_part(fixtures):
    parts = checks.check(config.load(fixtures / "det.yml")).parts
    paths = [part.path for part in parts]
    assert len(paths) == len(set(paths))
    for path in ("Global", "Architecture.Head", "Optimizer.lr", "Train.loader", "Eval.dataset"):
        assert path in paths
    assert explain.view(parts, ["Train.dataset.transforms[2].augmenter_args[1]"])[0].endswith(
        "Affine  ppocr/transforms/augment_geometry.py"
    )
