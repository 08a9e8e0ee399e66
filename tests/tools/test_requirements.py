"""requirements.txt names everything that is needed, also what packages import undeclared."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from ppocr.utils.files import REPOSITORY

# what only some commands import, each from packages of its own
IMPORTED = ("paddle", "paddle.inference", "onnx", "paddle2onnx", "onnxruntime", "cv2", "numba")
IMPORTS = """
import importlib, json, sys
hidden, names = json.load(sys.stdin)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
for name in hidden:
    sys.modules.pop(name, None)
for name in names:
    importlib.import_module(name)
"""


def test_an_environment_with_what_is_listed_and_nothing_else_can_import_everything(
    monkeypatch,
):
    # setuptools puts the packages it carries inside itself there, once it was imported
    outside = [place for place in sys.path if not place.endswith("_vendor")]
    monkeypatch.setattr(sys, "path", outside)
    brought = closure(listed())
    hidden = [
        module
        for module, distributions in packages_distributions().items()
        if not any(normal(one) in brought for one in distributions)
    ]
    assert "pytest" in hidden
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        input=json.dumps([hidden, IMPORTED]),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def listed() -> list[str]:
    rows = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [row for row in (row.partition("#")[0].strip() for row in rows) if row]


def closure(wanted: list[str]) -> set[str]:
    """Return the distributions that these bring, by what each declares; extras are not taken."""
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = normal(re.match(r"[\w.-]+", waiting.pop())[0])
        if name in found:
            continue
        found.add(name)
        try:
            declared = requires(name) or []
        except PackageNotFoundError:
            continue
        waiting += [one for one in declared if "extra" not in one.partition(";")[2]]
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
