"""YAML text to Sections that know file and line of everything.

Only plain data can be written: any tag beyond text, numbers, booleans and null is
refused, aliases count against a budget, and nothing is ever executed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ppocr.config.broken import explained
from ppocr.config.errors import NOWHERE, ConfigError, Place, Problem, nearest
from ppocr.config.nodes import Node, is_merge
from ppocr.config.scalars import expand, typed
from ppocr.config.section import Items, Section, walk
from ppocr.utils.exits import MissingInput

NODE_BUDGET = 200_000  # the largest official config has about 700
DEPTH_BUDGET = 60
FILE_BUDGET_BYTES = 8 << 20
NOT_UTF8 = "is not UTF-8 text: save it with that encoding"
CORE = "tag:yaml.org,2002:"
PLAIN_TAGS = {CORE + "str": str, CORE + "int": int, CORE + "float": float}
SAFE_TAGS = {*PLAIN_TAGS, CORE + "bool", CORE + "null", CORE + "map", CORE + "seq", "!", None}
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster


@dataclass(slots=True)
class Document:
    """A parsed file before anchors are resolved."""

    file: str
    root: Node
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def read_text(path: str | Path) -> str:
    """Return the text of a config file; a MissingInput or ConfigError says why not."""
    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise MissingInput(f"no such config file: {path}") from error
    except OSError as error:
        raise MissingInput(f"cannot read the config {path}: {error.strerror}") from error
    if len(data) > FILE_BUDGET_BYTES:
        raise ConfigError(Problem(Place(str(path)), "is too large to be a config"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(Problem(Place(str(path), line), NOT_UTF8)) from error


def parse(text: str, file: str) -> Document:
    """Return the graph of a YAML text whose top is a mapping."""
    parser = PARSER(text)
    try:
        document = _Composer(parser, file).document()
    except yaml.YAMLError as error:
        raise ConfigError(explained(error, file, text)) from error
    finally:
        parser.dispose()
    return document


def build(document: Document) -> Section:
    """Return the Sections of a document; problems are added to those it already has."""
    builder = _Builder(document.problems, document.notes)
    root = builder.build(document.root, 0)
    if not isinstance(root, Section):
        kind = "empty" if root is None else f"a {document.root.real().kind}"
        raise ConfigError(
            [
                *document.problems,
                Problem(Place(document.file, 1), f"must be sections, but it is {kind}"),
            ]
        )
    if isinstance(root.get("Global"), Section) and root["Global"].get("strict") is False:
        for section in walk(root):
            section.lenient = True
    return root


class _Composer:
    """Turns parser events into nodes; aliases stay visible as such."""

    def __init__(self, parser: Any, file: str) -> None:
        self.parser, self.file = parser, file
        self.anchors: dict[str, Node] = {}
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def document(self) -> Document:
        """Return the first document; a second one in the same file is a problem."""
        next_event = self.parser.get_event
        next_event()  # stream start
        if self.parser.check_event(yaml.StreamEndEvent):
            root = Node("scalar", Place(self.file, 1))
        else:
            next_event()  # document start
            root = self.node(next_event(), 0)
            next_event()  # document end
            if not self.parser.check_event(yaml.StreamEndEvent):
                second = self.place(next_event())
                self.problems.append(Problem(second, "a config is one YAML document, not several"))
        return Document(self.file, root, self.problems, self.notes)

    def place(self, event: Any) -> Place:
        """Return file and line of an event."""
        return Place(self.file, event.start_mark.line + 1)

    def node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with ``event``."""
        place = self.place(event)
        if depth > DEPTH_BUDGET:
            raise ConfigError(Problem(place, f"is nested more than {DEPTH_BUDGET} levels deep"))
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor, place)
        if event.tag not in SAFE_TAGS:
            self.problems.append(Problem(place, f"the tag {event.tag} is not allowed in a config"))
        node = Node("scalar", place, tag=event.tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        if isinstance(event, yaml.ScalarEvent):
            node.text, node.bare = event.value, not event.style
        elif isinstance(event, yaml.MappingStartEvent):
            node.kind = "mapping"
            self.entries(node, depth)
        else:
            node.kind = "list"
            while not isinstance(event := self.parser.get_event(), yaml.SequenceEndEvent):
                node.items.append(self.node(event, depth + 1))
        return node

    def alias(self, anchor: str, place: Place) -> Node:
        """Return a node that stands for an anchor written before."""
        target = self.anchors.get(anchor)
        if target is None:
            hint = nearest(anchor, self.anchors)
            self.problems.append(
                Problem(
                    place,
                    f"alias *{anchor} stands for nothing: there is no &{anchor} above it{hint}",
                )
            )
            return Node("scalar", place)
        return Node("alias", place, target=target)

    def entries(self, node: Node, depth: int) -> None:
        """Read keys and values up to the end of a mapping; note keys written twice."""
        seen: dict[str, Place] = {}
        while not isinstance(event := self.parser.get_event(), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(self.parser.get_event(), depth + 1)
            if key.real().kind != "scalar":
                self.problems.append(
                    Problem(key.place, "a key must be a word, not a mapping or list")
                )
                continue
            name = key.real().text
            if name in seen and not is_merge(key):
                text = f"'{name}' is written twice here, first in line {seen[name].line}"
                self.notes.append(Problem(key.place, f"{text}; the last one counts"))
            seen[name] = key.place
            node.entries.append((key, value))


class _Builder:
    """Turns nodes into values; every alias becomes a copy of its own."""

    def __init__(self, problems: list[Problem], notes: list[Problem]) -> None:
        self.problems, self.notes = problems, notes
        self.built = 0
        self.open: set[int] = set()

    def build(self, node: Node, depth: int) -> Any:
        """Return the value of a node."""
        self.built += 1
        real = node.real()
        if self.built > NODE_BUDGET or depth > DEPTH_BUDGET:
            what = (
                "its aliases unfold to too many values"
                if self.built > NODE_BUDGET
                else "it nests too deep"
            )
            raise ConfigError([*self.problems, Problem(node.place, what)])
        if real.kind == "scalar":
            return self.scalar(real)
        if id(real) in self.open:
            self.problems.append(
                Problem(node.place, "an alias stands for a section that contains it")
            )
            return None
        self.open.add(id(real))
        try:
            return self.section(real, depth) if real.kind == "mapping" else self.items(real, depth)
        finally:
            self.open.discard(id(real))

    def section(self, node: Node, depth: int) -> Section:
        """Return a mapping; keys it merges come first and lose against its own."""
        section = Section(place=node.place)
        for base in node.merged():
            self.merge(section, base, depth)
        for key_node, value_node in node.entries:
            if is_merge(key_node):
                continue
            key = self.key(key_node)
            value = section[key] = self.build(value_node, depth + 1)
            if isinstance(value, Section | Items):
                value.place = key_node.place  # what is missing in it is missing under this key
            section.places[key] = key_node.place
            origin = value_node.real().origin
            if origin:  # what is wrong with it is not wrong in the file
                section.origins[key], section.places[key] = origin, Place(origin)
            else:
                section.origins.pop(key, None)
        return section

    def merge(self, section: Section, base: Node, depth: int) -> None:
        """Add what ``<<`` pulls in, with the places where it was written."""
        merged = self.build(base, depth + 1)
        if not isinstance(merged, Section):
            self.problems.append(
                Problem(base.place, "<< needs a section (or a list of them) to merge")
            )
            return
        section.update(merged)
        section.places.update(merged.places)
        section.origins.update(merged.origins)

    def items(self, node: Node, depth: int) -> Items:
        """Return a list."""
        items = Items((self.build(item, depth + 1) for item in node.items), node.place)
        origins = [item.real().origin for item in node.items]
        items.places = [
            Place(origin) if origin else item.place
            for origin, item in zip(origins, node.items, strict=True)
        ]
        items.origins = {index: origin for index, origin in enumerate(origins) if origin}
        return items

    def key(self, node: Node) -> Any:
        """Return a key: whole numbers stay numbers, anything else is text."""
        real = node.real()
        value = typed(real.text) if real.bare else real.text
        return value if isinstance(value, int) and not isinstance(value, bool) else real.text

    def scalar(self, node: Node) -> Any:
        """Return the value of a word or a quoted text, environment variables filled in."""
        text = node.text
        if "${" in text:
            text, missing = expand(text)
            for name in missing:
                what = f"${{{name}}} is not set in the environment"
                help_text = f" (or write ${{{name}:-value}})"
                self.problems.append(Problem(node.place, what + help_text))
        if node.tag in PLAIN_TAGS:
            return self.tagged(node, text)
        return typed(text) if node.bare else text

    def tagged(self, node: Node, text: str) -> Any:
        """Return the value of a scalar with !!str, !!int or !!float before it."""
        try:
            return PLAIN_TAGS[node.tag or ""](text)
        except ValueError:
            kind = str(node.tag).removeprefix(CORE)
            self.problems.append(Problem(node.place, f"'{text}' is not a {kind}"))
            return text


__all__ = ["NOWHERE", "Document", "build", "parse", "read_text"]
