"""A section against the signature of what it names: computed > given > offered > default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ppocr.config import forgiven
from ppocr.config.bounds import beyond
from ppocr.config.errors import Problem, nearest
from ppocr.config.hints import Misfit, convert
from ppocr.config.section import Section
from ppocr.config.signatures import Setting, Signature

NAME = "name"
SHORT_LIST = 6
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class Match:
    """The arguments for a class, and what there is to say about them."""

    arguments: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    unknown: dict[str, Problem] = field(default_factory=dict)
    also: Collection[str] = ()


def match(
    signature: Signature,
    section: Section,
    offers: Mapping[str, Any] = NOTHING,
    computed: Mapping[str, Any] = NOTHING,
    filled: Collection[str] = (),
    also: Collection[str] = (),
) -> Match:
    """Return the arguments for what ``signature`` describes.

    What the file gives must be known and fit. What is offered is taken if it is asked
    for and the file does not give it (null counts as not given). What is computed wins,
    with a note if the file says something else. ``filled`` names settings that will be
    computed later: they are not missed. ``also`` are words that may have been meant by a
    key that is unknown, beside the settings.
    """
    result = Match(also=also)
    known = signature.settings
    computed = {**section.computed, **computed}
    for key, value in offers.items():
        if key in known and value is not None:
            result.arguments[key] = value
    for key, value in section.items():
        if key == NAME and NAME not in known:
            continue
        _take(result, signature, section, str(key), value)
    for key, value in computed.items():
        if key in known or signature.open:
            _compute(result, signature, section, key, value)
    for setting in known.values():
        if setting.required and setting.name not in result.arguments and setting.name not in filled:
            _miss(result, signature, section, setting)
    return result


def _take(result: Match, signature: Signature, section: Section, key: str, value: Any) -> None:
    """Judge one given key."""
    place, owner = section.where(key), signature.name
    newer = forgiven.renamed(owner, key)
    if newer and key not in signature.settings:
        result.notes.append(Problem(place, f"{owner}.{key} is now called {newer}"))
        if newer in section:
            return
        key = newer
    setting = signature.settings.get(key)
    if setting is None:
        _unknown(result, signature, section, key, value)
        return
    if value is None and (
        key in result.arguments or setting.required or not setting.hint.takes_none()
    ):
        return  # not given
    try:
        converted = convert(value, setting.hint)
    except Misfit:
        result.problems.append(
            Problem(place, f"{owner}.{key} should be {setting.hint}, not {shown(value)}")
        )
        return
    if wanted := beyond(owner, key, converted):
        result.problems.append(
            Problem(place, f"{owner}.{key} should be {wanted}, not {shown(value)}")
        )
    offered = result.arguments.get(key)
    if key in result.arguments and offered != converted:
        text = (
            f"{owner}.{key} is {shown(value)} here and {shown(offered)} in Global; "
            "the section counts"
        )
        result.notes.append(Problem(place, text))
    result.arguments[key] = converted


def _unknown(result: Match, signature: Signature, section: Section, key: str, value: Any) -> None:
    place, owner = section.where(key), signature.name
    why = forgiven.reason(owner, key)
    if signature.open:
        result.arguments[key] = value
    elif why:
        if forgiven.idle(owner, key, value):
            return
        result.notes.append(Problem(place, f"{owner}.{key} has no effect: {why}"))
    else:
        problem = Problem(
            place, f"{owner} has no setting '{key}'{hint(key, signature, section, result.also)}"
        )
        (result.notes if section.lenient else result.problems).append(problem)
        result.unknown[key] = problem


def hint(key: str, signature: Signature, section: Section, also: Collection[str] = ()) -> str:
    """Return which setting was probably meant, or the few there are."""
    words = [*signature.settings, *also, *forgiven.keys(signature.name)]
    if NAME not in section:
        words.append(NAME)
    near = nearest(key, dict.fromkeys(words), taken=section)
    if near or not signature.settings:
        return near
    names = ", ".join(signature.settings)
    return f" (it has {names})" if len(signature.settings) <= SHORT_LIST else ""


def _compute(result: Match, signature: Signature, section: Section, key: str, value: Any) -> None:
    given = section.get(key)
    if given is not None and given != value:
        text = (
            f"{signature.name}.{key} is {shown(given)} here, "
            f"but it follows from other parts and is {shown(value)}"
        )
        result.notes.append(Problem(section.where(key), text))
    result.arguments[key] = value


def _miss(result: Match, signature: Signature, section: Section, setting: Setting) -> None:
    if any(one.text.startswith(f"{signature.name}.{setting.name} ") for one in result.problems):
        return  # it is there, but not of the right type
    if any(one.text.endswith(f"'{setting.name}'?") for one in result.unknown.values()):
        return  # it is there, but misspelt
    text = f"{signature.name} needs '{setting.name}' ({setting.hint})"
    result.problems.append(Problem(section.place, text))


def shown(value: Any, limit: int = 60) -> str:
    """Return a value as a config would spell it, shortened."""
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(one) for one in value) + "]"
    elif value is None:
        text = "null"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
