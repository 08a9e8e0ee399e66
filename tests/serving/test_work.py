"""Running a job: order, counting, failures, several processes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ppocr.config.errors import ConfigError, Place, Problem
from ppocr.serving.jobs import Outcome
from ppocr.serving.report import ResultFile, save_image
from ppocr.serving.work import Totals, work
from ppocr.utils.exits import DataError, OcrError, OutputError
from ppocr.utils.logs import get_logger

FILES = [Path(f"{name}.png") for name in "abcdefghij"]


@dataclass(frozen=True)
class Recipe:
    """Builds a job whose rows are names; some files fail, some trouble ends the run."""

    bad: str = ""
    trouble: str = ""

    def __call__(self) -> Job:
        return Job(self.bad, self.trouble)


@dataclass(frozen=True)
class Job:
    """What work() runs, two files at a time."""

    bad: str
    trouble: str
    chunk: int = 2

    def __call__(self, files: Sequence[Path]) -> Iterator[Outcome]:
        for file in files:
            if file.stem in self.trouble:
                raise ConfigError([Problem(Place("a.yml", 3), f"cannot go on with {file}")])
            if file.stem in self.bad:
                yield Outcome(file, failed="it is broken")
            else:
                yield Outcome(file, ((file.name, "5"),), (f"read {file}",), {"det": 0.5})


class Listener(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def heard():
    """What the project's logger was told."""
    logger, listener = get_logger(), Listener()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)
    yield listener
    logger.removeHandler(listener)
    logger.setLevel(level)


@pytest.mark.parametrize("processes", [1, 2])
def test_rows_and_messages_come_in_file_order(tmp_path, heard, processes):
    with ResultFile(tmp_path / "out" / "rows.txt") as results:
        totals = work(Recipe(bad="cg"), FILES, processes=processes, results=results)
    rows = (tmp_path / "out" / "rows.txt").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == [f"{name}.png" for name in "abdefhij"]
    assert heard.messages[:3] == ["read a.png", "read b.png", "c.png: skipped: it is broken"]
    assert totals.pages == 8
    with pytest.raises(DataError) as caught:
        totals.demand_all()
    assert caught.value.exit_code == 65
    assert str(caught.value) == "2 of 10 files gave no result (it is broken): c.png, g.png"


@pytest.mark.parametrize("processes", [1, 2])
def test_trouble_keeps_its_exit_status(processes):
    with pytest.raises(OcrError, match="cannot go on with d.png") as caught:
        work(Recipe(trouble="d"), FILES, processes=processes)
    assert caught.value.exit_code == 78


def test_silence(heard):
    work(Recipe(bad="c"), FILES, talk=False)
    assert heard.messages == ["c.png: skipped: it is broken"]


def test_all_well_demands_nothing():
    totals = work(Recipe(), FILES)
    totals.demand_all()
    assert totals.pages == len(FILES)


def test_times_as_a_table():
    totals = Totals(2)
    totals.add(Outcome(FILES[0], seconds={"det": 0.3, "rec": 0.1}))
    totals.add(Outcome(FILES[1], seconds={"det": 0.1, "rec": 0.3}))
    assert totals.table().splitlines()[1:] == [
        "det            200.0     50%",
        "rec            200.0     50%",
    ]


def test_what_fonts_lack_is_said_once_for_all_pages(heard):
    class Draws:
        chunk = 1

        def __call__(self, files):
            for file in files:
                yield Outcome(file, undrawable="总计")

    work(Draws, FILES)
    warnings = [one.getMessage() for one in heard.records if one.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("2 characters are missing in the fonts found")


def test_a_result_file_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        ResultFile(tmp_path / "file" / "rows.txt")
    with pytest.raises(OutputError, match=r"cannot write .*page\.png: "):
        save_image(tmp_path / "file" / "page.png", np.zeros((4, 4, 3), np.uint8))


def test_fields_cannot_break_the_rows(tmp_path):
    with ResultFile(tmp_path / "rows.txt") as results:
        results.row("a.png", "one\ttwo\nthree")
    assert (tmp_path / "rows.txt").read_text() == "a.png\tone two three\n"
