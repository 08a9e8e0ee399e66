"""A last word before a C++ library aborts this process.

The threads of gloo throw when the process at the other end is gone; nobody catches that, and the
process is aborted although Python could still say which one it was. Python's own signal handlers
run between two instructions of the main thread, which never comes back here, so this one is put
below it. It runs in the thread that aborts, and takes the interpreter like any thread of C++.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def told(last_word: Callable[[], None]) -> Iterator[None]:
    """Inside this block an abort calls ``last_word``, which may end the process in its own way.

    Otherwise every thread's place is shown, as it is without this block, and the abort goes on.
    """
    if os.name != "posix":
        yield
        return
    set_handler = ctypes.CDLL(None).signal
    set_handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]

    def caught(number: int) -> None:
        last_word()
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)

    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(caught)
    before = set_handler(signal.SIGABRT, ctypes.cast(handler, ctypes.c_void_p))
    try:
        yield
    finally:
        set_handler(signal.SIGABRT, before)
