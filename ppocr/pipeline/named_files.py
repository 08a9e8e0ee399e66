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
    folder = section.get("data_dir")
    if isinstance(folder, str) and not Path(folder).is_dir():
        yield Problem(section.where("data_dir"), f"data_dir: there is no folder {folder}")
    files = section.get("label_file_list")
    if not isinstance(files, list):
        return
    for index, file in enumerate(files):
        if not Path(str(file)).is_file():
            yield Problem(_place(section, files, index), f"label_file_list: there is no {file}")


def _place(section: Section, files: list[Any], index: int) -> Place:
    if isinstance(files, Items):
        return files.where(index)
    return section.where("label_file_list")
