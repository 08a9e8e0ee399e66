"""The smallest proof that the house stands: some 20 seconds, run before each commit.

Imports go down, no file breaks a house rule, every shipped config reads, and one page can be
drawn, cut and decoded. Paddle is not imported.

    python tests/tiny.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pytest

HOUSE = ("tests/house/test_rows.py", "tests/house/test_style.py", "tests/house/test_configs.py")


def main() -> int:
    """Return pytest's exit status."""
    return int(pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *_paths()]))


def _paths() -> list[str]:
    return [str(ROOT / name) for name in (*HOUSE, "tests/synthesis")]


if __name__ == "__main__":
    sys.exit(main())
