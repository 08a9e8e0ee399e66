"""The sections of a synthesis config, checked like those of a training: file and line for a slip.

Global       where to, how many, seed, format
Text         sources of texts, dictionary, lengths
Gaps         labels that lack characters, and how many samples each should have (optional)
Fonts  Ink   what is written with
Backgrounds  what is written on (a list)
Effects      what happens to it (a list)
Layout       Lines or Pages
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ppocr.config import (
    ConfigError,
    Items,
    Problem,
    Registry,
    Section,
    as_section,
    nearest,
    plain,
    signatures,
)
from ppocr.config.errors import NOWHERE
from ppocr.config.explain import Part
from ppocr.config.hints import Hint
from ppocr.config.schema import match
from ppocr.config.signatures import Setting
from ppocr.synthesis import BACKGROUNDS, EFFECTS, LAYOUTS, TEXTS
from ppocr.synthesis.typefaces import FontSettings
from ppocr.transforms import op_section

Kind = Literal["auto", "rec", "det", "text"]
MOST_LENGTH = 500
CHANCE, SHARE = "probability", "weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """Where to, how many, and in which form."""

    output: str
    data_dir: str | None = None  # above output: label files as seen from there are written as well
    number: int = 10000  # lines or pages; with Gaps: beside the lines that fill them
    seed: int = 1
    format: Literal["files", "lmdb"] = "files"
    jpeg_quality: Sequence[int] = (60, 95)  # least and most
    workers: int = 0  # processes; 0: as many as this machine has processors for us
    preview: int = 60  # samples on preview.png

    def __post_init__(self) -> None:
        ordered("jpeg_quality", self.jpeg_quality, 1, 100)
        if self.data_dir is not None and not _is_below(self.output, self.data_dir):
            raise ValueError(f"data_dir {self.data_dir} is not a folder above output {self.output}")
        within("number", self.number, 0, 10**9)
        within("workers", self.workers, 0, 1024)
        within("preview", self.preview, 0, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSettings:
    """Which texts, of which characters, how long."""

    sources: list[Any]
    dictionary: str | None = None  # texts with other characters are left out; null: all are fine
    use_space_char: bool = True
    lengths: Sequence[Sequence[float]] = ((1, 3, 0.1), (4, 14, 0.6), (15, 25, 0.3))
    capitals: float = 0.0  # share of the texts in capital letters

    def __post_init__(self) -> None:
        for band in self.lengths:
            if len(band) != 3 or not 1 <= band[0] <= band[1] <= MOST_LENGTH or band[2] < 0:
                text = f"each of lengths should be [least, most, share], not {list(band)}"
                raise ValueError(f"{text}; least is 1 or more, most up to {MOST_LENGTH}")
        if not sum(band[2] for band in self.lengths) > 0:
            raise ValueError("lengths should hold at least one share above 0")
        within("capitals", self.capitals, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSettings:
    """Characters that labels show too seldom get lines until they have been seen often enough.

    ``per_line`` of them stand in each such line, within a text of the sources, or (the rest of
    ``in_text``) among themselves.
    """

    labels: list[str] | str
    kind: Kind = "auto"
    delimiter: str = "\t"
    at_least: int = 300
    per_line: Sequence[int] = (1, 3)
    in_text: float = 0.7

    def __post_init__(self) -> None:
        within("at_least", self.at_least, 1, 10**6)
        within("in_text", self.in_text, 0, 1)
        ordered("per_line", self.per_line, 1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class InkSettings:
    """The colour of what is written, in relation to the paper."""

    dark: float = 0.85  # share that is darker than its paper, where the paper allows both
    coloured: float = 0.25  # share that is not gray
    min_contrast: int = 60  # gray levels between ink and paper
    strength: Sequence[float] = (0.75, 1.0)  # how much of the paper the ink covers

    def __post_init__(self) -> None:
        within("dark", self.dark, 0, 1)
        within("coloured", self.coloured, 0, 1)
        within("min_contrast", self.min_contrast, 10, 120)
        ordered("strength", self.strength, 0.2, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a list of named parts, with its weight or probability."""

    section: Section
    share: float


