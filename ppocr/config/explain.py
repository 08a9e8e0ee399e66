"""The resolved view of a config: every value with what decided it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ppocr.config.errors import Place
from ppocr.config.scalars import typed
from ppocr.config.schema import NAME, shown
from ppocr.config.section import Items, Section, plain
from ppocr.config.signatures import PACKAGE, Signature, Written

WIDTH = 10_000  # a value stays on its line


@dataclass(slots=True)
class Part:
    """One section of a config together with what it describes."""

    path: str
    kind: str
    name: str
    section: Section
    model_type: str = "any"
    signature: Signature | None = None
    offers: Mapping[str, Any] = field(default_factory=dict)
    planned: bool = False
    filled: Collection[str] = ()  # settings that the program computes when it builds

    @property
    def title(self) -> str:
        """Return path, name and file of the class."""
        where = ""
        if self.signature is not None and self.signature.module and not self.planned:
            where = "  " + source_file(self.signature.module)
        return f"{self.path}  {self.name}{where}" if self.name else f"{self.path}{where}"

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Yield each setting with its value and origin, in the order of the constructor."""
        settings = self.signature.settings if self.signature else {}
        for key, setting in settings.items():
            value, origin = self._decided(key, setting.default, setting.required)
            yield key, value, origin
        for key, value in self.section.items():
            if key not in settings and key != NAME:
                note = "" if self.planned or not settings else ", not read"
                yield str(key), value, origin_of(self.section, key) + note

    def _decided(self, key: str, default: Any, required: bool) -> tuple[Any, str]:
        if key in self.section.computed:
            return self.section.computed[key], "computed"
        if key in self.filled or (required and not self.section.get(key)):
            return Written("?"), "computed"
        given, offered = self.section.get(key), self.offers.get(key)
        if given is not None or (key in self.section and offered is None):
            return given, origin_of(self.section, key)
        if offered is not None:
            return offered, "Global"
        return default, "default"


def source_file(module: str) -> str:
    """Return the file of a module as one would type it."""
    place = PACKAGE.parent.joinpath(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return str(file.relative_to(PACKAGE.parent))


def origin_of(holder: Section | Items, key: Any) -> str:
    """Return what decided a value, files by their name without folders."""
    if isinstance(holder, Section) and key in holder.computed:
        return "computed"
    origin = holder.origins.get(key)
    return origin if origin else short(holder.where(key))


def short(place: Place) -> str:
    """Return file and line, the file without its folders."""
    return str(Place(Path(place.file).name, place.line))


def view(parts: Iterable[Part], wanted: Collection[str] = ()) -> list[str]:
    """Return the lines of the explained view, of all parts or of those below ``wanted``."""
    lines: list[str] = []
    for part in parts:
        if not wanted or any(_below(part.path, one) for one in wanted):
            lines.extend([*([""] if lines else []), *table(part)])
    return lines


def table(part: Part) -> list[str]:
    """Return the lines for one part, in columns."""
    rows = [(key, _spelled(value), origin) for key, value, origin in part.rows()]
    key_width = max((len(key) for key, _, _ in rows), default=0)
    value_width = min(40, max((len(value) for _, value, _ in rows), default=0))
    lines = [f"  {key:{key_width}}  {value:{value_width}}  {origin}" for key, value, origin in rows]
    return [part.title, *lines]


def as_yaml(config: Section, parts: Iterable[Part] = ()) -> str:
    """Return the config as YAML that can be used again, with the origin of each line.

    Values that were computed or that come from Global stand in comments, like defaults:
    what is written as a setting is what was given, so the file decides the same again.
    """
    known = {id(part.section): part for part in parts}
    return "\n".join(_Writer(known).section(config, 0)) + "\n"


def bare_yaml(config: Mapping[str, Any]) -> str:
    """Return a config as YAML that reads back the same, computed values included, no comments."""
    return yaml.dump(
        plain(config), Dumper=_BlockDumper, allow_unicode=True, width=WIDTH, sort_keys=False
    )


class _Writer:
    """Writes Sections as YAML lines with comments."""

    def __init__(self, known: Mapping[int, Part]) -> None:
        self.known = known

    def section(self, section: Section, indent: int) -> Iterator[str]:
        """Yield the lines of a mapping, then the settings nobody wrote."""
        space = "  " * indent
        for key, value in section.items():
            origin = origin_of(section, key)
            yield from self.entry(f"{space}{_key(key)}:", value, indent, origin)
        part = self.known.get(id(section))
        if part is not None and not part.planned:
            for key, value, origin in part.rows():
                if key not in section or origin in ("Global", "computed"):
                    yield f"{space}# {key}: {_spelled(value)}  # {origin}"

    def entry(self, head: str, value: Any, indent: int, origin: str) -> Iterator[str]:
        """Yield the lines of one key or list item."""
        if isinstance(value, Section) and value:
            yield f"{head}  # {origin}"
            yield from self.section(value, indent + 1)
        elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            yield f"{head}  # {origin}"
            for one in value:
                yield from self.item(one, indent + 1)
        else:
            yield f"{head} {_flow(value)}  # {origin}"

    def item(self, value: Any, indent: int) -> Iterator[str]:
        """Yield the lines of a list item; mappings begin on the line of their dash."""
        space = "  " * indent
        if not (isinstance(value, Section) and value):
            yield f"{space}- {_flow(value)}"
            return
        lines = list(self.section(value, indent + 1))
        yield f"{space}- {lines[0].strip()}"
        yield from lines[1:]


class _Dumper(yaml.SafeDumper):
    """Quotes every text that would be read back as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out in full."""
        return True


class _BlockDumper(_Dumper):
    """Block mappings; lists without anything inside stay on their line."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        """Return a list on one line if it holds neither mappings nor lists."""
        inner = any(isinstance(one, dict | list) for one in sequence)
        return super().represent_sequence(tag, sequence, flow_style=not inner)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    quote = "'" if typed(text) != text or "${" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text.replace("${", "$${"), style=quote)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(value.items()))
_Dumper.add_multi_representer(list, yaml.SafeDumper.represent_list)


def _flow(value: Any) -> str:
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        allow_unicode=True,
        width=WIDTH,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _key(key: Any) -> str:
    return _flow(key) if isinstance(key, str) else str(key)


def _spelled(value: Any) -> str:
    if isinstance(value, Written):
        return str(value)
    bare = isinstance(value, str) and value and value == value.strip()
    return value if bare else shown(value)


def _below(path: str, wanted: str) -> bool:
    return path == wanted or path.startswith((wanted + ".", wanted + "["))
