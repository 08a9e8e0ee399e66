"""Imports go down, and predicting needs no paddle."""

from __future__ import annotations

import ast
import subprocess
import sys

from tests.house.house import (
    MAY_IMPORT_PADDLE,
    PADDLE_FREE,
    ROOT,
    ROWS,
    complain,
    imports,
    library,
    room_of,
)


def test_every_folder_of_ppocr_is_a_room():
    rooms = {f"ppocr.{path.name}" for path in (ROOT / "ppocr").iterdir() if path.is_dir()}
    strangers = sorted(rooms - set(ROWS) - {"ppocr.__pycache__"})
    complain(
        "every folder below ppocr/ has a row",
        strangers,
        "add it to ROWS in tests/house/house.py and to the map in ARCHITECTURE.md",
    )


def test_imports_go_down():
    up = []
    for source in library():
        for module, line in imports(source):
            target = room_of(module)
            if source.room is None or target is None or target == source.room:
                continue
            if ROWS[target] >= ROWS[source.room]:
                up.append(
                    f"{source.name}:{line}: {source.room} (row {ROWS[source.room]}) imports "
                    f"{target} (row {ROWS[target]})"
                )
    complain(
        "a room imports only rooms of lower rows",
        up,
        "move what both need to a lower room, or hand it in as an argument",
    )


def test_no_paddle_in_rooms_that_promise_to_do_without():
    found = []
    for source in library():
        free = source.room in PADDLE_FREE
        index = source.path.name == "__init__.py"  # may import paddle inside a builder
        if not (free or index) or source.module in MAY_IMPORT_PADDLE:
            continue
        found += [
            f"{source.name}:{line}: imports {module}"
            for module, line in imports(source, late=free)
            if module.split(".")[0] == "paddle"
        ]
    complain(
        "no paddle in these rooms, nor at the top of any __init__.py",
        found,
        "take and return numpy arrays; what needs tensors belongs to data, modeling, losses, "
        "optimizer, training or export",
    )


def test_importing_the_paddle_free_rooms_does_not_import_paddle():
    modules = [
        source.module
        for source in library()
        if source.room in PADDLE_FREE and source.module not in MAY_IMPORT_PADDLE
    ]
    code = (
        "import importlib, sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'paddle':\n"
        "            raise ImportError('paddle was imported')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"for name in {modules!r}:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ImportError as error:\n"
        "        print(f'{name}: {error}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    complain(
        "these rooms can be imported where paddle is not installed",
        [*done.stdout.splitlines(), *done.stderr.splitlines()[-3:]],
        "import lazily, inside the function that needs it, from a room that may use paddle",
    )


def test_functions_are_not_hiding_imports_of_rooms():
    """An import inside a function is for heavy packages, not for going around a cycle."""
    late = []
    for source in library():
        if source.room in (None, "tools"):
            continue
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    room = room_of(inner.module) if not inner.level else source.room
                    if room == source.room:
                        late.append(f"{source.name}:{inner.lineno}: {ast.unparse(inner)}")
    free = [place for place in late if not _lazy_on_purpose(place)]
    complain(
        "no import inside a function from the same room",
        free,
        "import at the top; if that makes a cycle, one of the two files is two files",
    )


def _lazy_on_purpose(place: str) -> bool:
    """Return whether an ``__init__`` or an opener defers a module that imports paddle.

    Compiled loops (``*kernels``) import numba, which only those should pay for who run them.
    """
    path, _, rest = place.partition(":")
    if rest.endswith("kernels"):
        return True
    opens = path.endswith(("__init__.py", "open.py"))
    return opens or any(f"{name.rpartition('.')[2]}" in rest for name in MAY_IMPORT_PADDLE)
