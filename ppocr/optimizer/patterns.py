"""Parts of a network by pattern: frozen, or trained at a rate of their own.

A pattern is ``backbone`` (that layer and everything below it) or one with wildcards over the whole
key, ``backbone.blocks[23].*``, ``*.bias``. A pattern that matches nothing is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from paddle import nn

from ppocr.config.errors import NOWHERE, ConfigError, Place, Problem, demand, nearest

BACKBONE = "backbone"
RATE = "learning_rate"  # of a parameter, as paddle's ParamAttr names it
_WILD = re.compile(r"[*?\[]")


def matching(keys: Sequence[str], pattern: str) -> list[str]:
    """Return the keys that a pattern means."""
    return [key for key in keys if key.startswith(f"{pattern}.") or fnmatchcase(key, pattern)]


def demand_matches(
    keys: Sequence[str], patterns: Iterable[str], what: str, place: Place = NOWHERE
) -> None:
    """Raise a ConfigError that names every pattern that matches no key, and what was meant."""
    problems = []
    for pattern in patterns:
        if not matching(keys, pattern):
            stem = _WILD.split(pattern)[0].rstrip(".") or pattern
            hint = nearest(stem, _layers(keys)) or f"; there are {_tops(keys)}"
            problems.append(
                Problem(place, f"{what}: {pattern!r} matches no parameter of the network{hint}")
            )
    demand(problems)


def scale_rates(model: nn.Layer, factors: Mapping[str, Any], place: Place = NOWHERE) -> None:
    """Multiply the learning rates of parameters by the factor of the patterns that match them.

    Of several patterns that match a key the longest counts. A rate that the network itself gives
    a parameter is multiplied as well. A factor of 0 is a ConfigError: that is freezing.
    """
    named = dict(model.named_parameters())
    demand_matches(list(named), factors, "lr_mult", place)
    demand(
        [
            Problem(place, f"lr_mult: {factor!r} of {name!r} is not above 0{_freeze(factor)}")
            for name, factor in factors.items()
            if not _positive(factor)
        ]
    )
    chosen: dict[str, float] = {}
    for pattern in sorted(factors, key=len):
        chosen.update(dict.fromkeys(matching(list(named), pattern), float(factors[pattern])))
    _multiply(named, chosen)


def decay_rates(model: nn.Layer, decay: float, place: Place = NOWHERE) -> None:
    """Multiply rates by ``decay`` for each layer between a parameter and the backbone's end.

    Layers are the parts of the backbone in the order of their definition, elements of lists one by
    one; the last is multiplied once, neck and head not at all. Clark et al., ELECTRA, 2020; Bao et
    al., BEiT, 2022. A ConfigError says that there is no backbone or the factor is not in (0, 1].
    """
    if not 0 < decay <= 1:
        raise ConfigError(Problem(place, f"layer_decay is above 0 and at most 1, not {decay:g}"))
    named = dict(model.named_parameters())
    layers: dict[str, dict[str, list[str]]] = {}  # network -> layer -> keys
    for key in named:
        network, layer = layer_of(key)
        if layer:
            layers.setdefault(network, {}).setdefault(layer, []).append(key)
    if not layers:
        raise ConfigError(Problem(place, f"layer_decay: no parameter is below {BACKBONE!r}"))
    chosen: dict[str, float] = {}
    for groups in layers.values():
        for number, keys in enumerate(groups.values()):
            chosen.update(dict.fromkeys(keys, decay ** (len(groups) - number)))
    _multiply(named, chosen)


def layer_of(key: str) -> tuple[str, str]:
    """Return the network (empty but in a distillation) and the backbone's layer of a key, or ''.

    ``backbone.stages.2.conv.weight`` is of ``stages.2``; what the backbone holds itself
    (``backbone.pos_embed``) lies before every layer.
    """
    words = key.split(".")
    if BACKBONE not in words[:-1]:
        return "", ""
    place = words.index(BACKBONE)
    inside = words[place + 1 :]
    network = ".".join(words[:place])
    if len(inside) == 1:
        return network, "."
    return network, ".".join(inside[:2] if inside[1].isdigit() else inside[:1])


def _multiply(named: Mapping[str, Any], factors: Mapping[str, float]) -> None:
    for key, factor in factors.items():
        settings = named[key].optimize_attr
        # a mapping of its own: parameters made from one ParamAttr share theirs
        named[key].optimize_attr = {**settings, RATE: settings[RATE] * factor}


def _positive(factor: Any) -> bool:
    return isinstance(factor, int | float) and not isinstance(factor, bool) and factor > 0


def _freeze(factor: Any) -> str:
    return "; to keep parameters as they are use Global.freeze" if factor == 0 else ""


def _layers(keys: Iterable[str]) -> list[str]:
    """Return every name that stands for a layer, the outermost first."""
    found = {
        ".".join(words[:length]): length
        for words in (key.split(".") for key in keys)
        for length in range(1, len(words) + 1)
    }
    return sorted(found, key=lambda name: found[name])


def _tops(keys: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(key.partition(".")[0] for key in keys))
