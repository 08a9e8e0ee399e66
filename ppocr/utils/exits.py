"""Errors a user can act on, and the exit status each of them leaves behind.

The numbers follow sysexits.h: a script can tell a wrong config (78) from missing
input (66) or a full disk (74) without reading the text.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType

INTERRUPTED = 130  # what a shell reports for Ctrl-C
BROKEN_PIPE = 141  # what a shell reports when the reader of a pipe has gone


class OcrError(Exception):
    """Something a user can mend; its text says what and where."""

    exit_code = 70


class UsageError(OcrError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class DataError(OcrError):
    """Images, labels or weights are there but cannot be used."""

    exit_code = 65


class MissingInput(OcrError):
    """A file or folder that was named does not exist."""

    exit_code = 66


class InternalError(OcrError):
    """Our own mistake: a state that must not occur."""

    exit_code = 70


class OutputError(OcrError):
    """The place to write to is locked, taken or not writable."""

    exit_code = 73


class StorageError(OcrError):
    """Reading or writing failed half way: disk full, input/output error."""

    exit_code = 74


class Preempted(OcrError):
    """Stopped from outside after everything was saved; can be resumed."""

    exit_code = 75


class Diverged(OcrError):
    """Training produced numbers that are not finite."""

    exit_code = 76


def run(main: Callable[[Sequence[str]], int | None], argv: Sequence[str]) -> int:
    """Return the exit status of ``main(argv)``; errors are written to stderr.

    Our own errors take one line, or one line per problem. Anything unexpected keeps
    its traceback, because that is what a report of a defect needs.
    """
    boundary = _Boundary()
    status: int | None = None
    with boundary:
        status = main(argv)
        sys.stdout.flush()
    return status or 0 if boundary.status is None else boundary.status


def status_of(error: OSError) -> int:
    """Return the exit status that tells a script what kind of file trouble it was."""
    if isinstance(error, FileNotFoundError):
        return MissingInput.exit_code
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR):
        return OutputError.exit_code
    return StorageError.exit_code


class _Boundary:
    """The outermost frame of a command: whatever reaches it becomes an exit status."""

    status: int | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None:
            self.status = _status_and_report(error)
        _let_go()
        return True


def _status_and_report(error: BaseException) -> int:
    if isinstance(error, SystemExit):
        return _exit_code(error.code)
    if isinstance(error, OcrError):
        return _report(error.exit_code, str(error))
    if isinstance(error, KeyboardInterrupt):
        return _report(INTERRUPTED, "interrupted")
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    if isinstance(error, OSError):
        return _report(status_of(error), str(error))
    traceback.print_exception(error)
    return _report(InternalError.exit_code, f"{type(error).__name__}: {error}")


def _report(code: int, text: str) -> int:
    with contextlib.suppress(OSError):  # the diagnosis may have gone to the disk that is full
        sys.stderr.write(f"error[{code}] {text}\n")
    return code


def _let_go() -> None:
    """Keep the interpreter from complaining on exit about what can be written nowhere.

    It would try once more what a closed pipe or a full disk has refused, and end with a status of
    its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _exit_code(code: int | str | None) -> int:
    """Return what Python itself would make of ``sys.exit(code)``."""
    if isinstance(code, str):
        return _report(1, code)
    return code or 0
