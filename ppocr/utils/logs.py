"""One way to log and one way to print a result; nothing else touches ``logging``."""

from __future__ import annotations

import contextlib
import logging
import sys
from pathlib import Path
from typing import TextIO

from ppocr.utils.exits import OutputError

NAME = "ppocr"
LAYOUT = "[%(asctime)s] " + NAME + " %(levelname)s: %(message)s"
DATE = "%Y/%m/%d %H:%M:%S"


def get_logger(name: str = NAME) -> logging.Logger:
    """Return the logger of the project, or one below it when a room names itself."""
    if name == NAME or name.startswith(NAME + "."):
        return logging.getLogger(name)
    return logging.getLogger(f"{NAME}.{name}")


def setup(
    log_file: str | Path | None = None,
    level: int = logging.INFO,
    rank: int = 0,
    stream: TextIO | None = None,
) -> logging.Logger:
    """Return the logger, writing to ``stream`` (stdout unless given) and to ``log_file``.

    Ranks other than 0 let only errors through, so that a distributed run does not say
    everything once per process. Calling it again replaces what was set up before.
    An OutputError says that the file cannot be written.
    """
    logger = logging.getLogger(NAME)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        with contextlib.suppress(OSError):  # what a full disk would not take
            handler.close()
    logger.propagate = False
    logger.setLevel(level if rank == 0 else max(level, logging.ERROR))
    _attach(logger, _Screen(stream or sys.stdout))
    if log_file is not None:
        _attach(logger, _file_handler(Path(log_file)))
    return logger


def say(text: str) -> None:
    """Print one result line to stdout."""
    sys.stdout.write(f"{text}\n")


class _Tolerant(logging.StreamHandler):
    """Says once that lines cannot be written, in place of a stack for each: work goes on."""

    told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Called in the except block of what went wrong."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.told:
            self.told = True
            name = getattr(self.stream, "name", "the log")
            text = f"{name}: {error.strerror}; what cannot be written there is left out\n"
            with contextlib.suppress(OSError):
                sys.stderr.write(text)


class _Screen(_Tolerant):
    """Lines on a stream, whose reader may have gone."""


class _File(_Tolerant, logging.FileHandler):
    """Lines in a file, whose disk may be full."""


def _attach(logger: logging.Logger, handler: logging.Handler) -> None:
    handler.setFormatter(logging.Formatter(LAYOUT, DATE))
    logger.addHandler(handler)


def _file_handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _File(path, mode="a", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the log {path}: {error.strerror}") from error
