"""Images drawn once; the logger as it was, since the commands set it up for themselves.

What costs time and is proved elsewhere is left out here: a comparison with large pictures and a
converter in a program of its own (tests/export), and forcing files to the disk (tests/faults).
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ppocr.backends.base import Options
from ppocr.export import convert, images, onnx, run
from tests.faults import tiny
from tests.zoo.draw import draw
from tests.zoo.small import Data


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """Drawn images for every task."""
    return draw(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("ppocr")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare exports on few pictures, as awkward ones: a quarter of the usual sides at most."""
    monkeypatch.setattr(images, "PAGES", ((20, 31), (225, 180)))
    monkeypatch.setattr(images, "LINES", ((8, 21), (60, 20), (40, 301)))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several of these tests run at the same time, and threads of engines wait by counting."""
    monkeypatch.setattr(run, "Options", lambda: Options(threads=1))


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def _converter_without_its_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Convert in a forked child: it need not load paddle first, and may die all the same."""
    if not hasattr(os, "fork"):
        return
    import paddle2onnx  # noqa: F401 - once, for all children

    def call(words: Sequence[str]) -> tuple[int, str]:
        log = tmp_path / "converter.log"
        log.unlink(missing_ok=True)
        return tiny.in_child(lambda: _converted(words), log), log.read_text()

    monkeypatch.setattr(onnx, "call", call)


def _converted(words: Sequence[str]) -> int:
    try:
        return convert.main(words)
    except BaseException:
        traceback.print_exc()
        raise
