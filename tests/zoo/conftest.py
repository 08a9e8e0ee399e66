"""Images drawn once; the logger as it was, since the commands set it up for themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ppocr.export import images
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
    """Compare exports on few pictures: pages of a quarter of the usual sides, as awkward ones."""
    monkeypatch.setattr(images, "PAGES", ((20, 31), (83, 129), (225, 180)))
    monkeypatch.setattr(images, "LINES", [images.LINES[place] for place in (0, 2, 5, 6)])
