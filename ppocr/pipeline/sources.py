"""Whether ratios and weights fit the sources of a data set."""

from __future__ import annotations

from collections.abc import Mapping

from ppocr.config.errors import ConfigError, Problem
from ppocr.config.section import Section, as_section
from ppocr.data.shares import problem_with, ratios_for

WEIGHTS = "weights"
RATIOS = "ratio_list"
LISTED = "label_file_list"
DATABASES = "LMDBDataSet"  # its sources are found when it is opened


def check_sources(root: Section) -> list[Problem]:
    """Return what is wrong with the numbers that say how much is taken of which source."""
    problems: list[Problem] = []
    for mode in ("Train", "Eval"):
        section = _inner(root, mode)
        dataset = _inner(section, "dataset")
        problems += [*_empty(dataset), *_ratios(dataset)]
        if mode == "Train":
            problems += _weights(_inner(section, "sampler"), dataset)
    return problems


def _empty(dataset: Section) -> list[Problem]:
    if dataset.get(LISTED) not in ([], ""):
        return []
    return [Problem(dataset.where(LISTED), f"{LISTED} names no label file")]


def _ratios(dataset: Section) -> list[Problem]:
    given, names = dataset.get(RATIOS), _names(dataset)
    values = given if isinstance(given, list) else [given]
    if given is None or names is None or not all(isinstance(one, int | float) for one in values):
        return []
    try:
        ratios_for(len(names), given)
    except ConfigError as error:
        return [Problem(dataset.where(RATIOS), one.text) for one in error.problems]
    return []


def _weights(sampler: Section, dataset: Section) -> list[Problem]:
    given = sampler.get(WEIGHTS)
    if given is None:
        return []
    text = problem_with(given, _names(dataset))
    if not text and dataset.get("ds_width") is True:
        text = "weights and ds_width exclude each other: lines go together by source or by width"
    return [Problem(sampler.where(WEIGHTS), text)] if text else []


def _inner(section: Section, key: str) -> Section:
    value = section.get(key)
    return as_section(value) if isinstance(value, Mapping) else Section()


def _names(dataset: Section) -> list[str] | None:
    files = dataset.get(LISTED)
    if dataset.get("name") == DATABASES or files is None:
        return None
    return [files] if isinstance(files, str) else [str(one) for one in files]
