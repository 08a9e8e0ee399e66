"""The graph behind a YAML text: what was written, where, and which places share an anchor.

It is kept between reading and building so that ``-o`` can act before anchors are
resolved: a value with an anchor moves all its aliases, an alias that is set leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ppocr.config.errors import Place

MERGE = "<<"


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, mapping, list or alias. ``become`` changes it for all who hold it."""

    kind: Literal["scalar", "mapping", "list", "alias"]
    place: Place
    text: str = ""  # of a scalar
    bare: bool = True  # the scalar was written without quotes
    tag: str | None = None  # written out, such as !!str
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    target: Node | None = None  # of an alias
    origin: str = ""

    def become(self, other: Node) -> None:
        """Take over everything ``other`` is, except where it stands."""
        for name in ("kind", "text", "bare", "tag", "entries", "items", "target", "origin"):
            setattr(self, name, getattr(other, name))

    def real(self) -> Node:
        """Return the node itself, or what the alias stands for."""
        node = self
        while node.kind == "alias" and node.target is not None:
            node = node.target
        return node

    def detach(self) -> Node:
        """Return a node of its own in place of an alias; other nodes are returned as they are."""
        if self.kind == "alias":
            self.become(copied(self.real(), {}))
        return self

    def is_null(self) -> bool:
        """Return whether this is an empty or null scalar."""
        return (
            self.kind == "scalar" and self.bare and self.text in ("", "~", "null", "Null", "NULL")
        )

    def find(self, key: str) -> Node | None:
        """Return the value of ``key`` in a mapping (the last one, if it was written twice)."""
        found = None
        for key_node, value in self.entries:
            if key_node.real().text == key:
                found = value
        return found

    def merged(self) -> Iterator[Node]:
        """Yield the mappings that ``<<`` pulls in, the one that wins last."""
        for key_node, value in self.entries:
            if is_merge(key_node):
                real = value.real()
                yield from reversed(real.items) if real.kind == "list" else [value]

    def known_keys(self) -> list[str]:
        """Return the keys a mapping has, those it merges included."""
        own = [key.real().text for key, _ in self.entries if not is_merge(key)]
        for base in self.merged():
            own.extend(base.real().known_keys())
        return list(dict.fromkeys(own))


def is_merge(key: Node) -> bool:
    """Return whether a key is the merge key, written without quotes."""
    return key.kind == "scalar" and key.bare and key.text == MERGE


def copied(node: Node, seen: dict[int, Node]) -> Node:
    """Return a copy of a node and all below; aliases keep pointing at what they stood for."""
    twin = Node(node.kind, node.place, node.text, node.bare, node.tag, origin=node.origin)
    seen[id(node)] = twin
    twin.entries = [(copied(key, seen), copied(value, seen)) for key, value in node.entries]
    twin.items = [copied(item, seen) for item in node.items]
    if node.target is not None:
        twin.target = seen.get(id(node.target), node.target)
    return twin
