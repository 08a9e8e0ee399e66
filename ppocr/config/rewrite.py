"""Settings written into the text of a config file: comments and layout stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ppocr.config import override, source
from ppocr.config.errors import ConfigError, demand
from ppocr.config.explain import as_yaml
from ppocr.config.section import Section, plain


@dataclass(frozen=True, slots=True)
class _Edit:
    """A piece of the text, from start to end, and what is to stand in its place."""

    start: int
    end: int
    text: str


def rewritten(path: str | Path, overrides: Sequence[str]) -> str:
    """Return the text of a config that says by itself what it says with ``-o`` now.

    Where a value is shared in a way that writing it in place would move others too, the config is
    written anew, with the origin of each value beside it instead of the comments it had. Settings
    that cannot be applied are a ConfigError.
    """
    text = source.read_text(path)
    wanted = _built(text, str(path), overrides)
    found = text
    try:
        for one in overrides:  # each may stand on what the one before it has written
            found = _with(found, one)
        if plain(_built(found, str(path), ())) == plain(wanted):
            return found
    except (LookupError, ConfigError, yaml.YAMLError):
        pass
    return as_yaml(wanted)


def _built(text: str, file: str, overrides: Sequence[str]) -> Section:
    document = source.parse(text, file)
    override.apply(document, overrides)
    root = source.build(document)
    demand(document.problems)
    return root


def _with(text: str, setting: str) -> str:
    """Return the text with one setting written into it; a LookupError when it has no place."""
    path, _, value = setting.partition("=")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    *heads, last = override.steps(path.strip())
    for number, step in enumerate(heads):
        inner = _child(node, step)
        if inner is None:
            raise LookupError(step)
        if _is_null(inner):
            whole = _nested([*heads[number + 1 :], last], value)
            return _done(text, _replace(text, inner, whole))
        node = inner
    found = _child(node, last)
    return _done(
        text, _insert(node, last, value) if found is None else _replace(text, found, value)
    )


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    """Return the node one step down, None for a key that is not there."""
    if isinstance(node, yaml.MappingNode):
        found = [value for key, value in node.value if key.value == str(step)]
        return found[-1] if found else None
    if not isinstance(node, yaml.SequenceNode):
        raise LookupError(step)
    if isinstance(step, int):
        return node.value[step]
    for item in node.value:
        if isinstance(item, yaml.MappingNode) and len(item.value) == 1:
            key, value = item.value[0]
            if key.value == step:
                return value
    raise LookupError(step)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{source.CORE}null"


def _nested(steps: Sequence[str | int], value: str) -> str:
    """Return a value below the keys that lead to it, in braces."""
    for step in reversed(steps):
        if isinstance(step, int):
            raise LookupError(step)
        value = f"{{{step}: {value}}}"
    return value


def _replace(text: str, node: yaml.Node, value: str) -> _Edit:
    """Return the edit that puts a value in the place of a node: a block becomes one line."""
    start, end = node.start_mark.index, node.end_mark.index
    while end > start and text[end - 1].isspace():  # a block ends where the next thing begins
        end -= 1
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    key_end = len(text[:start].rstrip())
    if (block or start == end) and text[key_end - 1 : key_end] == ":":
        return _Edit(key_end, max(end, key_end), f" {value}")
    return _Edit(start, end, f"  {value}" if block else value)  # deeper than a dash may stand


def _insert(node: yaml.Node | None, key: str | int, value: str) -> _Edit:
    """Return the edit that puts a new key first into a mapping."""
    if not isinstance(node, yaml.MappingNode) or isinstance(key, int):
        raise LookupError(key)
    if node.flow_style:
        place = node.start_mark.index + 1
        return _Edit(place, place, f"{key}: {value}" + (", " if node.value else ""))
    mark = node.value[0][0].start_mark
    return _Edit(mark.index, mark.index, f"{key}: {value}\n{' ' * mark.column}")


def _done(text: str, edit: _Edit) -> str:
    return text[: edit.start] + edit.text + text[edit.end :]
