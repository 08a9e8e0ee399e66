"""YAML that others wrote, read as plain values and within bounds.

For descriptions of models (``inference.yml``, metadata of .onnx files). Configs have a reader of
their own, which remembers lines: ``ppocr/config/source.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ppocr.utils.exits import DataError
from ppocr.utils.files import read_bytes

MOST_VALUES = 2_000_000  # a hundred times as many as the largest dictionary, aliases written out
MOST_LEVELS = 100
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_yaml(path: str | Path, as_text: bool = False) -> Any:
    """Return the plain content of a YAML file, see `parse_yaml`."""
    return parse_yaml(read_bytes(path), str(path), as_text)


def parse_yaml(text: bytes | str, source: str, as_text: bool = False) -> Any:
    """Return the plain content of YAML; ``source`` says in a DataError whose it is.

    With ``as_text`` every scalar stays as it is written: 1, yes and ~ are texts then. What nests
    too deep, holds itself, or grows too large by aliases is a DataError too.
    """
    try:
        _demand_bounded(text, source)
        return yaml.load(text, Loader=_TEXT_LOADER if as_text else _LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{source} is not readable YAML: {error}") from error


def _demand_bounded(text: bytes | str, source: str) -> None:
    """Look at the events alone: the loader itself would follow any depth until its stack ends."""
    sizes: dict[str, int] = {}
    inside: list[tuple[str | None, int]] = []  # anchors of what is open, and values before it
    values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append((event.anchor, values))
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = inside.pop()
            sizes.update({anchor: values - before} if anchor else {})
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise DataError(f"{source}: *{event.anchor} stands for nothing, or holds itself")
            values += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            sizes.update({event.anchor: 1} if event.anchor else {})
        if values > MOST_VALUES or len(inside) > MOST_LEVELS:
            raise DataError(f"{source}: more values or levels than any description of a model has")
