"""Which tests stay together when several processes share them (pytest-xdist)."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# each test for itself: long, and alike
APART = ("tests/zoo/test_zoo.py", "tests/zoo/test_official_zoo.py")
# they use models that are made once in a process (tests/export/small.py)
TOGETHER = ("tests/export/test_export.py", "tests/backends/test_engines.py")


class Units(LoadScopeScheduling):
    """The tests of a file run in one process, in their order; large files are begun first."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of the unit that a test belongs to."""
        file = nodeid.partition("::")[0]
        if file in APART:
            return nodeid
        return TOGETHER[0] if file in TOGETHER else file
