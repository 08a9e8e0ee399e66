"""Reading YAML: values, places, and everything that is refused."""

from __future__ import annotations

import copy
import pickle
import random
import time
from pathlib import Path

import pytest
import yaml

from ppocr import config
from ppocr.config import source
from ppocr.config.errors import ConfigError, Place
from ppocr.utils.exits import MissingInput


def wrong(path: Path, *overrides: str) -> list[str]:
    """Return the problems of a file as 'line: text'."""
    with pytest.raises(ConfigError) as caught:
        config.read(path, overrides)
    assert caught.value.exit_code == 78
    return [f"{one.place.line}: {one.text}" for one in caught.value.problems]


def problems_of(path: Path):
    """Return the problems of a file, none if it can be read."""
    try:
        config.read(path)
    except ConfigError as error:
        return error.problems
    return []


def test_values_of_all_ways_of_writing(fixtures):
    root = config.load(fixtures / "syntax.yml")
    general = root["Global"]
    assert general["epoch_num"] == 12
    assert isinstance(general["learning"], float)
    assert general["learning"] == 1e-3
    assert general["small"] == 3.0e-05
    assert general["fraction"] == "1./255."
    assert general["negative"] == -7
    assert general["hexadecimal"] == 31
    assert general["yes_word"] is True
    assert general["off_word"] is False
    assert general["nothing"] is None
    assert general["tilde"] is None
    assert general["none_word"] == "None"
    assert general["quoted"] == "12"
    assert general["single"] == "1e-3"
    assert general["date"] == "2024-01-31"
    assert general["clock"] == "1:30"
    assert general["leading"] == 7
    assert general["text"] == "a b"
    assert general["chinese"] == "识别"
    assert general["folded"] == "one two"
    assert general["tagged"] == "12"
    assert general["flow"] == {"a": 1, "b": [1, 2.5, "x"]}


def test_lists_anchors_and_merges(fixtures):
    root = config.load(fixtures / "syntax.yml")
    assert root["Lists"]["compact"] == [3, 48, 320]
    assert root["Lists"]["long"] == ["first", {"second": 2, "third": 3}, ["nested", "list"]]
    assert root["Anchors"]["again"] == 12
    assert root["Anchors"]["merged"] == {"k": 50, "name": "Other"}
    assert root["Anchors"]["two_bases"] == {"k": 1, "m": 2, "n": 4}
    assert root["Anchors"]["copy"] == root["Anchors"]["base"]
    assert root["Anchors"]["copy"] is not root["Anchors"]["base"]


def test_every_key_and_item_knows_its_line(fixtures):
    path = fixtures / "syntax.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    root = config.load(path)
    seen = 0

    def look(section):
        nonlocal seen
        for key, value in section.items():
            place = section.where(key)
            assert place.file == str(path)
            assert str(key) in lines[place.line - 1]
            seen += 1
            if isinstance(value, config.Section) and value.place.line:
                look(value)

    look(root)
    assert seen > 30
    long = root["Lists"]["long"]
    assert [lines[long.where(i).line - 1].strip()[0] for i in range(3)] == ["-", "-", "-"]
    assert long[1].where("third") == Place(str(path), lines.index("      third: 3") + 1)


def test_agrees_with_pyyaml_on_ordinary_files(fixtures):
    for name in ("det.yml", "rec.yml"):
        text = (fixtures / name).read_text(encoding="utf-8")
        assert config.load(fixtures / name) == yaml.safe_load(text)


