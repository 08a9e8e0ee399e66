"""One format, one place, errors only from other ranks."""

from __future__ import annotations

import io
import logging
import os
import re
from pathlib import Path

import pytest

from ppocr.utils import logs
from ppocr.utils.exits import OutputError


@pytest.fixture(autouse=True)
def restored():
    """Leave the logger as it was, so that other tests can listen to it."""
    logger = logging.getLogger("ppocr")
    before = list(logger.handlers), logger.level, logger.propagate
    yield
    for handler in logger.handlers:
        if handler not in before[0]:
            handler.close()
    logger.handlers[:], logger.level, logger.propagate = before
    logger.manager._clear_cache()


def test_format_and_file(tmp_path):
    stream = io.StringIO()
    path = tmp_path / "deep" / "train.log"
    logs.setup(path, stream=stream)
    logs.get_logger().info("loss %.1f", 0.5)
    logs.get_logger("data").warning("lost")
    logs.get_logger().debug("hidden")
    lines = stream.getvalue().splitlines()
    stamp = r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] ppocr "
    assert re.fullmatch(stamp + r"INFO: loss 0\.5", lines[0])
    assert re.fullmatch(stamp + r"WARNING: lost", lines[1])
    assert len(lines) == 2
    assert path.read_text(encoding="utf-8") == stream.getvalue()


def test_the_file_is_continued(tmp_path):
    path = tmp_path / "train.log"
    for word in ("first", "second"):
        logs.setup(path, stream=io.StringIO())
        logs.get_logger().info(word)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_setting_up_twice_says_everything_once():
    streams = [io.StringIO(), io.StringIO()]
    for stream in streams:
        logs.setup(stream=stream)
    logs.get_logger().info("once")
    assert streams[0].getvalue() == ""
    assert streams[1].getvalue().count("once") == 1


def test_other_ranks_only_say_errors():
    stream = io.StringIO()
    logs.setup(stream=stream, rank=3)
    logs.get_logger().warning("quiet")
    logs.get_logger("data").error("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_a_log_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the log"):
        logs.setup(tmp_path / "file" / "train.log")


def test_names():
    assert logs.get_logger().name == "ppocr"
    assert logs.get_logger("ppocr.data").name == "ppocr.data"
    assert logs.get_logger("data").name == "ppocr.data"


def test_results_go_to_stdout(capsys):
    logs.say("a result")
    assert capsys.readouterr().out == "a result\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_once_and_stops_nothing(capsys):
    stream = io.StringIO()
    logs.setup("/dev/full", stream=stream)
    for word in ("first", "second"):
        logs.get_logger().info(word)
    assert stream.getvalue().count("INFO") == 2
    said = capsys.readouterr().err
    assert said == (f"/dev/full: {os.strerror(28)}; what cannot be written there is left out\n")
    logs.setup(stream=stream)


def test_a_mistake_in_a_line_still_shows_its_stack(capsys):
    logs.setup(stream=io.StringIO())
    logs.get_logger().info("%d", "no number")
    assert "TypeError" in capsys.readouterr().err
