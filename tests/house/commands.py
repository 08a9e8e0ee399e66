"""The commands that documents show: found in their text, and parsed by the tools themselves."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ppocr.utils import runtime
from ppocr.utils.exits import UsageError
from tests.house.house import ROOT, library, sources

SHELLS = ("bash", "sh", "console")
LAUNCHER = "paddle.distributed.launch"
COMMAND = re.compile(r"^(?:[\w./]*python3?|bash)\s|^make [\w-]+$")
ASSIGNMENT = re.compile(r"^\s*([A-Za-z_]\w*)=(.*)$")


@dataclass(frozen=True)
class Command:
    """One command as a document shows it."""

    place: str  # file:line
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place}: {shlex.join(self.words)}"


class Parsed(Exception):
    """Raised in place of the work of a tool: its command line was understood."""

    def __init__(self, given: argparse.Namespace | None = None) -> None:
        super().__init__()
        self.given = given


def documents() -> list[Path]:
    """Return the documents of the repository that people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")])


def shown() -> list[Command]:
    """Return every command of the documents, of the tools' help and of the configs' heads."""
    found: list[Command] = []
    for path in documents():
        found += in_markdown(path.read_text(encoding="utf-8"), named(path))
    for source in (*library(), *sources("benchmarks", "tests/faults")):
        help_text = (ast.get_docstring(source.tree) or "").splitlines()
        found += [*in_lines(help_text, source.name, 1), *in_sentences(help_text, source.name)]
    for path in sorted((ROOT / "configs").rglob("*.yml")):
        rows = path.read_text(encoding="utf-8").splitlines()
        head = [row.lstrip("#") if row.startswith("#") else "" for row in rows]
        found += [*in_lines(head, named(path), 1), *in_sentences(head, named(path))]
    return found


def named(path: Path) -> str:
    """Return a path as it stands in a message."""
    return str(path.relative_to(ROOT))


def in_markdown(text: str, name: str) -> list[Command]:
    """Return the commands of shell blocks, and those within a sentence."""
    found: list[Command] = []
    for language, first, rows in blocks(text):
        if language in SHELLS:
            found += in_lines(rows, name, first)
        elif not language:
            found += in_lines([row for row in rows if "tools/" in row], name, first)
    return [*found, *in_sentences(text.splitlines(), name)]


def in_sentences(rows: list[str], name: str) -> list[Command]:
    """Return the commands that stand between backticks."""
    found: list[Command] = []
    for number, row in enumerate(rows, 1):
        for code in re.findall(r"`([^`]+)`", row):
            if COMMAND.match(code):
                found += in_lines(code.split(" && "), name, number)
    return found


