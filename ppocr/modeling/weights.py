"""Weights from a file into a network: all of them, or a list of what does not fit.

What a file lacks is an error unless the caller names it, because a network that keeps some
random weights looks trained and is not. A file may hold more than the network (heads that
only training needs): that is reported and allowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from paddle import Tensor, nn

from ppocr.modeling.classes import adapt, class_counts
from ppocr.modeling.parts import below
from ppocr.utils import checkpoints, pickles, safetensors_file
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.logs import get_logger

BACKBONE = "backbone."
PREFERRED = ("Student.", "student.")
LINES = 10
PARTS = 4  # that may be missing, to be taken for parts and not for another network
OTHER_DICTIONARY = (
    "the dictionary of the config is not the one these weights were trained with: "
    "what is new in it is never read, what it lacks is lost"
)

Params = Mapping[str, np.ndarray]
Dictionaries = tuple[Sequence[str], Sequence[str]]  # those of a file, those of a network


@dataclass
class Report:
    """What became of a file: ``lines()`` says it in at most ten lines."""

    path: str
    total: int
    matched: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    reshaped: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the whole network, or all that was asked of the file, is loaded."""
        return not self.missing and not self.reshaped

    def lines(self) -> list[str]:
        """Return the summary, then groups of what did not fit, largest first."""
        share = 100.0 * self.matched / max(self.total, 1)
        text = f"{share:.3g}" if self.matched == self.total else f"{min(share, 99.9):.3g}"
        found = [f"{self.path}: matched {self.matched} of {self.total} ({text} %)", *self.notes]
        groups = [
            *_grouped("missing in the file", self.missing),
            *_grouped("other shape", self.reshaped),
            *_grouped("left as initialised (allowed)", self.allowed),
            *_grouped("only in the file", self.extra),
        ]
        room = LINES - len(found)
        if len(groups) > room:
            groups = [*groups[: room - 1], f"  ... and {len(groups) - room + 1} groups more"]
        return found + groups

    def __str__(self) -> str:
        return "\n".join(self.lines())


def load_weights(
    model: nn.Layer,
    path: str | Path,
    allow_partial: Sequence[str] = (),
    whole: bool = False,
    dictionaries: Dictionaries | None = None,
    network: str = "",
    prefer: str = "",
) -> Report:
    """Return the report after giving ``model`` the weights of a file or https address.

    ``path`` is as for ``read_params``. ``allow_partial`` holds patterns (``head.*``) of
    keys that may keep their initial values. A file of a backbone alone is loaded as such,
    unless the network is wanted ``whole``, as everywhere but in training. Any other gap
    is a DataError that lists what is missing, and leaves the network as it was.

    ``dictionaries`` are the characters that the file was trained with and those of the
    network, where they differ: classes are then matched by character (see classes.py).
    ``network`` is the name by which a checkpoint of several holds this one (see parts.py);
    ``prefer`` the one to take where several would fit.
    """
    state = model.state_dict()
    given = read_params(path)
    if network and not set(state) & set(given):
        given = below(given, network, str(path))
    params, notes, wanted = _recognise(state, given, prefer)
    report = Report(str(path), len(wanted), notes=notes)
    if dictionaries is not None:
        params, change = adapt(model, params, *dictionaries)
        report.notes += [str(change)] if change else []
        if whole and change:
            get_logger().warning(OTHER_DICTIONARY)
    chosen = match(state, params, wanted, report, allow_partial)
    if whole and report.total < len(state):
        raise DataError(f"{report}\nthe rest of the network would be random")
    if not report.complete:
        raise DataError(f"{report}\n{_remedy(model, params, report)}")
    for key, value in chosen.items():
        state[key].set_value(value)
    for line in report.lines():
        get_logger().info("%s", line)
    return report


def load_pretrained(
    model: nn.Layer,
    allow_partial: Sequence[str] = (),
    find_dictionaries: Callable[[str], Dictionaries | None] | None = None,
) -> list[Report]:
    """Return the reports after giving networks of a distillation what their sections name.

    To be called once, where training begins; a network of its own names nothing.
    ``find_dictionaries`` gives what ``load_weights`` calls ``dictionaries`` for a path. Which
    network an error is about stands at its front.
    """
    reports = []
    for name, path in getattr(model, "pretrained", {}).items():
        try:
            others = find_dictionaries(path) if find_dictionaries else None
            network = model.networks[name]
            report = load_weights(network, path, allow_partial, dictionaries=others, prefer=name)
            reports.append(report)
        except (DataError, MissingInput) as error:
            where = f"{model.places[name]}: {name}.pretrained"
            raise type(error)(f"{where}: {error}") from error
    return reports


