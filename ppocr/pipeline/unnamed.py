"""What to say of sections that are not known, or that do not say what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.config import general
from ppocr.config.errors import Problem, closest, nearest, slips
from ppocr.config.schema import NAME, shown
from ppocr.config.section import Section
from ppocr.pipeline.kinds import OPTIONAL, REQUIRED

HOME = {  # where sections belong that somebody may have put on the top level
    **dict.fromkeys(("Transform", "Backbone", "Neck", "Head", "Models"), "Architecture"),
    **dict.fromkeys(("dataset", "loader", "sampler"), "Train or Eval"),
    **dict.fromkeys(("lr", "regularizer"), "Optimizer"),
}


def meant_by(key: Any, root: Section) -> str:
    """Return which section was probably meant, or the one that has a setting of that name."""
    if key in HOME:
        return f"; it belongs into {HOME[key]}"
    if key in general.signature().settings:
        return f"; it is a setting of Global: Global.{key}"
    return nearest(key, [*REQUIRED, *OPTIONAL], taken=root)


def nameless(path: str, kind: str, section: Section) -> Problem:
    """Return what to say of a section whose name is missing or misspelt."""
    near = closest(NAME, section)
    if near and slips(near, NAME) == 1:
        text = f"{path} has no setting '{near}'; did you mean 'name'?"
        return Problem(section.where(near), text)
    if len(section) == 1 and NAME not in section:
        ((name, value),) = section.items()
        if value is not None and not isinstance(value, Mapping):
            text = f"{path}: the settings of {name} should be a section, not {shown(value)}"
            return Problem(section.where(name), text)
    if len(section) > 1 and None in section.values():
        name = next(key for key, value in section.items() if value is None)
        text = f"{path}: the settings of {name} must be indented deeper than {name}, or in braces"
        return Problem(section.where(name), text)
    return Problem(section.place, f"{path} needs a name: which {kind} is meant?")
