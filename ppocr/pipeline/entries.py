"""The sections that a setting holds: one, a mapping of them, or a list in any of its forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ppocr.config.errors import NOWHERE, Place, Problem, nearest
from ppocr.config.schema import shown
from ppocr.config.section import Items, Section, as_section, named

TYPED = ("type", "args")


def held(path: str, value: Any) -> Iterator[tuple[str, Section]]:
    """Yield the sections of a value: one, a mapping of them, or a list in any of its forms."""
    if isinstance(value, Mapping):
        section = as_section(value)
        if (
            section
            and "name" not in section
            and any(isinstance(v, Mapping) for v in value.values())
            and all(isinstance(v, Mapping | None) for v in value.values())
        ):
            for name, inner in section.items():
                if inner is not None:
                    yield f"{path}.{name}", as_section(inner)
        elif section:
            yield path, section
        return
    for index, one in enumerate(value if isinstance(value, list | tuple) else []):
        place = value.where(index) if isinstance(value, Items) else NOWHERE
        yield f"{path}[{index}]", as_entry(one, place)


def as_entry(entry: Any, place: Place) -> Section:
    """Return a list's entry as a section with a name, whichever way it is written."""
    if _is_typed(entry):
        return _of_type(as_section(entry, place))
    name, settings = named(entry, place)
    if not name or settings.get("name") == name:
        return settings
    inner = settings.without()
    inner["name"] = name
    inner.places["name"] = as_section(entry).where(name) if isinstance(entry, Mapping) else place
    return inner


def stray(path: str, value: Any) -> Iterator[Problem]:
    """Yield what is wrong with the shape of a list's entries: keys beside ``type`` and ``args``."""
    for index, entry in enumerate(value if isinstance(value, list | tuple) else []):
        if not isinstance(entry, Mapping) or "name" in entry:
            continue
        section = as_section(entry)
        for key in section if _is_typed(entry) or _nearly_typed(section) else ():
            if key not in TYPED:
                text = f"{path}[{index}] has no setting '{key}'{nearest(key, TYPED, taken=section)}"
                yield Problem(section.where(key), text)
        if _is_typed(entry) and not isinstance(entry.get("args"), Mapping | None):
            text = f"{path}[{index}].args should be a section, not {shown(entry['args'])}"
            yield Problem(section.where("args"), text)


def _is_typed(entry: Any) -> bool:
    """Return whether an entry has the form {type: Name, args: {...}}."""
    return isinstance(entry, Mapping) and "name" not in entry and isinstance(entry.get("type"), str)


def _nearly_typed(section: Section) -> bool:
    return len(section) > 1 and "args" in section


def _of_type(section: Section) -> Section:
    args = section.get("args")
    given = as_section(args) if isinstance(args, Mapping) else Section(place=section.place)
    inner = given.without()
    inner["name"] = section["type"]
    inner.places["name"] = section.where("type")
    return inner
