"""``-o``: what can be addressed, how values are typed, and what happens to anchors."""

from __future__ import annotations

import pytest

from ppocr import config
from ppocr.config import override
from ppocr.config.errors import ConfigError


def load(path, *overrides):
    return config.load(path, overrides)


def said(path, *overrides) -> str:
    with pytest.raises(ConfigError) as caught:
        config.read(path, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("None", None),
        ("", None),
        ("abc", "abc"),
        ("'12'", "12"),
        ("[1, 2]", [1, 2]),
        ("{a: 1}", {"a": 1}),
        ("https://host/file?x=1&y=2", "https://host/file?x=1&y=2"),
        ("a=b=c", "a=b=c"),
        ("C:\\data", "C:\\data"),
        ("a: b", "a: b"),
        ("[not closed", "[not closed"),
        ("识别", "识别"),
        ("./output/x/", "./output/x/"),
        ("1./255.", "1./255."),
    ],
)
def test_values_are_typed_like_those_of_a_file(written, text, value):
    root = load(written("A: {b: 0}\n"), f"A.b={text}")
    assert root["A"]["b"] == value
    assert type(root["A"]["b"]) in (type(value), config.Section, config.Items)
    assert root["A"].origin("b") == "-o"


def test_paths(fixtures):
    root = load(
        fixtures / "det.yml",
        "Global.eval_batch_step[1]=77",
        "Train.dataset.transforms[3].EastRandomCropData.max_tries=9",
        "Train.dataset.transforms.EastRandomCropData.size[0]=320",
        "Train.dataset.transforms[NormalizeImage].order=chw",
        "Train.dataset.transforms.IaaAugment.augmenter_args.Fliplr.args.p=0.25",
        "Eval.dataset.transforms.DetResizeForTest.limit_side_len=736",
        "Eval.dataset.transforms.DetResizeForTest.limit_type=min",
        "Optimizer.lr.learning_rate=1e-4",
        "Train.dataset.label_file_list[-1]=other.txt",
        "Global.seed=5",
    )
    ops = {
        name: settings
        for op in root["Train"]["dataset"]["transforms"]
        for name, settings in op.items()
    }
    assert root["Global"]["eval_batch_step"] == [0, 77]
    assert root["Global"]["eval_batch_step"].origin(1) == "-o"
    assert root["Global"]["eval_batch_step"].origin(0).endswith("det.yml:6")
    assert ops["EastRandomCropData"] == {"size": [320, 640], "max_tries": 9, "keep_ratio": True}
    assert ops["NormalizeImage"]["order"] == "chw"
    assert ops["IaaAugment"]["augmenter_args"][0] == {"type": "Fliplr", "args": {"p": 0.25}}
    resize = root["Eval"]["dataset"]["transforms"][2]["DetResizeForTest"]
    assert resize == {"limit_side_len": 736, "limit_type": "min"}
    assert root["Optimizer"]["lr"]["learning_rate"] == 1e-4
    assert root["Train"]["dataset"]["label_file_list"] == ["other.txt"]
    assert root["Global"]["seed"] == 5
    assert root["Global"].origin("seed") == "-o"
    assert root["Global"].origin("epoch_num").endswith("det.yml:3")


def test_a_whole_section_and_an_empty_one(fixtures):
    root = load(
        fixtures / "det.yml",
        "Optimizer.regularizer={name: L1, factor: 1e-5}",
        "Architecture.Transform.name=TPS",
        "Optimizer.regularizer.factor=2e-5",
    )
    assert root["Optimizer"]["regularizer"] == {"name": "L1", "factor": 2e-5}
    assert root["Architecture"]["Transform"] == {"name": "TPS"}


ANCHORED = """
Global:
  length: &length 25
Head: &head
  length: *length
  inner: {deep: 1}
Copy: *head
Merged:
  <<: *head
  own: 1
List:
- *length
- Op: {length: *length}
"""


def test_setting_the_anchored_value_moves_its_aliases(written):
    root = load(written(ANCHORED), "Global.length=40")
    assert root["Head"]["length"] == 40
    assert root["Copy"]["length"] == 40
    assert root["Merged"]["length"] == 40
    assert root["List"] == [40, {"Op": {"length": 40}}]
    assert root["Head"].origin("length") == "-o"


def test_setting_an_alias_detaches_that_one(written):
    root = load(written(ANCHORED), "List[1].Op.length=9", "Global.length=40")
    assert root["List"] == [40, {"Op": {"length": 9}}]
    assert root["Head"]["length"] == 40


def test_setting_below_an_alias_leaves_the_others_alone(written):
    root = load(written(ANCHORED), "Copy.inner.deep=2", "Merged.inner.deep=3")
    assert root["Head"]["inner"] == {"deep": 1}
    assert root["Copy"]["inner"] == {"deep": 2}
    assert root["Merged"]["inner"] == {"deep": 3}
    assert root["Merged"]["length"] == 25


def test_setting_below_the_anchor_moves_the_copies(written):
    root = load(written(ANCHORED), "Head.inner.deep=5")
    assert root["Copy"]["inner"] == {"deep": 5}
    assert root["Merged"]["inner"] == {"deep": 5}


def test_a_detached_section_still_follows_anchors_outside_it(written):
    root = load(written(ANCHORED), "Copy.inner.deep=2", "Global.length=40")
    assert root["Copy"] == {"length": 40, "inner": {"deep": 2}}


def test_kinds_may_change(written):
    root = load(written("A: &a 1\nB: *a\nC: {d: [1]}\n"), "A={x: 2}", "C.d=5")
    assert root["B"] == {"x": 2}
    assert root["C"]["d"] == 5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Train.loadr.num_workers=1", "did you mean 'loader'?"),
        ("Trian.loader.num_workers=1", "did you mean 'Train'?"),
        ("Train.dataset.transforms.DecodeImag.img_mode=RGB", "did you mean 'DecodeImage'?"),
        ("Train.dataset.transforms[40].x=1", "has 9 items"),
        ("Global.epoch_num.more=1", "Global.epoch_num is a value"),
        ("Global.epoch_num", "should look like Section.key=value"),
        ("=5", "should look like Section.key=value"),
        ("Global..epoch_num=5", "is not a path"),
        ("Global[=5", "is not a path"),
        ("Somewhere.new.x=5", "to add it, write Somewhere={key: value}"),
        ("Global.epoch_num=!!python/name:os.system", "tag"),
    ],
)
def test_what_cannot_be_set(fixtures, text, what):
    assert what in said(fixtures / "det.yml", text)


def test_a_name_that_stands_for_two_items(written):
    path = written("T:\n- Op: {a: 1}\n- Op: {a: 2}\n")
    assert "[0], [1]; write the number" in said(path, "T.Op.a=5")
    assert load(path, "T[1].Op.a=5")["T"] == [{"Op": {"a": 1}}, {"Op": {"a": 5}}]
    assert "did you mean T[1].Op.a?" in said(path, "T[1].a=5")


def test_all_wrong_overrides_are_reported_together(fixtures):
    text = said(fixtures / "det.yml", "A.b.c=1", "nonsense", "Train.loadr.x=1")
    assert len(text.splitlines()) == 3


def test_steps():
    assert override.steps("A.b[0].c[Name].d[-1]") == ["A", "b", 0, "c", "Name", "d", -1]
