"""Options every test directory shares."""

from __future__ import annotations

import importlib.util
import logging
import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ppocr.utils import logs, runtime
from tests.parity import cases

SEED = 20
SIGNALS = (signal.SIGINT, signal.SIGTERM)
UNDER_WAY = "PYTEST_CURRENT_TEST"  # changes within a test


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
    draw_the_same()
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


def draw_the_same() -> None:
    """Let hypothesis try the same examples in every run, however slow the machine is at it."""
    if importlib.util.find_spec("hypothesis") is None:
        return
    from hypothesis import HealthCheck, settings

    patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("same", derandomize=True, **patient)
    settings.load_profile("same")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return who deals out the tests when ``--dist loadfile`` is asked for."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.units import Units

    return Units(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Iterator[Any]:
    """Make what several tests share alike, whichever of them comes first: numbers, environment."""
    if fixturedef.scope == "function":
        return (yield)
    seed()
    environment = dict(os.environ)
    try:
        return (yield)
    finally:
        restore(environment)


@pytest.fixture(autouse=True)
def _process_as_new() -> Iterator[None]:
    """Let each test find the process as the first one does, whatever ran in it before.

    Commands that run in this process set up the logger, choose threads, take signals.
    """
    forget_commands()
    seed()
    environment, folder = dict(os.environ), Path.cwd()
    caught = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    restore(environment)
    os.chdir(folder)
    for number, handler in caught.items():
        signal.signal(number, handler)


def seed() -> None:
    """Seed every generator that belongs to the process; paddle's own start is a random one."""
    random.seed(SEED)
    np.random.seed(SEED)
    paddle = sys.modules.get("paddle")
    if paddle is not None:
        paddle.seed(SEED)


def forget_commands() -> None:
    """Undo what a command does to its process and never takes back."""
    logger = logs.get_logger()
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
    runtime._prepare_once.cache_clear()
    loops = sys.modules.get("ppocr.modeling.layers.eager")
    if loops is not None:
        loops.enabled.cache_clear()
        loops.threads.cache_clear()


def restore(environment: dict[str, str]) -> None:
    """Give the environment the values it had."""
    for name in set(os.environ) - set(environment) - {UNDER_WAY}:
        del os.environ[name]
    for name, value in environment.items():
        if name != UNDER_WAY and os.environ.get(name) != value:
            os.environ[name] = value


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count, by name, what was skipped because its component is not in a registry."""
    missing = cases.missing_in(terminalreporter.stats.get("skipped", []))
    if missing:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(missing.items()))
        total = sum(missing.values())
        terminalreporter.write_line(f"recorded cases without a component: {total}: {listed}")