@dataclass(slots=True)
class Settings:
    """A whole config, ready to build from; ``config`` is it as JSON, for other processes."""

    general: General
    text: TextSettings
    gaps: GapSettings | None
    fonts: FontSettings
    ink: InkSettings
    sources: tuple[Entry, ...]
    backgrounds: tuple[Entry, ...]
    effects: tuple[Entry, ...]
    layout: Section
    config: str

    @property
    def is_pages(self) -> bool:
        """Whether pages are drawn, not lines."""
        return self.layout["name"] == "Pages"


@dataclass(slots=True)
class Report:
    """What there is to say about a config, in the form of ``ppocr.pipeline.checks``."""

    parts: list[Part] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)

    def all(self) -> list[Problem]:
        """Return the problems in the order of the file."""
        return sorted(self.problems, key=lambda one: one.place)


FIXED: Mapping[str, type] = {
    "Global": General,
    "Text": TextSettings,
    "Gaps": GapSettings,
    "Fonts": FontSettings,
    "Ink": InkSettings,
}
LISTS: Mapping[str, tuple[Registry, str]] = {
    "Backgrounds": (BACKGROUNDS, SHARE),
    "Effects": (EFFECTS, CHANCE),
}
REQUIRED = ("Global", "Text", "Layout")
USUAL_BACKGROUNDS = ("Plain", "Paper", "Gradient", "Texture")


def check(root: Mapping[str, Any]) -> Report:
    """Return everything there is to say about a config; no file that it names is opened."""
    section, report = as_section(root), Report()
    known = [*FIXED, *LISTS, "Layout"]
    for key in section:
        if key not in known:
            text = f"there is no section '{key}'{nearest(key, known, taken=section)}"
            report.problems.append(Problem(section.where(key), text))
    for name in REQUIRED:
        if name not in section:
            report.problems.append(Problem(section.place, f"section {name} is missing"))
    for name, target in FIXED.items():
        if name in section or name not in REQUIRED and name != "Gaps":
            _fixed(report, name, target, section)
    for name, (table, key) in LISTS.items():
        _list(report, name, section.get(name), section, table, key)
    _sources(report, section)
    _layout(report, section)
    return report


def read(root: Mapping[str, Any]) -> Settings:
    """Return the settings; a ConfigError lists everything that is wrong with them."""
    report = check(root)
    if report.problems:
        raise ConfigError(report.all())
    made = report.made
    backgrounds = made["Backgrounds"] or [
        Entry(Section({"name": name}), 1.0) for name in USUAL_BACKGROUNDS
    ]
    return Settings(
        general=made["Global"],
        text=made["Text"],
        gaps=made.get("Gaps"),
        fonts=made["Fonts"],
        ink=made["Ink"],
        sources=tuple(made["sources"]),
        backgrounds=tuple(backgrounds),
        effects=tuple(made["Effects"]),
        layout=made["Layout"],
        config=json.dumps(plain(as_section(root))),
    )


