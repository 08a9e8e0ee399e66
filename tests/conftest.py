"""Options every test directory shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr.utils import runtime
from tests.parity import cases


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden",
        default=str(cases.DEFAULT_DIRECTORY),
        metavar="DIR",
        help="directory with recorded cases (ops/, forward/, models/); default tests/golden",
    )
    parser.addoption(
        "--official",
        default="",
        metavar="DIR",
        help="directory with official configs (.yml, any depth) to read and check",
    )
    parser.addoption(
        "--kernels",
        choices=("paddle", "tools"),
        default="paddle",
        help="MKL's kernels: as the wheel has them, which is how numbers were recorded, or as the "
        "commands choose them, which is faster and rounds otherwise",
    )


def pytest_configure(config: pytest.Config) -> None:
    prepare(config.getoption("--kernels"))
    directory = Path(config.getoption("--golden")).resolve()
    if not directory.is_dir():
        if directory != cases.DEFAULT_DIRECTORY:
            raise pytest.UsageError(f"--golden {directory}: no such directory")
        return
    cases.use(directory)


def prepare(kernels: str) -> None:
    """Prepare this process as every command prepares its own; tests run twice as fast then."""
    runtime.keep_memory()
    runtime.load_openmp()
    if kernels == "tools":
        runtime.choose_kernels()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return who deals out the tests when ``--dist loadfile`` is asked for."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.units import Units

    return Units(config, log)


@pytest.fixture(autouse=True)
def _runtime_switch_as_it_was() -> Iterator[None]:
    """Commands that run in this process may switch the runtime off for themselves."""
    before = os.environ.get(runtime.SWITCH)
    yield
    if before is None:
        os.environ.pop(runtime.SWITCH, None)
    else:
        os.environ[runtime.SWITCH] = before


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count, by name, what was skipped because its component is not in a registry."""
    missing = cases.missing_in(terminalreporter.stats.get("skipped", []))
    if missing:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(missing.items()))
        total = sum(missing.values())
        terminalreporter.write_line(f"recorded cases without a component: {total}: {listed}")
