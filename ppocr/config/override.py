"""``-o A.b[0].c=value``: settings from the command line, written into the graph of the file.

A step of a path is a key, ``[3]`` for the fourth item of a list, or the name of an item
(``Train.dataset.transforms.RecAug.tia_prob`` or ``transforms[RecAug]``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ppocr.config.errors import ConfigError, Place, Problem, nearest
from ppocr.config.nodes import Node, copied, is_merge
from ppocr.config.source import Document, parse

COMMAND_LINE = Place("-o")
STEP = re.compile(r"\.?([^.\[\]=]+)|\[([^\[\]]+)\]")
NONE = "None"


def apply(document: Document, overrides: Iterable[str]) -> None:
    """Write ``overrides`` into the document; what cannot be written becomes a problem."""
    for text in overrides:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            document.problems.append(
                Problem(COMMAND_LINE, f"'{text}' should look like Section.key=value")
            )
            continue
        try:
            _assign(document.root, path.strip(), _value(value, text))
        except ConfigError as error:
            document.problems.extend(error.problems)


def steps(path: str) -> list[str | int]:
    """Return the keys and indices of 'A.b[0].c', or a ConfigError if it is not a path."""
    found: list[str | int] = []
    position = 0
    while position < len(path):
        match = STEP.match(path, position)
        if match is None or (
            match[1] and bool(found) != path[position : position + 1].startswith(".")
        ):
            raise ConfigError(
                Problem(COMMAND_LINE, f"'{path}' is not a path such as Train.loader.num_workers")
            )
        word = (match[1] or match[2]).strip()
        found.append(int(word) if word.lstrip("-").isdigit() else word)
        position = match.end()
    return found


def _value(text: str, whole: str) -> Node:
    """Return the node of a value, typed as it would be in a file."""
    if text.strip() == NONE:
        return Node("scalar", COMMAND_LINE, origin="-o")
    try:
        document = parse(f"value: {text}", f"-o {whole}")
    except ConfigError:
        return Node(
            "scalar", COMMAND_LINE, text, bare=False, origin="-o"
        )  # such as 'a: b', as it is
    node = document.root.find("value") if len(document.root.entries) == 1 else None
    if document.problems or node is None:
        raise ConfigError(
            [Problem(COMMAND_LINE, f"{whole}: {one.text}") for one in document.problems]
        )
    _mark(node)
    return node


def _mark(node: Node) -> None:
    node.origin, node.place = "-o", COMMAND_LINE
    for key, value in node.entries:
        _mark(key)
        _mark(value)
    for item in node.items:
        _mark(item)


def _assign(root: Node, path: str, value: Node) -> None:
    node, walked = root.detach(), ""
    *heads, last = steps(path)
    for step in heads:
        node = _enter(node, step, walked, path)
        walked = _joined(walked, step)
    slot = _slot(node, last, walked, path)
    if slot is not None:
        slot.become(value)
        return
    _demand_key(node, heads, str(last), walked, path)
    key = Node("scalar", COMMAND_LINE, str(last), bare=False)
    node.entries.append((key, value))


def _enter(node: Node, step: str | int, walked: str, path: str) -> Node:
    """Return the section or list one step down; an alias becomes a copy of its own first."""
    slot = _slot(node, step, walked, path)
    where = _joined(walked, step)
    if slot is None:
        words = _names(node)
        raise ConfigError(
            Problem(
                COMMAND_LINE, f"{path}: there is no {where}{nearest(step, words) or _whole(where)}"
            )
        )
    slot.detach()
    if slot.is_null():
        slot.become(Node("mapping", slot.place))
    if slot.kind == "scalar":
        raise ConfigError(Problem(COMMAND_LINE, f"{path}: {where} is a value, nothing is below it"))
    return slot


def _demand_key(node: Node, heads: Sequence[str | int], key: str, walked: str, path: str) -> None:
    """Refuse a new key beside the name of an operation: it belongs one step further down."""
    if not heads or not isinstance(heads[-1], int) or len(node.entries) != 1:
        return
    name, inner = node.entries[0]
    if inner.is_null() or inner.real().kind == "mapping":
        better = f"{walked}.{name.real().text}.{key}"
        raise ConfigError(Problem(COMMAND_LINE, f"{path}: did you mean {better}?"))


def _slot(node: Node, step: str | int, walked: str, path: str) -> Node | None:
    """Return the node that stands at ``step``, or None if a key is not there yet."""
    if node.kind == "list":
        return _item(node, step, walked, path)
    found = node.find(str(step))
    if found is None:
        found = _from_merge(node, str(step))
    return found


def _from_merge(node: Node, key: str) -> Node | None:
    """Return a copy of a merged value, made the mapping's own so that it can be changed."""
    for base in reversed(list(node.merged())):
        real = base.real()
        inherited = real.find(key) or _from_merge(real, key)
        if inherited is not None:
            own = copied(inherited.real(), {})
            node.entries.append((Node("scalar", inherited.place, key, bare=False), own))
            return own
    return None


def _item(node: Node, step: str | int, walked: str, path: str) -> Node:
    """Return an item of a list by index or by the name it carries."""
    if isinstance(step, int):
        if not -len(node.items) <= step < len(node.items):
            text = f"{path}: {walked} has {len(node.items)} items, there is no [{step}]"
            raise ConfigError(Problem(COMMAND_LINE, text))
        return node.items[step]
    found = [(index, item) for index, item in enumerate(node.items) if _called(item, step)]
    if len(found) > 1:
        indices = ", ".join(f"[{index}]" for index, _ in found)
        raise ConfigError(
            Problem(
                COMMAND_LINE, f"{path}: {walked} has {step} at {indices}; write the number instead"
            )
        )
    if not found:
        hint = nearest(step, _names(node))
        raise ConfigError(Problem(COMMAND_LINE, f"{path}: {walked} has no {step}{hint}"))
    item = found[0][1]
    real = item.detach()
    inner = real.find(step) if real.kind == "mapping" and len(real.entries) == 1 else None
    return inner if inner is not None else real


def _called(item: Node, name: str) -> bool:
    return name in _item_names(item.real())


def _item_names(real: Node) -> list[str]:
    """Return the names an item answers to: itself, its only key, or its name or type."""
    if real.kind == "scalar":
        return [real.text]
    if real.kind != "mapping":
        return []
    names = [real.entries[0][0].real().text] if len(real.entries) == 1 else []
    for key in ("name", "type"):
        named = real.find(key)
        if named is not None and named.real().kind == "scalar":
            names.append(named.real().text)
    return names


def _names(node: Node) -> list[str]:
    """Return the words that could have been meant at this point of a path."""
    if node.kind == "list":
        return [name for item in node.items for name in _item_names(item.real())]
    return [key for key in node.known_keys() if key]


def _joined(walked: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{walked}[{step}]"
    return f"{walked}.{step}" if walked else step


def _whole(where: str) -> str:
    return f"; to add it, write {where}={{key: value}}"


__all__ = ["COMMAND_LINE", "apply", "is_merge", "steps"]