def drawing(root: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pictures depend on, as plain values: all but where and how many."""
    found = plain(root)
    kept = {key: value for key, value in found["Global"].items() if key in ("seed", "jpeg_quality")}
    return {**found, "Global": kept}


def _fixed(report: Report, name: str, target: type, root: Section) -> None:
    given = root.get(name)
    if given is None:
        given = Section(place=root.where(name))
    if not isinstance(given, Mapping):
        text = f"{name} must be a section with keys of its own"
        report.problems.append(Problem(root.where(name), text))
        return
    section = as_section(given)
    signature = signatures.need(target.__module__, target.__name__)
    signature = signatures.called(signature, name)
    found = match(signature, section)
    report.parts.append(Part(name, name, "", section, signature=signature))
    report.notes += found.notes
    if found.problems:
        report.problems += found.problems
        return
    try:
        report.made[name] = target(**found.arguments)
    except ValueError as error:
        words = str(error).split()  # the setting comes first
        key = next((one for one in words if one in section), None)
        report.problems.append(Problem(section.where(key), f"{name}: {error}"))


def _list(
    report: Report, path: str, given: Any, root: Section, table: Registry, holder: str
) -> None:
    """Check a list of named parts; ``holder`` is the key that says how often one is used."""
    made = report.made[path.rpartition(".")[2]] = []
    if given is None:
        return
    if not isinstance(given, list):
        text = f"{path} should be a list of names with their settings"
        report.problems.append(Problem(root.where(path.rpartition(".")[2]), text))
        return
    places = given if isinstance(given, Items) else Items(given, root.place)
    for number, entry in enumerate(given):
        try:
            section = op_section(entry, number + 1)
            if section.where("name") == NOWHERE:  # a name alone
                section.place = section.places["name"] = places.where(number)
            found = _part(report, f"{path}[{number}]", section, table, holder)
        except ConfigError as error:
            report.problems += error.problems
            continue
        if found is not None:
            made.append(found)


def _part(report: Report, path: str, section: Section, table: Registry, holder: str):
    """Return an entry of a list; ``holder`` is read by the list, all else by what is named."""
    signature = table.signature(section["name"], place=section.where("name"))
    share = Setting(holder, Hint("float"), 1.0)
    signature = replace(signature, settings={**signature.settings, holder: share})
    found = match(signature, section)
    report.parts.append(Part(path, table.kind, section["name"], section, signature=signature))
    report.notes += found.notes
    report.problems += found.problems or _ranges(section, found.arguments)
    value = float(found.arguments.get(holder, 1.0))
    if not 0 <= value <= (1.0 if holder == CHANCE else 1e9):
        limits = "between 0 and 1" if holder == CHANCE else "0 or more"
        text = f"{section['name']}.{holder} should be a number {limits}, not {value:g}"
        report.problems.append(Problem(section.where(holder), text))
        return None
    return Entry(section.without(holder), value)


def _ranges(section: Section, arguments: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each list of numbers that is not [low, high]."""
    found = []
    for key, value in arguments.items():
        if not isinstance(value, list | tuple) or not value or isinstance(value[0], str):
            continue
        if len(value) != 2 or value[0] > value[1]:
            text = f"{section['name']}.{key} should be [low, high], not {list(value)}"
            found.append(Problem(section.where(key), text))
    return found


def _sources(report: Report, root: Section) -> None:
    text = root.get("Text")
    if not isinstance(text, Mapping):
        return
    section = as_section(text)
    if isinstance(section.get("sources"), list):
        _list(report, "Text.sources", section["sources"], section, TEXTS, SHARE)
        if not any(one.share > 0 for one in report.made["sources"]) and not report.problems:
            text = "Text.sources needs at least one source with a weight above 0"
            report.problems.append(Problem(section.where("sources"), text))


def _layout(report: Report, root: Section) -> None:
    given = root.get("Layout")
    if given is None:
        return
    if not isinstance(given, Mapping):
        names = " or ".join(LAYOUTS.names())
        text = f"Layout must be a section with the name {names}"
        report.problems.append(Problem(root.where("Layout"), text))
        return
    section = as_section(given)
    try:
        signature = LAYOUTS.signature(*_name(section), place=section.where("name"))
    except ConfigError as error:
        report.problems += error.problems
        return
    found = match(signature, section)
    report.parts.append(Part("Layout", "Layout", section["name"], section, signature=signature))
    report.notes += found.notes
    report.problems += found.problems
    if not found.problems:
        section.told = True  # its notes are in the report
        try:
            LAYOUTS.build(section)
        except ConfigError as error:
            report.problems += error.problems
    if root.get("Gaps") is not None and section["name"] != "Lines":
        text = "Gaps are filled with lines: Layout.name should be Lines"
        report.problems.append(Problem(root.where("Gaps"), text))
    report.made["Layout"] = section


def _name(section: Section) -> tuple[str]:
    name = section.get("name")
    if not isinstance(name, str):
        names = " or ".join(LAYOUTS.names())
        raise ConfigError(Problem(section.place, f"Layout needs a name: {names}"))
    return (name,)


def _is_below(inner: str, outer: str) -> bool:
    inner, outer = os.path.abspath(inner), os.path.abspath(outer)
    return inner != outer and Path(inner).is_relative_to(outer)


def within(name: str, value: float, least: float, most: float) -> None:
    """Raise a ValueError that begins with the name, unless the value lies within the limits."""
    if not least <= value <= most:
        raise ValueError(f"{name} should be between {least} and {most}, not {value}")


def ordered(name: str, values: Sequence[float], least: float, most: float) -> None:
    """Raise a ValueError unless the values are [low, high] within the limits."""
    if len(values) != 2 or not least <= values[0] <= values[1] <= most:
        text = f"{name} should be [low, high] between {least} and {most}"
        raise ValueError(f"{text}, not {list(values)}")
