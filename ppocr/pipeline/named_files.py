"""Whether the files and folders that a config names are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr.config.errors import Place, Problem
from ppocr.config.section import Items, Section, as_section, walk
from ppocr.utils.exits import MissingInput
from ppocr.utils.files import find_file

WEIGHTS = ("pretrained_model", "checkpoints")
WEIGHT_ENDING = ".pdparams"
REMOTE = ("http://", "https://")


def missing(config: Mapping[str, Any]) -> list[Problem]:
    """Return one problem for each file that is named and is not there."""
    root = as_section(config)
    problems = [*_weights(_inner(root, "Global")), *_dictionaries(root)]
    for mode in ("Train", "Eval"):
        problems.extend(_data(_inner(_inner(root, mode), "dataset")))
    return problems


def _inner(section: Section, key: str) -> Section:
    value = section.get(key)
    return as_section(value) if isinstance(value, Mapping) else Section()


def _weights(section: Section) -> Iterator[Problem]:
    for key in WEIGHTS:
        given = section.get(key)
        if not isinstance(given, str) or not given or given.startswith(REMOTE):
            continue
        if not any(Path(one).exists() for one in (given, given + WEIGHT_ENDING)):
            text = f"{key}: there is no {given} and no {given}{WEIGHT_ENDING}"
            yield Problem(section.where(key), text)


def _dictionaries(root: Section) -> Iterator[Problem]:
    for section in walk(root):
        given = section.get("character_dict_path")
        if isinstance(given, str) and given:
            try:
                find_file(given)
            except MissingInput as error:
                yield Problem(section.where("character_dict_path"), str(error))


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
