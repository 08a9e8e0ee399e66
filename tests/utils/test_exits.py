"""Every way a command can end leaves the right status and one line that says why."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr.config.errors import ConfigError, Problem
from ppocr.utils import exits

ROOT = Path(__file__).resolve().parents[2]


def ending(error: BaseException):
    def main(argv):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (exits.UsageError("x"), 2),
        (exits.DataError("x"), 65),
        (exits.MissingInput("x"), 66),
        (exits.InternalError("x"), 70),
        (exits.OutputError("x"), 73),
        (exits.StorageError("x"), 74),
        (exits.Preempted("x"), 75),
        (exits.Diverged("x"), 76),
        (ConfigError("x"), 78),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(errno.ENOENT, "gone", "a.png"), 66),
        (PermissionError(errno.EACCES, "denied", "out"), 73),
        (OSError(errno.EROFS, "read-only", "out"), 73),
        (OSError(errno.ENOSPC, "full", "out"), 74),
        (OSError(errno.EIO, "broken", "out"), 74),
        (ZeroDivisionError("oops"), 70),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, BaseException) else str(one),
)
def test_status_and_message(capsys, error, status):
    assert exits.run(ending(error), []) == status
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith(f"error[{status}] ")
    if not isinstance(error, ZeroDivisionError):
        assert len(lines) == 1


def test_a_defect_keeps_its_traceback(capsys):
    assert exits.run(ending(ZeroDivisionError("oops")), []) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "error[70] ZeroDivisionError: oops" in said


def test_all_problems_are_printed(capsys):
    error = ConfigError(["first", "second"])
    assert exits.run(ending(error), []) == 78
    assert capsys.readouterr().err == "error[78] config: first\nconfig: second\n"
    assert all(isinstance(one, Problem) for one in error.problems)


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (3, 3), ("words", 1), (2, 2)])
def test_leaving_by_exit(code, status):
    assert exits.run(ending(SystemExit(code)), []) == status


def test_success():
    assert exits.run(lambda argv: None, []) == 0
    assert exits.run(lambda argv: 0, []) == 0
    assert exits.run(lambda argv: len(argv), ["a", "b", "c"]) == 3


def test_a_reader_that_leaves_early_is_no_defect():
    code = (
        "import sys\n"
        "from ppocr.utils import exits\n"
        "from ppocr.utils.logs import say\n"
        "def main(argv):\n"
        "    for _ in range(200_000):\n"
        "        say('x' * 50)\n"
        "sys.exit(exits.run(main, []))\n"
    )
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, text=True
    )
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    said = child.communicate(timeout=240)[1]
    assert child.returncode == exits.BROKEN_PIPE
    assert said == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("ending", ["say('done')", "raise DataError('rows.txt:4')"])
def test_the_status_counts_where_nothing_can_be_written(ending):
    code = (
        "import sys\n"
        "from ppocr.utils import exits\n"
        "from ppocr.utils.exits import DataError\n"
        "from ppocr.utils.logs import say\n"
        "def main(argv):\n"
        f"    {ending}\n"
        "sys.exit(exits.run(main, []))\n"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=full, cwd=ROOT)
    assert done.returncode == (65 if "DataError" in ending else 74)