def read_params(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of a weights file by key.

    ``path`` is as for ``checkpoints.find``: a prefix, a .pdparams or .safetensors file, or an
    http(s) address, which is downloaded once; ``...#sha256=<hex>`` at its end is the checksum
    to insist on.
    """
    place = checkpoints.find(path, weights_only=True).params
    if place.suffix == checkpoints.SAFETENSORS:
        value, _ = safetensors_file.read(place)
    else:
        value = pickles.read(place)
    if not isinstance(value, Mapping):
        raise DataError(f"{place} holds a {type(value).__name__}, not weights by name")
    params = {key: one for key, one in value.items() if isinstance(one, np.ndarray)}
    if not params:
        raise DataError(f"{place} holds no weights")
    broken = [
        key for key, one in params.items() if one.dtype.kind == "f" and not np.isfinite(one).all()
    ]
    if broken:
        raise DataError(f"{place}: {len(broken)} arrays are not finite, the first is {broken[0]}")
    return params


def match(
    state: Mapping[str, Tensor],
    params: Params,
    wanted: Sequence[str],
    report: Report,
    allow_partial: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """Return the arrays to set, in the network's types, and fill the report with the others."""
    chosen: dict[str, np.ndarray] = {}
    held = {id(state[key]) for key in wanted if key in params}
    cast: Counter[str] = Counter()
    for key in wanted:
        tensor = state[key]
        if key not in params:
            twin = id(tensor) in held  # the same tensor under another key is there
            _sort_out(report, key, key, report.missing, allow_partial, twin)
        elif list(tensor.shape) != list(params[key].shape):
            text = f"{key} {list(params[key].shape)} instead of {list(tensor.shape)}"
            _sort_out(report, key, text, report.reshaped, allow_partial, False)
        else:
            chosen[key], kind = _in_type_of(tensor, params[key])
            cast[kind] += kind != ""
            report.matched += 1
    report.notes += [
        f"converted {count} arrays from {kind}" for kind, count in cast.items() if count
    ]
    report.extra = [key for key in params if key not in state]
    return chosen


def _remedy(model: nn.Layer, params: Params, report: Report) -> str:
    """Return what to do about an incomplete report."""
    suited = [name for name, one in getattr(model, "networks", {}).items() if _covers(one, params)]
    if not report.matched and suited:
        named = " ".join(f"Architecture.Models.{name}.pretrained=..." for name in suited)
        return (
            "nothing was loaded: these are not the weights of all networks together, but they fit "
            f"{' and '.join(suited)} alone: -o Global.pretrained_model= {named}"
        )
    counts = class_counts(model, params)
    if report.missing or counts is None:
        patterns = _patterns(report.missing, params) if report.matched else []
        if not patterns or report.reshaped:
            return "nothing was loaded; Global.allow_partial can name exceptions"
        return (
            "nothing was loaded; where these may begin with random numbers, say so: "
            f"-o Global.allow_partial=[{','.join(patterns)}]"
        )
    return (
        f"nothing was loaded: the file has {counts[0]} classes, this network {counts[1]}, so it "
        "was trained with another dictionary. Global.pretrained_character_dict_path=... names "
        "that one, and classes are then matched by character"
    )


def _covers(network: nn.Layer, params: Params) -> bool:
    """Return whether a file holds what one network, or its backbone, can begin with."""
    state = network.state_dict()
    arrays, _, wanted = _recognise(state, params, "")
    return all(
        key in arrays and list(arrays[key].shape) == list(state[key].shape) for key in wanted
    )


def _patterns(missing: Sequence[str], params: Params) -> list[str]:
    """Return patterns for parts that a file lacks altogether, [] where it lacks bits and pieces."""
    fronts = dict.fromkeys(".".join(key.split(".")[:2]) for key in missing)
    if len(fronts) > PARTS or any(key.startswith(f"{one}.") for one in fronts for key in params):
        return []
    return [f"{one}.*" for one in fronts]


def _sort_out(
    report: Report, key: str, text: str, problems: list[str], patterns: Sequence[str], twin: bool
) -> None:
    if twin:
        report.matched += 1
    elif any(fnmatchcase(key, pattern) for pattern in patterns):
        report.allowed.append(text)
    else:
        problems.append(text)


def _recognise(
    state: Mapping[str, Tensor], params: Params, prefer: str
) -> tuple[dict[str, np.ndarray], list[str], list[str]]:
    """Return the params under the network's names, notes, and the keys to be covered."""
    prefix = _prefix(state, params, prefer)
    notes = []
    renamed = dict(params)
    if prefix:
        renamed = {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}
        left = Counter(key.split(".")[0] for key in params if not key.startswith(prefix))
        others = ", ".join(f"{name} ({count})" for name, count in left.items())
        notes.append(f"took what is below '{prefix}'" + (f"; left out {others}" if left else ""))
    backbone = [key for key in state if key.startswith(BACKBONE)]
    alone = _backbone_alone(state, backbone, renamed)
    if alone is None:
        return renamed, notes, list(state)
    arrays, how = alone
    notes.append(
        f"the file holds a backbone alone ({how}); the other {len(state) - len(backbone)} "
        "keys keep their initial values"
    )
    return arrays, notes, backbone


def _prefix(state: Mapping[str, Tensor], params: Params, prefer: str) -> str:
    """Return what to cut from the front of the file's keys so that most of them fit."""
    first = (f"{prefer}.", f"module.{prefer}.", *PREFERRED)
    best, best_count = "", sum(key in state for key in params)
    names = dict.fromkeys(_fronts(params))
    ranks = {name: rank for rank, name in enumerate(first)}
    for prefix in sorted(names, key=lambda name: (ranks.get(name, len(first)), name)):
        count = sum(k.startswith(prefix) and k.removeprefix(prefix) in state for k in params)
        if count > best_count:
            best, best_count = prefix, count
    return best


def _fronts(params: Iterable[str]) -> Iterable[str]:
    """Yield 'module.', 'Student.', 'module.Student.' of the keys."""
    for key in params:
        words = key.split(".")
        for depth in (1, 2):
            if len(words) > depth:
                yield ".".join(words[:depth]) + "."


def _backbone_alone(
    state: Mapping[str, Tensor], backbone: Sequence[str], params: Params
) -> tuple[dict[str, np.ndarray], str] | None:
    """Return a backbone's weights under the network's keys, if that is all a file holds."""
    if not backbone or len(backbone) == len(state):
        return None
    if params and all(key.startswith(BACKBONE) for key in params):
        return dict(params), "by name"
    if sum(BACKBONE + key in state for key in params) > sum(key in state for key in params):
        return {
            BACKBONE + key: value for key, value in params.items()
        }, "by name without 'backbone.'"
    if any(key in state for key in params):
        return None
    return _by_order(state, backbone, params)


def _by_order(
    state: Mapping[str, Tensor], backbone: Sequence[str], params: Params
) -> tuple[dict[str, np.ndarray], str] | None:
    """Return weights paired one by one, if the file begins with exactly the backbone's kinds.

    Classification networks publish the same layers under other names; kind and shape of
    every single array have to agree.
    """
    if len(params) < len(backbone):
        return None
    paired = dict(zip(backbone, params.items(), strict=False))
    for key, (other, value) in paired.items():
        same_kind = key.rsplit(".", 1)[-1] == other.rsplit(".", 1)[-1]
        if not same_kind or list(state[key].shape) != list(value.shape):
            return None
    return {key: value for key, (_, value) in paired.items()}, "by order and shape, names differ"


def _in_type_of(tensor: Tensor, value: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the array in the tensor's type and, if it had another, the name of that one."""
    wanted = str(tensor.dtype).removeprefix("paddle.")
    if wanted == "bfloat16" or str(value.dtype) == wanted:
        return value, ""
    if value.dtype == np.uint16:  # how bfloat16 is stored
        return (value.astype(np.uint32) << 16).view(np.float32).astype(wanted), "bfloat16"
    return value.astype(wanted), str(value.dtype)


def _grouped(title: str, entries: Sequence[str]) -> list[str]:
    """Return one line per part of the network, with its number of entries and the first."""
    groups: dict[str, list[str]] = {}
    for entry in entries:
        groups.setdefault(entry.split(".")[0], []).append(entry)
    ordered = sorted(groups.values(), key=len, reverse=True)
    return [
        f"  {title}: {group[0]}" + (f" and {len(group) - 1} more" if len(group) > 1 else "")
        for group in ordered
    ]
