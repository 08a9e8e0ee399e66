"""Fonts that come with an installed package, so that nothing has to be downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def with_matplotlib(file: str) -> Path | None:
    """Return the path of a font file that matplotlib brings, or None; nothing is imported."""
    package = find_spec("matplotlib")
    for place in (package.submodule_search_locations or ()) if package else ():
        path = Path(place) / "mpl-data" / "fonts" / "ttf" / file
        if path.is_file():
            return path
    return None
