"""YAML configs: reading, overriding, checking against the classes they name, explaining."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ppocr.config import override, source
from ppocr.config.errors import ConfigError, Place, Problem, demand, nearest
from ppocr.config.general import General, offers
from ppocr.config.registry import Registry
from ppocr.config.section import Items, Section, as_section, named, plain
from ppocr.utils.logs import get_logger


def read(path: str | Path, overrides: Iterable[str] = ()) -> tuple[Section, list[Problem]]:
    """Return the config as Sections and what is worth knowing about it (keys written twice)."""
    document = source.parse(source.read_text(path), str(path))
    override.apply(document, overrides)
    root = source.build(document)
    demand(document.problems)
    return root, document.notes


def load(path: str | Path, overrides: Iterable[str] = ()) -> Section:
    """Return the config as Sections; everything wrong with the file is one ConfigError."""
    root, notes = read(path, overrides)
    for note in notes:
        get_logger().warning("%s", note)
    return root


__all__ = [
    "ConfigError",
    "General",
    "Items",
    "Place",
    "Problem",
    "Registry",
    "Section",
    "as_section",
    "demand",
    "load",
    "named",
    "nearest",
    "offers",
    "plain",
    "read",
]
