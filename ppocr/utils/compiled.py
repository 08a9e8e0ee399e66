"""Numeric loops, compiled to machine code when they are first called.

`numba` is imported by that first call and not before, so a process that runs none of these loops
(prediction, say) does not need it. What was compiled is kept beside the source, or in the user's
cache folder when that is read-only, and later processes load it in milliseconds.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ppocr.utils.exits import MissingInput
from ppocr.utils.logs import get_logger

# what is kept knows its source, but not these: whoever changes them changes the loops' files too
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}  # x / 0 as numpy has it
REORDERED: dict[str, Any] = {"fastmath": True}


class Compiled:
    """A function for one signature: plain Python in ``plain``, machine code when called.

    The code releases the interpreter's lock and runs in the calling thread only. Arithmetic is
    that of IEEE 754, step by step as written, so it equals numpy's to the bit; with ``reordered``
    sums may be formed in another order, always the same on one kind of processor.

    It may close over numbers, which become constants, but not over other compiled functions:
    these would be compiled again in every process (see :func:`inlined`).
    """

    def __init__(self, plain: Callable[..., None], signature: str, reordered: bool = False) -> None:
        self.plain, self.signature = plain, signature
        self.options = {**OPTIONS, **(REORDERED if reordered else {})}
        self.__doc__ = plain.__doc__

    def __call__(self, *arguments: Any) -> None:
        self.code(*arguments)

    @cached_property
    def code(self) -> Callable[..., None]:
        """The compiled function; MissingInput when numba is not installed."""
        try:
            import numba
        except ImportError as error:
            raise MissingInput(
                f"this is computed by numba, which cannot be imported ({error}); pip install numba"
            ) from error
        began = time.monotonic()
        name = f"{Path(self.plain.__code__.co_filename).stem}.{self.plain.__name__}"
        try:
            code = numba.njit(cache=True, **self.options)(self.plain)
        except RuntimeError:  # numba found no folder that can be written
            code = numba.njit(**self.options)(self.plain)
            where = "cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written"
        else:
            where = f"kept in {code.stats.cache_path}"
        with _alone(code.stats.cache_path):
            code.compile(self.signature)
        code.disable_compile()
        if not code.stats.cache_hits:
            seconds = time.monotonic() - began
            get_logger().info("compiled %s in %.1f s, %s", name, seconds, where)
        return code


def compiled(signature: str, reordered: bool = False) -> Callable[[Callable[..., None]], Compiled]:
    """Return a decorator: the function is compiled for ``signature``, in numba's notation."""
    return lambda plain: Compiled(plain, signature, reordered)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` as a part of compiled ones; constants reach into its loops.

    It imports numba at once: a file with such parts is itself imported when it is needed.
    """
    from numba import njit

    return njit(inline="always")(function)


@lru_cache(maxsize=1)
def available() -> bool:
    """Return whether loops can be compiled here."""
    return importlib.util.find_spec("numba") is not None


@contextlib.contextmanager
def _alone(folder: str | None) -> Iterator[None]:
    """Let one process at a time compile into ``folder``; the others then find what it left.

    Where files cannot be locked every process compiles for itself.
    """
    try:
        import fcntl

        file = open(Path(folder or "") / ".compiling", "ab") if folder else None  # noqa: SIM115
    except (ImportError, OSError):
        file = None
    if file is None:
        yield
        return
    with file:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
