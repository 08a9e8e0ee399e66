"""Given, offered, computed, default: the four duties, and the messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ppocr import config
from ppocr.config import signatures
from ppocr.config.errors import ConfigError, closest, nearest, slips
from ppocr.config.registry import Registry
from ppocr.config.schema import match

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "tests.config.parts_for_tests"


@pytest.fixture
def registry() -> Registry:
    return Registry(
        "Part",
        PACKAGE,
        {
            "det": {"Post": ".posts:DetPost", "Strict": ".posts"},
            "rec": {"Post": ".posts:RecPost"},
            "any": {"Child": ".posts", "Data": ".posts", "Maker": ".posts:maker", "Gone": ".posts"},
        },
        computed=("in_channels",),
    )


def section(text: str, tmp_path: Path) -> config.Section:
    path = tmp_path / "my.yml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)["Part"]


def test_the_order_of_precedence(registry, tmp_path):
    given = section("Part: {name: Post, thresh: 0.5, path: null}\n", tmp_path)
    offers = {"path": "offered", "thresh": 0.9, "nobody_asked": 1}
    found = registry.match(given, "det", offers, {"in_channels": 7})
    assert found.arguments == {"thresh": 0.5, "path": "offered", "in_channels": 7}
    post = registry.build(given, "det", offers, {"in_channels": 7})
    assert (post.thresh, post.path, post.in_channels, post.mode) == (0.5, "offered", 7, "fast")


def test_a_difference_to_an_offer_is_said_once(registry, tmp_path, caplog):
    given = section("Part: {name: Post, path: here}\n", tmp_path)
    found = registry.match(given, "det", {"path": "there"})
    assert [str(note) for note in found.notes] == [
        f"{tmp_path}/my.yml:1: Post.path is 'here' here and 'there' in Global; the section counts"
    ]
    registry.build(given, "det", {"path": "there"}, {"in_channels": 1})
    assert len(caplog.records) == 1
    given.told = True
    registry.build(given, "det", {"path": "there"}, {"in_channels": 1})
    assert len(caplog.records) == 1


def test_computed_beats_the_file_with_a_note(registry, tmp_path):
    given = section("Part: {name: Post, in_channels: 3}\n", tmp_path)
    given.compute("in_channels", 8)
    found = registry.match(given, "det")
    assert found.arguments["in_channels"] == 8
    assert "is 3 here, but it follows from other parts and is 8" in found.notes[0].text
    assert given.origin("in_channels") == "computed"


def test_all_problems_of_a_section_together(registry, tmp_path):
    text = "Part:\n  name: Post\n  thresh: high\n  box_tresh: 1\n  mode: medium\n"
    with pytest.raises(ConfigError) as caught:
        registry.build(section(text, tmp_path), "det")
    file = f"{tmp_path}/my.yml"
    assert str(caught.value).splitlines() == [
        f"{file}:3: Post.thresh should be float, not 'high'",
        f"{file}:4: Post has no setting 'box_tresh'; did you mean 'box_thresh'?",
        f"{file}:5: Post.mode should be 'fast' or 'slow', not 'medium'",
    ]


def test_required_settings_are_missed_unless_the_program_fills_them(registry, tmp_path):
    found = registry.match(section("Part: {name: Strict}\n", tmp_path), "det")
    assert [one.text for one in found.problems] == ["Strict needs 'must' (int)"]
    found = registry.match(section("Part: {name: Strict, mast: 3}\n", tmp_path), "det")
    assert [one.text for one in found.problems] == [
        "Strict has no setting 'mast'; did you mean 'must'?"
    ]
    found = registry.match(section("Part: {name: Strict, must: x}\n", tmp_path), "det")
    assert [one.text for one in found.problems] == ["Strict.must should be int, not 'x'"]


def test_null_is_not_given(registry, tmp_path):
    found = registry.match(section("Part: {name: Post, thresh: null}\n", tmp_path), "det")
    assert found.arguments == {}
    assert not found.problems


def test_names_by_model_type(registry):
    assert registry.find("Post", "det").__name__ == "DetPost"
    assert registry.find("Post", "rec").__name__ == "RecPost"
    assert registry.find("Child", "rec").__name__ == "Child"
    assert registry.names("rec") == ["Child", "Data", "Gone", "Maker", "Post"]
    with pytest.raises(ConfigError, match="no Part called 'Pots' for det; did you mean 'Post'"):
        registry.find("Pots", "det")
    with pytest.raises(ConfigError, match=r"for rec \(there is one for det\)"):
        registry.find("Strict", "rec")


def test_a_name_that_is_not_in_its_module(registry):
    with pytest.raises(ConfigError, match="should be Gone in .*posts, but it is not there"):
        registry.signature("Gone")


def test_a_section_without_a_name(registry, tmp_path):
    with pytest.raises(ConfigError, match=r"my.yml:1: this Part needs a 'name'"):
        registry.build(section("Part: {thresh: 1}\n", tmp_path), "det")


def test_what_a_constructor_refuses_gets_an_address(registry, tmp_path):
    given = section("Part:\n  thresh: 7\n  name: Post\n", tmp_path)
    with pytest.raises(ConfigError) as caught:
        registry.build(given, "det", computed={"in_channels": 1})
    assert str(caught.value) == f"{tmp_path}/my.yml:3: Post: thresh must be at most 1"


def test_plain_mappings_and_names_are_welcome(registry):
    assert registry.build({"name": "Post"}, "rec").reverse is False
    assert registry.build("Post", "rec").reverse is False


def test_adding_from_outside(registry):
    registry.add("Mine", f"{PACKAGE}.posts:RecPost", "det")
    assert registry.find("Mine", "det").__name__ == "RecPost"
    registry.add("Mine", f"{PACKAGE}.posts:RecPost", "det")
    with pytest.raises(ConfigError, match="already a Part called 'Mine'"):
        registry.add("Mine", f"{PACKAGE}.posts:DetPost", "det")


def test_signatures_follow_inheritance_across_modules():
    child = signatures.need(f"{PACKAGE}.posts", "Child")
    assert list(child.settings) == ["thresh", "box_thresh", "mode", "path", "in_channels"]
    assert child.facts["reads"] == ("shape", "extra")
    assert child.facts["also_reads"] == ("shape",)
    assert child.facts["needs_label"] is True
    assert child.settings["path"].default is None
    assert child.settings["thresh"].default == 0.3


def test_signatures_of_dataclasses_functions_and_keyword_only():
    data = signatures.need(f"{PACKAGE}.posts", "Data")
    assert {one.name: one.default for one in data.settings.values()} == {
        "size": 3,
        "names": [],
        "limit": 5,
    }
    maker = signatures.need(f"{PACKAGE}.posts", "maker")
    assert maker.open
    assert list(maker.settings) == ["a", "b"]
    assert maker.settings["a"].required
    assert signatures.of(f"{PACKAGE}.posts", "nothing") is None
    assert signatures.of(f"{PACKAGE}.no_such_module", "nothing") is None


def test_open_signatures_take_what_they_do_not_know(registry, tmp_path):
    found = registry.match(section("Part: {name: Maker, a: 1, zzz: 2}\n", tmp_path))
    assert found.arguments == {"a": 1, "zzz": 2}


def test_reading_a_signature_imports_nothing():
    code = (
        "import sys\n"
        "from ppocr.config import signatures\n"
        f"assert signatures.of('{PACKAGE}.posts', 'Child')\n"
        f"assert '{PACKAGE}.posts' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=240)


def test_signatures_equal_what_python_says(registry):
    """The reader of source text and ``inspect`` agree on names, order and defaults."""
    import inspect

    for name in ("Post", "Strict", "Child"):
        real = inspect.signature(registry.find(name, "det")).parameters
        read = registry.signature(name, "det").settings
        assert list(real) == list(read)
        for key, one in real.items():
            assert read[key].required == (one.default is one.empty)
            if not read[key].required:
                assert read[key].default == one.default


def test_lenient_sections_note_what_they_do_not_know(registry, tmp_path):
    path = tmp_path / "my.yml"
    path.write_text("Global: {strict: false}\nPart: {name: Post, box_tresh: 1, thresh: x}\n")
    found = registry.match(config.load(path)["Part"], "det")
    assert ["box_tresh" in one.text for one in found.notes] == [True]
    assert ["thresh should be" in one.text for one in found.problems] == [True]


def test_slips():
    assert slips("", "abc") == 3
    assert slips("thresh", "thresh") == 0
    assert slips("tresh", "thresh") == 1
    assert slips("htresh", "thresh") == 1
    assert slips("box_tresh", "thresh") == 5


@pytest.mark.parametrize(
    ("word", "words", "taken", "meant"),
    [
        ("epoch_nums", ["epoch_num", "eval_batch_epoch"], (), "epoch_num"),
        ("use_gu", ["use_gpu", "use_gcu"], (), "use_gpu"),
        ("use_gu", ["use_gpu", "use_gcu"], ("use_gpu",), "use_gcu"),
        ("learning_rat", ["learning_rate"], (), "learning_rate"),
        ("Learning-Rate", ["learning_rate"], (), "learning_rate"),
        ("thresh", ["box_thresh", "k"], (), "box_thresh"),
        ("ke", ["key"], (), "key"),
        ("zzz", ["alpha", "beta"], (), ""),
        ("x", [], (), ""),
    ],
)
def test_suggestions(word, words, taken, meant):
    assert closest(word, words, taken) == meant
    assert nearest(word, words, taken) == (f"; did you mean '{meant}'?" if meant else "")


def test_match_of_an_empty_section():
    signature = signatures.need(f"{PACKAGE}.posts", "Data")
    assert match(signature, config.Section()).arguments == {}
