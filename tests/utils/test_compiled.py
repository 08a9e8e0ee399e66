"""Compiled loops: kept, shared between processes, and absent where nobody needs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ppocr.utils.compiled import Compiled, compiled
from ppocr.utils.exits import MissingInput

ROOT = Path(__file__).resolve().parents[2]
LOOP = """
import logging, sys
import numpy as np
from ppocr.utils.compiled import compiled

@compiled("void(float32[::1], float64)")
def add(values, amount):
    for place in range(len(values)):
        values[place] += amount

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    values = np.zeros(3, dtype=np.float32)
    add(values, 2)
    print(values.sum())
"""


@pytest.fixture
def script(tmp_path) -> Path:
    path = tmp_path / "code" / "loop.py"
    path.parent.mkdir()
    path.write_text(LOOP)
    return path


def start(script: Path, **environment: str) -> subprocess.Popen:
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, str(script)], env=settings, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen) -> list[str]:
    lines = process.communicate()[0].splitlines()
    assert process.returncode == 0
    return lines


def test_several_processes_compile_once_and_keep_it(script):
    together = [said(one) for one in [start(script), start(script)]]
    assert all(lines[-1] == "6.0" for lines in together)
    compilations = [lines for lines in together if len(lines) > 1]
    assert len(compilations) == 1
    assert compilations[0][0].startswith("compiled loop.add in ")
    assert said(start(script)) == ["6.0"]


def test_without_any_folder_to_write_it_works_and_says_so(script, tmp_path):
    # a file where a folder should be: nobody can write there, not even root
    nowhere = tmp_path / "file"
    nowhere.touch()
    broken = {"HOME": str(nowhere), "XDG_CACHE_HOME": str(nowhere), "LOCALAPPDATA": str(nowhere)}
    (script.parent / "__pycache__").touch()
    lines = said(start(script, **broken))
    assert lines[-1] == "6.0"
    assert "NUMBA_CACHE_DIR" in lines[0]


def test_a_read_only_installation_keeps_it_with_the_user(script, tmp_path):
    (script.parent / "__pycache__").touch()
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    first, second = (said(start(script, **home)) for _ in range(2))
    assert len(first) == 2
    assert second == ["6.0"]


def test_other_types_are_refused():
    @compiled("void(float32[::1])")
    def clear(values):
        values[:] = 0

    with pytest.raises(TypeError):
        clear(np.zeros(3))
    values = np.ones(3, dtype=np.float32)
    clear(values)
    assert not values.any()


def test_a_missing_numba_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingInput, match="pip install numba"):
        Compiled(lambda: None, "void()")()


def test_nothing_is_imported_before_the_first_call():
    code = (
        "import sys; import ppocr.serving, ppocr.pipeline.runner, ppocr.transforms as t;"
        "[t.OPS.find(name) for name in t.OPS.names('any')];"
        "assert 'numba' not in sys.modules and 'paddle' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
