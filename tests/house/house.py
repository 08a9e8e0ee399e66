"""What the house tests look at: the source files, parsed once, and the map of the rows."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Imports go down only: a room may import rooms of a lower row, never its own row's others.
ROWS: dict[str, int] = {
    "ppocr.utils": 0,
    "ppocr.config": 1,
    "ppocr.text": 2,
    "ppocr.geometry": 2,
    "ppocr.report": 2,
    "ppocr.transforms": 3,
    "ppocr.data": 4,
    "ppocr.modeling": 4,
    "ppocr.losses": 4,
    "ppocr.optimizer": 4,
    "ppocr.postprocess": 4,
    "ppocr.metrics": 4,
    "ppocr.backends": 4,
    "ppocr.pipeline": 5,
    "ppocr.synthesis": 5,
    "ppocr.conversion": 6,
    "ppocr.doctor": 6,
    "ppocr.mistakes": 6,
    "ppocr.training": 6,
    "ppocr.export": 6,
    "ppocr.serving": 6,
    "tools": 7,
}

# Rooms that must work without paddle, and the two files that are allowed to be the exception.
PADDLE_FREE = (
    *("ppocr.utils", "ppocr.config", "ppocr.text", "ppocr.geometry", "ppocr.transforms"),
    *("ppocr.synthesis", "ppocr.postprocess", "ppocr.metrics", "ppocr.backends"),
    *("ppocr.pipeline", "ppocr.serving", "ppocr.conversion", "ppocr.report", "ppocr.mistakes"),
)
MAY_IMPORT_PADDLE = ("ppocr.backends.dygraph", "ppocr.backends.paddle")


@dataclass(frozen=True)
class Source:
    """One parsed file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Return the path as it should stand in a message."""
        return str(self.path.relative_to(ROOT))

    @property
    def module(self) -> str:
        """Return the dotted name that imports use."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str | None:
        """Return the room the file belongs to, if it belongs to one."""
        return room_of(self.module)

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return self.text.count("\n")


def room_of(module: str) -> str | None:
    """Return the room of a dotted name, if it is one of ours."""
    parts = module.split(".")
    for room in (".".join(parts[:2]), parts[0]):
        if room in ROWS:
            return room
    return None


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python files below some folders of the repository, sorted."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append(Source(path, text, ast.parse(text, str(path))))
    return tuple(found)


def library() -> tuple[Source, ...]:
    """Return the files of ppocr and of the commands."""
    return sources("ppocr", "tools")


def imports(source: Source, late: bool = True) -> list[tuple[str, int]]:
    """Return (module, line) of every import of a file; with ``late`` those in functions too.

    Imports under ``if TYPE_CHECKING:`` are left out: they say something about types and import
    nothing.
    """
    left_out = {
        id(inner)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    if not late:
        functions = ast.FunctionDef | ast.AsyncFunctionDef
        for node in ast.walk(source.tree):
            if isinstance(node, functions):
                left_out |= {id(inner) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(source.tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            found += [(f"{base}.{alias.name}", node.lineno) for alias in node.names]
    return found


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    if source.path.name != "__init__.py":
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def complain(rule: str, places: list[str], instead: str) -> None:
    """Fail with the rule, where it is broken, and what to do instead."""
    if places:
        listed = "\n".join(f"  {place}" for place in places)
        pytest.fail(f"Rule: {rule}\n{listed}\nInstead: {instead}", pytrace=False)
