"""The sections that a setting holds: one, a mapping of them, or a list in any of its forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ppocr.config.errors import NOWHERE, Place
from ppocr.config.section import Items, Section, as_section, named


def held(path: str, value: Any) -> Iterator[tuple[str, Section]]:
    """Yield the sections of a value: one, a mapping of them, or a list in any of its forms."""
    if isinstance(value, Mapping):
        section = as_section(value)
        if (
            section
            and "name" not in section
            and all(isinstance(v, Mapping) for v in value.values())
        ):
            for name, inner in section.items():
                yield f"{path}.{name}", as_section(inner)
        elif section:
            yield path, section
        return
    for index, one in enumerate(value if isinstance(value, list | tuple) else []):
        place = value.where(index) if isinstance(value, Items) else NOWHERE
        yield f"{path}[{index}]", as_entry(one, place)


def as_entry(entry: Any, place: Place) -> Section:
    """Return a list's entry as a section with a name, whichever way it is written."""
    if isinstance(entry, Mapping) and isinstance(entry.get("type"), str) and "name" not in entry:
        section = as_section(entry, place)
        inner = as_section(section.get("args") or {}, section.place).without()
        inner["name"] = section["type"]
        inner.places["name"] = section.where("type")
        return inner
    name, settings = named(entry, place)
    if not name or settings.get("name") == name:
        return settings
    inner = settings.without()
    inner["name"] = name
    inner.places["name"] = as_section(entry).where(name) if isinstance(entry, Mapping) else place
    return inner
