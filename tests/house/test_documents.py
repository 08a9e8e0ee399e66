"""What the documents say can be done can be done: commands, flags, settings, links, paths."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from itertools import zip_longest
from pathlib import Path

import pytest

from ppocr.config import ConfigError, read
from ppocr.config.general import General
from ppocr.pipeline import checks
from ppocr.synthesis import is_synthesis, settings
from ppocr.synthesis.settings import General as SynthesisGeneral
from ppocr.utils.exits import UsageError
from tests.house.commands import (
    Command,
    blocks,
    documents,
    in_lines,
    in_markdown,
    named,
    parse,
    shown,
)
from tests.house.house import ROOT, complain

# names that stand for a file of the reader
YOURS = re.compile(
    r"(^|/)(FILE|my\w*\.ya?ml|cml\.yml|student\.yml|rec_my_head\.yml|x\.yml|\.\.\.)$"
)
STAND_IN = {"det": "configs/quickstart/det.yml", "rec": "configs/quickstart/rec.yml"}
ROOMS = sorted(path.name for path in (ROOT / "ppocr").iterdir() if path.is_dir())
PATH = re.compile(r"^(configs|tools|tests|docs|ppocr|benchmarks)/[\w./-]*$")


def test_commands_can_be_given_as_they_are_shown(monkeypatch):
    wrong: list[str] = []
    seen: dict[tuple[str, str], list[str]] = {}
    commands = shown()
    assert len(commands) > 150
    for command in commands:
        try:
            given = parse(command, monkeypatch)
            wrong += [f"{command}: {said}" for said in in_config(given, seen)] if given else []
        except (LookupError, UsageError) as error:
            wrong.append(f"{command}: {error}")
    complain(
        "a command that is shown exists, with these flags and settings",
        wrong,
        "mend the text, or the command",
    )


def in_config(given: argparse.Namespace, seen: dict[tuple[str, str], list[str]]) -> list[str]:
    """Return what is wrong with the config a command names, or with the settings it is given.

    Settings of a run are the same in every config: each is asked for once and kept in ``seen``.
    """
    named_configs = vars(given).get("config") or []
    configs = [named_configs] if isinstance(named_configs, str) else named_configs
    overrides = [one for one in vars(given).get("opt", []) if one != "..."]
    found = []
    for config in configs:
        is_ours = (ROOT / config).is_file()
        if config.startswith("configs/") and not is_ours and not YOURS.search(config):
            found.append(f"there is no {config}")
        elif is_ours and any(not one.startswith("Global.") for one in overrides):
            found += problems(config, overrides)
        else:
            synth = is_ours and "synth" in config
            stand_in = config if synth else STAND_IN["det" if "det" in config else "rec"]
            for one in overrides:
                key = stand_in, one.partition("=")[0]
                if key not in seen and one.startswith("Global."):
                    seen[key] = problems(stand_in, [one])
                found += seen.get(key, [])
    return found


def problems(config: str, overrides: list[str]) -> list[str]:
    """Return what the check of configs says; test_configs.py looks at them as they are."""
    try:
        root, _ = read(ROOT / config, overrides)
    except ConfigError as error:
        return [one.text for one in error.problems]
    report = settings.check(root) if is_synthesis(root) else checks.check(root)
    return [one.text for one in report.all()]


def test_settings_of_a_run_that_are_named_exist():
    known = {one.name for one in (*fields(General), *fields(SynthesisGeneral))}
    wrong = [
        f"{named(path)}:{number}: Global.{key}"
        for path in documents()
        for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for key in re.findall(r"\bGlobal\.([a-z]\w*)", row)
        if key not in known
    ]
    complain("a setting that is named exists", wrong, "see ppocr/config/general.py")


def test_paths_that_are_named_exist():
    wrong = []
    for path in documents():
        for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for code in re.findall(r"`([^`\s]+)`", row):
                room, _, rest = code.partition("/")
                ours = PATH.match(code) or (room in ROOMS and rest.endswith(".py"))
                places = (ROOT / code, ROOT / "ppocr" / code, path.parent / code)
                if ours and not YOURS.search(code) and not any(one.exists() for one in places):
                    wrong.append(f"{named(path)}:{number}: {code}")
    complain(
        "a path that is named exists",
        [one for one in wrong if "my_head" not in one],
        "it was moved or is spelt otherwise",
    )


def test_links_lead_somewhere():
    wrong = []
    for path in documents():
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"https?:|mailto:", target) and not leads(path, target):
                wrong.append(f"{named(path)}: {target}")
    complain("a link leads somewhere", wrong, "the file or the heading has another name")


def leads(path: Path, target: str) -> bool:
    """Return whether a link of a document has a file, and a heading if it names one."""
    name, _, heading = target.partition("#")
    other = path.parent / name if name else path
    if not other.exists():
        return False
    return not heading or heading in anchors(other.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """Return the names that headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.M)
    kept = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in kept}


