"""Mappings and lists that remember where each of their entries was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ppocr.config.errors import NOWHERE, Place


class Section(dict[Any, Any]):
    """A mapping of a config, with the place and the origin of each key.

    ``computed`` holds what the program works out itself (a head's number of classes);
    such a value wins over one that the file gives.
    """

    def __init__(self, values: Mapping[Any, Any] | None = None, place: Place = NOWHERE) -> None:
        super().__init__(values or {})
        self.place = place
        self.places: dict[Any, Place] = {}
        self.origins: dict[Any, str] = {}
        self.computed: dict[str, Any] = {}
        self.lenient = False  # unknown keys are notes, not problems (Global.strict: false)
        self.told = False  # its notes were already shown, by a check of the whole config

    def where(self, key: Any) -> Place:
        """Return where ``key`` was written, or where the section begins."""
        return self.places.get(key, self.place)

    def origin(self, key: Any) -> str:
        """Return what decided the value: file:line, '-o', 'computed' or 'default'."""
        if key in self.computed:
            return "computed"
        if key not in self:
            return "default"
        return self.origins.get(key) or str(self.where(key))

    def without(self, *keys: Any) -> Section:
        """Return a copy, places and all, that lacks some keys."""
        copy = Section({k: v for k, v in self.items() if k not in keys}, self.place)
        copy.places, copy.origins = dict(self.places), dict(self.origins)
        copy.computed, copy.lenient, copy.told = self.computed, self.lenient, self.told
        return copy

    def compute(self, key: str, value: Any) -> None:
        """Set a value that follows from other parts and beats what the file gives."""
        self.computed[key] = value


class Items(list[Any]):
    """A list of a config, with the place and the origin of each item."""

    def __init__(self, values: Iterable[Any] = (), place: Place = NOWHERE) -> None:
        super().__init__(values)
        self.place = place
        self.places: list[Place] = []
        self.origins: dict[int, str] = {}

    def where(self, index: int) -> Place:
        """Return where the item was written, or where the list begins."""
        return self.places[index] if index < len(self.places) else self.place

    def origin(self, index: int) -> str:
        """Return what decided the item: file:line or '-o'."""
        return self.origins.get(index) or str(self.where(index))


def as_section(values: Mapping[Any, Any] | None, place: Place = NOWHERE) -> Section:
    """Return ``values`` itself if it is a Section, else a Section around it and all below."""
    if isinstance(values, Section):
        return values
    section = Section(place=place)
    for key, value in (values or {}).items():
        section[key] = as_node(value, place)
    return section


def as_node(value: Any, place: Place = NOWHERE) -> Any:
    """Return a value whose mappings and lists are Sections and Items, all the way down."""
    if isinstance(value, Section | Items):
        return value
    if isinstance(value, Mapping):
        return as_section(value, place)
    if isinstance(value, list):
        return Items([as_node(one, place) for one in value], place)
    return value


def plain(value: Any) -> Any:
    """Return a deep copy made of ordinary dicts and lists, computed values included."""
    if isinstance(value, Mapping):
        computed = value.computed if isinstance(value, Section) else {}
        return {key: plain(one) for key, one in {**value, **computed}.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def named(entry: Any, place: Place = NOWHERE) -> tuple[str, Section]:
    """Return name and settings of ``Name``, ``{Name: settings}`` or ``{name: Name, ...}``.

    Lists of a config (ops, losses, heads) hold one of these forms per item. A name of
    '' says that the entry has none of them.
    """
    if isinstance(entry, str):
        return entry, Section(place=place)
    if not isinstance(entry, Mapping):
        return "", Section(place=place)
    section = as_section(entry, place)
    if isinstance(section.get("name"), str):
        return section["name"], section
    if len(section) == 1:
        name, settings = next(iter(section.items()))
        if settings is None:
            inner = Section(place=section.where(name))
            inner.lenient = section.lenient
            return str(name), inner
        if isinstance(settings, Mapping):
            return str(name), as_section(settings, section.where(name))
    return "", section


def walk(value: Any) -> Iterator[Section]:
    """Yield all Sections of a value, itself included."""
    if isinstance(value, Section):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value
    for one in inner if isinstance(value, Mapping | list) else ():
        yield from walk(one)
