"""Small configs for the tests of drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

from ppocr.synthesis.plan import Plan
from ppocr.synthesis.settings import Settings, read
from ppocr.synthesis.studio import Artist
from ppocr.utils.fonts import NEVER_ASSIGNED, with_matplotlib

PLAIN = {"Plain": {"light": [235, 245], "dark": 0.0, "tint": 4}}
SANS, SERIF = (str(with_matplotlib(f"{name}.ttf")) for name in ("DejaVuSans", "DejaVuSerif"))


def stand_in(folder: Path) -> Path:
    """Write StandIn.ttf, which has a picture for what no font can have, and return its path."""
    font = TTFont(SANS)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({ord(char): "A" for char in NEVER_ASSIGNED if ord(char) < 1 << 16})
    path = folder / "StandIn.ttf"
    font.save(path)
    return path


def config(**sections: Any) -> dict[str, Any]:
    """Return a config of lines without effects, with some sections replaced."""
    found: dict[str, Any] = {
        "Global": {"output": "unused", "number": 20, "seed": 5, "workers": 1, "preview": 6},
        "Text": {"sources": [{"Invented": {}}], "lengths": [[3, 12, 1]]},
        "Fonts": {"files": [SANS, SERIF], "sizes": [20, 30]},
        "Ink": {"dark": 1.0, "coloured": 0.0, "strength": [1, 1], "min_contrast": 120},
        "Backgrounds": [PLAIN],
        "Layout": {"name": "Lines"},
    }
    for name, values in sections.items():
        if isinstance(values, dict) and values.get("name") is None:
            found[name] = {**found.get(name, {}), **values}
        else:
            found[name] = values
    return found


def settings(**sections: Any) -> Settings:
    """Return the settings of such a config."""
    return read(config(**sections))


def plan(**sections: Any) -> Plan:
    """Return the plan of such a config."""
    return Plan(settings(**sections))


def artist(**sections: Any) -> Artist:
    """Return who draws such a config."""
    return Artist(settings(**sections))