def blocks(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """Yield language, number of the first line and lines of every fenced block."""
    language, first, rows = None, 0, []
    for number, row in enumerate(text.splitlines(), 1):
        fence = re.match(r"^\s*```(\w*)", row)
        if fence and language is None:
            language, first, rows = fence[1], number + 1, []
        elif fence:
            yield language or "", first, rows
            language = None
        elif language is not None:
            rows.append(row)


def in_lines(rows: list[str], name: str, first: int) -> list[Command]:
    """Return the commands of lines of a shell; continued lines are joined, variables put in."""
    found: list[Command] = []
    known: dict[str, str] = {}
    for number, row in joined(rows, first):
        if COMMAND.match(row.strip()):
            found.append(Command(f"{name}:{number}", words(put_in(known, row.strip()))))
        elif ASSIGNMENT.match(row):
            for one in map(ASSIGNMENT.match, row.split("; ")):
                if one:
                    value = " ".join(one[2].strip().strip('"').split())
                    known[one[1]] = put_in(known, value)
    return found


def put_in(known: dict[str, str], row: str) -> str:
    """Return a line with the values of variables in place of their names."""
    return re.sub(r"\$(\w+)", lambda name: known.get(name[1], name[0]), row)


def joined(rows: list[str], first: int) -> Iterator[tuple[int, str]]:
    """Yield the number of its first line and the text of each command; quotes may span lines."""
    held, begun = "", 0
    for number, row in enumerate(rows, first):
        begun = begun if held else number
        text = held + (row.strip() if held else row.rstrip())
        if text.endswith("\\"):
            held = text.rstrip("\\").rstrip() + " "
        elif text.count('"') % 2 and ASSIGNMENT.match(text):
            held = text + " "
        else:
            held = ""
            yield begun, text


def words(row: str) -> tuple[str, ...]:
    """Return the words of a command; what is explained behind it (after two spaces) is left out."""
    row = re.split(r"\s{3,}(?![-\\\s])|\s{2,}#", row)[0]
    return tuple(shlex.split(row, comments=True))


def parse(command: Command, patched: pytest.MonkeyPatch) -> argparse.Namespace | None:
    """Return what a tool understands of its command line; it goes no further than that.

    None for a command that is not a tool of ours (a house rule has then nothing to say). A tool,
    script, target or path of tests that does not exist is a LookupError, a command line that its
    tool refuses a UsageError.
    """
    program, *rest = command.words
    if program == "make":
        demand(all(re.search(rf"^{one}:", (ROOT / "Makefile").read_text(), re.M) for one in rest))
    elif program == "bash":
        return script(rest)
    elif rest[:1] == ["-m"]:
        return module(rest[1], rest[2:], patched)
    elif rest and rest[0].endswith(".py"):
        return tool(rest[0], rest[1:], patched)
    return None


def script(rest: list[str]) -> argparse.Namespace | None:
    """Return config and settings of a call of train.sh; other scripts only have to be there."""
    demand((ROOT / rest[0]).is_file() or rest[0] == "launch.sh")
    if rest[0] != "train.sh" or len(rest) == 1 or rest[1] == "--help":
        return None
    demand(rest[1] in ("-c", "--config"))
    settings = rest[4:] if rest[3:4] in (["-o"], ["--opt"]) else rest[3:]
    return argparse.Namespace(config=rest[2], opt=settings)


def module(name: str, rest: list[str], patched: pytest.MonkeyPatch) -> argparse.Namespace | None:
    """Return what is understood behind ``python -m``: the launcher's script, or our own module."""
    if name == LAUNCHER:
        for place, word in enumerate(rest):
            if word.endswith(".py"):
                return tool(word, rest[place + 1 :], patched)
    if name == "pytest":
        demand(all((ROOT / word).exists() for word in rest if word.startswith("tests")))
    elif name.startswith("tests."):
        demand(knows(name.replace(".", "/") + ".py", rest))
    return None


def tool(path: str, rest: list[str], patched: pytest.MonkeyPatch) -> argparse.Namespace | None:
    """Return what a command of ours understands; the first thing it does then is stopped."""
    demand((ROOT / path).is_file())
    if not path.startswith("tools/"):  # programs that load paddle at once are only read
        demand(knows(path, rest))
        return None
    found = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    read = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, *given: object) -> None:
        raise Parsed(read(self, *given))

    def prepare(**_: object) -> None:
        raise Parsed

    with patched.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
        patch.setattr(runtime, "prepare", prepare)
        try:
            found.main(rest)
        except Parsed as parsed:
            return parsed.given
        except SystemExit as status:
            raise UsageError("its parser refuses it") from status
    raise AssertionError(f"{path} neither parsed its words nor prepared its process")


def knows(path: str, rest: list[str]) -> bool:
    """Return whether a program is there and has the flags, by its text."""
    if not (ROOT / path).is_file():
        return False
    text = (ROOT / path).read_text(encoding="utf-8")
    return all(f'"{word}"' in text for word in rest if word.startswith("--"))


def demand(there: bool) -> None:
    """Raise a LookupError for a command whose program, target or flag does not exist."""
    if not there:
        raise LookupError("there is no such program, target or flag")
