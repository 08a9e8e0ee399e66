"""Whether the files and folders that a config names are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr.config.errors import Place, Problem
from ppocr.config.section import Items, Section, as_section, walk
from ppocr.pipeline.networks import is_distillation, networks
from ppocr.text.charset import find_dictionary
from ppocr.utils import checkpoints
from ppocr.utils.exits import MissingInput

DICTIONARIES = ("character_dict_path", "pretrained_character_dict_path")
WEIGHTS = ("pretrained_model", "checkpoints")


def missing(config: Mapping[str, Any]) -> list[Problem]:
    """Return one problem for each file that is named and is not there."""
    root = as_section(config)
    problems = [*_weights(_inner(root, "Global"), WEIGHTS), *_dictionaries(root)]
    if is_distillation(root):
        for network in networks(root["Architecture"]).values():
            problems.extend(_weights(network, ("pretrained",)))
    for mode in ("Train", "Eval"):
        problems.extend(_data(_inner(_inner(root, mode), "dataset")))
    problems.extend(_data(_inner(_inner(root, "Eval"), "retention")))
    return problems


def _inner(section: Section, key: str) -> Section:
    value = section.get(key)
    return as_section(value) if isinstance(value, Mapping) else Section()


def _weights(section: Section, keys: Sequence[str]) -> Iterator[Problem]:
    for key in keys:
        given = section.get(key)
        if not isinstance(given, str) or not given or given.startswith(checkpoints.REMOTE):
            continue
        if not checkpoints.exists(given):
            yield Problem(section.where(key), f"{key}: {checkpoints.nothing_at(given)}")


def _dictionaries(root: Section) -> Iterator[Problem]:
    for section in walk(root):
        for key in DICTIONARIES:
            given = section.get(key)
            if not isinstance(given, str) or not given:
                continue
            try:
                find_dictionary(given)
            except MissingInput as error:
                yield Problem(section.where(key), str(error))


def _data(section: Section) -> Iterator[Problem]:
    for key, what, is_there in (
        ("data_dir", "no folder", Path.is_dir),
        ("label_file_list", "no", Path.is_file),
    ):
        given = section.get(key)
        names = given if isinstance(given, list) else [given] if isinstance(given, str) else []
        for index, name in enumerate(names):
            if not is_there(Path(str(name))):
                text = f"{key}: there is {what} {_told(str(name))}"
                yield Problem(_place(section, key, index), text)


def _told(name: str) -> str:
    """Return a path that is not there, and where it was looked for or how it was misread."""
    if not name.isprintable():
        return f"{name!r}: a backslash in double quotes is an escape, write '...' or /"
    return name if Path(name).is_absolute() else f"{name} (looked in {Path.cwd()})"


def _place(section: Section, key: str, index: int) -> Place:
    given = section.get(key)
    return given.where(index) if isinstance(given, Items) else section.where(key)
