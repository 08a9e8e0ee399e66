"""Numeric loops compiled to machine code by numba.

A file of such loops is imported by the function that first needs it, not at start-up: predicting
needs neither numba's memory nor its import time. What was compiled is kept beside the source file
or, where that is read-only, in the user's cache directory; where neither can be written, each
process compiles for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",
    "boundscheck": False,
}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function``, compiled for the argument types of each call when they are new.

    It may close over numbers, which become constants, but not over other compiled functions:
    these would be compiled again in every process.

    The result releases the GIL, does not check bounds, and may reorder sums (as any vectorised
    sum does), always in the same way on the same kind of processor.
    """
    from numba import njit

    try:
        return njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # no directory to keep it in
        return njit(cache=False, **OPTIONS)(function)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` as a part of compiled ones: constants reach into its loops."""
    from numba import njit

    return njit(inline="always")(function)


@lru_cache(maxsize=1)
def available() -> bool:
    """Return whether loops can be compiled here."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True
