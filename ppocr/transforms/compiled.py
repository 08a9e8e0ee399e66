"""Loops over pixels, compiled to machine code when they are first called.

`numba` is imported by that first call and not before, so a process that runs none of these loops
(prediction, say) does not need it. What was compiled is kept beside the source, or in the user's
cache folder when that is read-only, and later processes load it in milliseconds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ppocr.utils.exits import MissingInput
from ppocr.utils.logs import get_logger

# what is kept knows its source, but not these: whoever changes them changes the loops' files too
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}  # x / 0 as numpy has it


class Compiled:
    """A function for one signature: plain Python in ``plain``, machine code when called.

    The code releases the interpreter's lock and runs in the calling thread only. Arithmetic is
    that of IEEE 754, step by step as written, so it equals numpy's to the bit.
    """

    def __init__(self, plain: Callable[..., None], signature: str) -> None:
        self.plain, self.signature = plain, signature
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
                f"training data is prepared by numba, which cannot be imported ({error}); "
                "pip install numba"
            ) from error
        began = time.monotonic()
        name = f"{Path(self.plain.__code__.co_filename).stem}.{self.plain.__name__}"
        try:
            code = numba.njit(cache=True, **OPTIONS)(self.plain)
        except RuntimeError:  # numba found no folder that can be written
            code = numba.njit(**OPTIONS)(self.plain)
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


def compiled(signature: str) -> Callable[[Callable[..., None]], Compiled]:
    """Return a decorator: the function is compiled for ``signature``, in numba's notation."""
    return lambda plain: Compiled(plain, signature)


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