def test_a_key_written_twice_is_a_note_and_the_last_one_counts(written):
    root, notes = config.read(written("A:\n  k: 1\n  b: 2\n  k: 3\n"))
    assert root["A"] == {"k": 3, "b": 2}
    assert [str(note.place.line) for note in notes] == ["4"]
    assert "'k' is written twice here, first in line 2" in notes[0].text


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("A:\n  b: *nowhere\n", 2, "alias *nowhere stands for nothing"),
        ("A: &there 1\nB: *thare\n", 2, "did you mean 'there'?"),
        ("A:\n  b: [1, 2\nC: 1\n", 2, "not valid YAML: a bracket that opens here"),
        ("A:\n  b: {c: [1, 2}\n", 2, "lacks a comma or its end"),
        ("A:\n\tb: 1\n", 2, "tab"),
        ("A:\n  b:1\n  c: 2\n", 2, "a space belongs after the colon of 'b:1'"),
        ("A:\n  c: 2\n  b:1\n", 3, "a space belongs after the colon of 'b:1'"),
        ("A:\n  b 1\n\n  # why\n  c: 2\n", 2, "'b 1' should be a key and a colon"),
        ("A:\n  b\uff1a 1\n  c: 2\n", 2, "wide colon"),
        ("A:\n  b:\u00a01\n  c: 2\n", 2, "no-break space"),
        ("A:\n  b: 1\n   c: 2\n", 3, "indented deeper than line 2, which has a value"),
        ("A:\n  b: 1\n c: 2\n", 3, "its indentation fits no section"),
        ("A:\n  b: c: d\n", 2, "needs quotes"),
        ("A:\n  b: @c\n", 2, "needs quotes"),
        ("A:\n  - b: 1\n  c: 2\n", 3, "it needs a dash before it"),
        ("A:\n  - b: 1\n  -c: 2\n", 3, "it needs a space after its dash"),
        ("A:\n  b: 'c\n  d: 1\n", 2, "a quotation that begins here does not end"),
        ('A:\n  b: "D:\\data"\n', 2, "in double quotes a backslash begins an escape"),
        ("- a\n- b\n", 1, "it is a list"),
        ("just text\n", 1, "it is a scalar"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("A: 1\n---\nB: 2\n", 2, "one YAML document"),
        ("A: !!python/object/apply:os.system ['true']\n", 1, "tag"),
        ("A: !!python/name:os.system\n", 1, "tag"),
        ("A: !mine 1\n", 1, "tag !mine is not allowed"),
        ("A: !!int many\n", 1, "'many' is not a int"),
        ("? {a: 1}\n: 2\n", 1, "a key must be a word"),
        ("A: &a\n  b: *a\n", 2, "contains it"),
        ("A:\n  <<: 5\n", 2, "<< needs a section"),
        ("A: ${NOT_SET_ANYWHERE}\n", 1, "${NOT_SET_ANYWHERE} is not set"),
    ],
)
def test_what_is_refused_and_where(written, text, line, what):
    said = wrong(written(text))
    assert any(one.startswith(f"{line}: ") and what in one for one in said), said


def test_bytes_that_are_not_text(tmp_path):
    path = tmp_path / "latin.yml"
    path.write_bytes("A: 1\nB: caf\xe9\n".encode("latin-1"))
    assert wrong(path) == ["2: is not UTF-8 text: save it with that encoding"]
    path.write_bytes(b"A: 1\nB: \x07\n")
    assert "not valid YAML" in wrong(path)[0]


def test_a_byte_order_mark_is_no_letter(tmp_path):
    path = tmp_path / "windows.yml"
    path.write_bytes(b"\xef\xbb\xbfA: 1\r\nB: 2\r\n")
    assert config.load(path) == {"A": 1, "B": 2}


def test_a_missing_file_is_missing_input(tmp_path):
    with pytest.raises(MissingInput) as caught:
        config.load(tmp_path / "none.yml")
    assert caught.value.exit_code == 66


def test_all_problems_of_a_file_come_together(written):
    said = wrong(written("A: *x\nB: ${NOPE}\nC: !z 1\nD: *y\n"), "E.f=1", "nonsense")
    assert len(said) == 6


def test_alias_bomb_and_depth_are_refused_quickly(written):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    start = time.perf_counter()
    assert "too many values" in wrong(written(bomb))[0]
    assert "levels deep" in wrong(written("A: " + "[" * 500 + "]" * 500))[0]
    assert wrong(written("A: " + "[" * 100_000))
    assert time.perf_counter() - start < 60  # unbounded it would be years


