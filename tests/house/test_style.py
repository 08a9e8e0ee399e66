"""What the style guide says that ruff cannot."""

from __future__ import annotations

import ast
import re
from statistics import median

import pytest

from tests.house.house import ROOT, Source, complain, library, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
TABLES = frozenset({"ppocr/config/planned.py", "ppocr/text/official.py"})  # rows of names
PRINTERS = frozenset({"ppocr/utils/logs.py"})


def test_files_fit_in_the_head():
    long = [
        f"{source.name}: {source.lines} lines"
        for source in (*library(), *sources("benchmarks", "tests"))
        if source.lines > MAX_FILE_LINES and source.name not in TABLES
    ]
    complain(
        f"a file has at most {MAX_FILE_LINES} lines",
        long,
        "split it where the subject changes; tables of data are listed in TABLES",
    )


def test_files_are_not_crumbs():
    sizes = [s.lines for s in sources("ppocr") if s.path.name != "__init__.py"]
    if median(sizes) < 50:
        complain(
            "the typical file has 50 lines or more",
            [f"median: {median(sizes)}"],
            "put small neighbours together",
        )


def test_functions_fit_on_a_screen():
    long = []
    for source in (*library(), *sources("benchmarks")):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    long.append(f"{source.name}:{node.lineno}: {node.name}, {lines} lines")
    complain(
        f"a function has at most {MAX_FUNCTION_LINES} lines",
        long,
        "name the steps: each becomes a function below it",
    )


def test_every_module_says_what_it_is():
    silent = [
        source.name
        for source in (*library(), *sources("benchmarks"))
        if source.text.strip() and ast.get_docstring(source.tree) is None
    ]
    complain("every module begins with a docstring", silent, "say in one sentence what comes back")


def test_everything_public_says_what_comes_back():
    silent = [
        f"{source.name}:{node.lineno}: {node.name}"
        for source in library()
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and ast.get_docstring(node) is None
    ]
    complain("public functions and classes have a docstring", silent, "say what comes back")


def test_no_eval_exec_or_print():
    found = []
    for source in (*library(), *sources("benchmarks")):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            name = node.func.id
            if name in ("eval", "exec") or (name == "print" and source.name not in PRINTERS):
                found.append(f"{source.name}:{node.lineno}: {name}()")
    complain(
        "no eval, no exec, no print",
        found,
        "numbers as text: ppocr.config; messages: ppocr.utils.logs.get_logger(); results of a "
        "command: ppocr.utils.logs.say()",
    )


def test_no_error_is_swallowed():
    found = []
    for source in (*library(), *sources("benchmarks")):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler) and _swallows(node):
                found.append(f"{source.name}:{node.lineno}: {ast.unparse(node).splitlines()[0]}")
    complain(
        "no bare except, and no broad one that goes on as if nothing had happened",
        found,
        "name the exception you expect, or raise again",
    )


def _swallows(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    broad = ast.unparse(handler.type) in ("Exception", "BaseException")
    does_nothing = all(isinstance(node, ast.Pass | ast.Continue) for node in handler.body)
    return broad and does_nothing


def test_no_state_at_module_level():
    found = []
    for source in library():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Global):
                found.append(f"{source.name}:{node.lineno}: global {', '.join(node.names)}")
    complain("no module-level mutable state", found, "pass the value, or keep it in an object")


def test_nothing_is_left_for_later():
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{source.name}:{number}: {line.strip()}"
        for source in (*library(), *sources("benchmarks", "tests"))
        if source.name != "tests/house/test_style.py"
        for number, line in enumerate(source.text.splitlines(), 1)
        if pattern.search(line)
    ]
    complain("no TODO in the code", found, "do it, or write an issue")


@pytest.mark.parametrize("folder", ["tools", "benchmarks"])
def test_the_path_is_set_the_same_way_in_every_command(folder):
    lines: dict[str, list[str]] = {}
    for source in _commands(folder):
        touching = [line for line in source.text.splitlines() if "sys.path" in line]
        lines.setdefault("\n".join(touching), []).append(source.name)
    usual = max(lines, key=lambda key: len(lines[key]), default="")
    other = [f"{name}: {key or 'nothing'}" for key in lines if key != usual for name in lines[key]]
    complain(
        f"every command puts the repository on sys.path with the same line: {usual}",
        other,
        "copy the line",
    )


def test_only_commands_touch_the_path():
    found = [
        f"{source.name}: {line.strip()}"
        for source in sources("ppocr")
        for line in source.text.splitlines()
        if "sys.path" in line and "sys.path_" not in line
    ]
    complain("the library does not touch sys.path", found, "let the command do it")


def _commands(folder: str) -> list[Source]:
    return [s for s in sources(folder) if '__name__ == "__main__"' in s.text]


def test_nothing_names_the_machine_it_was_written_on():
    pattern = re.compile(r"(?<![\w.$~])/(root|home/\w+|work|Users/\w+)/")
    found = []
    for pattern_of_files in ("*.md", "*.yml", "*.toml", "*.txt", "*.sh", "Makefile", ".ci/*"):
        for path in ROOT.glob(pattern_of_files):
            found += _matches(path, pattern)
    for folder in ("ppocr", "tools", "configs", "docs", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".yml", ".sh") and path.name != "test_style.py":
                found += _matches(path, pattern)
    complain("no path of one machine in the repository", found, "make it relative")


def _matches(path, pattern: re.Pattern[str]) -> list[str]:
    if not path.is_file():
        return []
    rows = enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
    return [
        f"{path.relative_to(ROOT)}:{i}: {row.strip()}" for i, row in rows if pattern.search(row)
    ]