def test_both_readmes_show_the_same_commands():
    own, other = (commands_of(ROOT / name) for name in ("README.md", "README_ch.md"))
    assert len(own) > 20
    pairs = zip_longest(own, other, fillvalue="nothing")
    complain(
        "README.md and README_ch.md show the same commands, in the same order",
        [f"README.md: {a} / README_ch.md: {b}" for a, b in pairs if a != b],
        "change both",
    )


def commands_of(path: Path) -> list[str]:
    """Return the lines of shell of a document; what stands for the reader's folder is left out."""
    rows = [
        row.strip()
        for language, _, rows in blocks(path.read_text(encoding="utf-8"))
        if language == "bash"
        for row in rows
    ]
    return [re.sub(r"--image_dir \S+", "--image_dir", row) for row in rows]


# ---- what finds all this -------------------------------------------------------------------------


def test_commands_are_found_wherever_they_stand():
    text = (
        "Say `make check` or `python tools/a.py -c x.yml`; `tools/b.py` alone is none.\n"
        "```bash\n"
        'R=data; common="A=$R\n  B=2"\n'
        "python tools/c.py -c x.yml -o $common \\\n    --each    # why\n"
        "python tools/d.py x.yml     what it does\n"
        "```\n"
        "```python\nbash('no')\n```\n"
    )
    found = [(one.place, one.words) for one in in_markdown(text, "doc")]
    assert found == [
        ("doc:5", ("python", "tools/c.py", "-c", "x.yml", "-o", "A=data", "B=2", "--each")),
        ("doc:7", ("python", "tools/d.py", "x.yml")),
        ("doc:1", ("make", "check")),
        ("doc:1", ("python", "tools/a.py", "-c", "x.yml")),
    ]


@pytest.mark.parametrize(
    "row",
    [
        "python tools/no_such.py",
        "python tools/train.py --no-such -c configs/quickstart/det.yml",
        "python tools/train.py",
        "python tools/infer/predict_det.py --det_model x",
        "python -m paddle.distributed.launch --gpus 0,1 tools/train.py --no-such",
        "python -m tests.faults.crash --no-such",
        "python benchmarks/data_path.py --no-such",
        "make no-such",
        "bash no_such.sh",
    ],
)
def test_a_command_that_does_not_exist_is_found(row, monkeypatch, capsys):
    (command,) = in_lines([row], "doc", 1)
    with pytest.raises((LookupError, UsageError)):
        parse(command, monkeypatch)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("python tools/train.py -c configs/quickstart/no.yml", "there is no"),
        ("python tools/train.py -c configs/quickstart/det.yml -o Global.epoch=1", "'epoch'"),
        ("bash train.sh -c my.yml -o Global.epoch=1", "'epoch'"),
        ("python tools/synthesize.py -c configs/synth/lines.yml -o Text.no=1", "'no'"),
    ],
)
def test_a_setting_that_does_not_exist_is_found(row, said, monkeypatch):
    (command,) = in_lines([row], "doc", 1)
    assert said in " ".join(in_config(parse(command, monkeypatch), {}))


def test_links_that_lead_nowhere_are_found():
    path = ROOT / "docs/data.md"
    assert leads(path, "config.md")
    assert leads(path, "../README.md#two-commands")
    assert not leads(path, "no.md")
    assert not leads(path, "../README.md#no-such-heading")


def test_the_place_of_a_command_is_said():
    assert str(Command("docs/a.md:3", ("make", "check"))) == "docs/a.md:3: make check"