def test_environment(written, monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.setenv("WORKERS", "4")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOPE", raising=False)
    root = config.load(
        written("""
        A:
          path: ${DATA}/train.txt
          workers: ${WORKERS}
          quoted: "${WORKERS}"
          fallback: ${NOPE:-8}
          empty: ${EMPTY:-x}
          nothing: ${NOPE:-}
          two: ${DATA}-${WORKERS}
          literal: $${DATA}
          dollar: $5
        """)
    )
    assert root["A"] == {
        "path": "/data/train.txt",
        "workers": 4,
        "quoted": "4",
        "fallback": 8,
        "empty": "x",
        "nothing": None,
        "two": "/data-4",
        "literal": "${DATA}",
        "dollar": "$5",
    }


def test_an_override_makes_a_missing_variable_harmless(written, monkeypatch):
    monkeypatch.delenv("NOPE", raising=False)
    assert config.load(written("A: {b: '${NOPE}'}\n"), ["A.b=1"])["A"]["b"] == 1


def test_sections_survive_copies_and_processes(fixtures):
    root = config.load(fixtures / "det.yml")
    root["Architecture"]["Head"].compute("out_channels", 5)
    for twin in (copy.deepcopy(root), pickle.loads(pickle.dumps(root))):  # noqa: S301
        assert twin == root
        head = twin["Architecture"]["Head"]
        assert head.where("k") == root["Architecture"]["Head"].where("k")
        assert head.computed == {"out_channels": 5}
        assert twin["Global"]["eval_batch_step"].where(1).line > 0


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_same_values_without_libyaml(fixtures, monkeypatch, parser):
    monkeypatch.setattr(source, "PARSER", getattr(yaml, parser))
    root = config.load(fixtures / "syntax.yml")
    assert root["Global"]["quoted"] == "12"
    assert root["Global"]["epoch_num"] == 12
    assert root["Lists"]["long"][1].where("second").line == 30


def test_random_damage_is_always_a_config_error(fixtures, tmp_path):
    """Whatever happens to a file, it is read or refused with a line, never a traceback."""
    draw = random.Random(7)
    path = tmp_path / "damaged.yml"
    whole = (fixtures / "syntax.yml").read_text(encoding="utf-8")
    refused = 0
    for _ in range(400):
        letters = list(whole)
        for _ in range(draw.randint(1, 6)):
            index = draw.randrange(len(letters))
            letters[index] = draw.choice("{}[]:-&*!|>'\"\t\n #?,%@`\\$<=abc1\x00\u2028")
        path.write_text("".join(letters), encoding="utf-8")
        problems = problems_of(path)
        refused += bool(problems)
        assert all(one.place.line > 0 for one in problems), problems
    assert refused > 100


def test_random_values_come_back(tmp_path):
    draw = random.Random(3)
    words = ["a", "1", "1e5", "yes", "null", "~", "1:2", "", " x ", "#", "- a", "é", "0x1", "a: b"]

    def value(depth: int):
        kind = draw.randrange(6 if depth < 4 else 4)
        if kind == 0:
            return draw.choice(words)
        if kind == 1:
            return draw.randint(-(10**12), 10**12)
        if kind == 2:
            return draw.choice([True, False, None, 0.5, -1e-9, 1e300])
        if kind == 3:
            return draw.random()
        if kind == 4:
            return [value(depth + 1) for _ in range(draw.randrange(4))]
        return {f"k{i}": value(depth + 1) for i in range(draw.randrange(4))}

    path = tmp_path / "random.yml"
    for _ in range(150):
        data = {"top": value(0), "more": value(0)}
        text = yaml.safe_dump(data, default_flow_style=draw.choice([True, False, None]))
        path.write_text(text, encoding="utf-8")
        root = config.load(path)
        if "1e5" not in text and "1:2" not in text:  # the two words that YAML 1.1 reads otherwise
            assert root == data
