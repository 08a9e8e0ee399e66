"""Recorded cases of the original: where they lie, how to read them, how to rebuild their inputs.

A directory of cases has this layout (`--golden DIR`, default `tests/golden`)::

    ops/<kind>.json               row kinds: a list, one case per element
    ops/<kind>/<case>.json, .npz  case kinds: settings and small results, arrays
    forward/<config>__<a|b>.json, .npz
    grad/<config>.json
    models/<config>.json          parameter manifests

Every test is parametrised over whatever the directory holds::

    @pytest.mark.parametrize("row", case_rows("encode", op=("CTCLabelEncode",)))
    @pytest.mark.parametrize("case", cases("map_border"))

and calls `need(OPS, row["op"])` when the component may not exist yet, which skips by name.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ppocr.text.charset import read_dictionary

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[1] / "golden"
MISSING = "no component"
PRIVATE_USE = 0xF0000  # first code point of a plane without characters


@dataclass
class _InUse:
    """The directory chosen on the command line; set once, before test modules are imported."""

    path: Path = field(default=DEFAULT_DIRECTORY)


_in_use = _InUse()


def use(path: Path) -> None:
    """Read all cases from this directory from now on."""
    _in_use.path = path


def directory() -> Path:
    """Return the directory of recorded cases in use."""
    return _in_use.path


@dataclass(frozen=True)
class Case:
    """One recorded case: its JSON as `meta`, its arrays as `arrays`."""

    json_path: Path

    @property
    def name(self) -> str:
        return self.json_path.stem

    @cached_property
    def meta(self) -> dict[str, Any]:
        with self.json_path.open(encoding="utf-8") as file:
            return json.load(file)

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by key; empty when the case has no .npz."""
        path = self.json_path.with_suffix(".npz")
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}

    def part(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays below `prefix/`, without the prefix (`in`, `out`, `eval`, ...)."""
        start = prefix.rstrip("/") + "/"
        return {k[len(start) :]: v for k, v in self.arrays.items() if k.startswith(start)}

    def __getitem__(self, key: str) -> Any:
        return self.meta[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.meta.get(key, default)


def row_list(kind: str) -> list[dict[str, Any]]:
    """Return the rows of a row kind; an empty list when the directory has none."""
    path = directory() / "ops" / f"{kind}.json"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def case_list(kind: str, *, shared: bool = False) -> list[Case]:
    """Return the cases of a case kind, sorted by name.

    `shared` inputs (`db_maps`) fall back to those of this project where the directory, such
    as one of held-back rows, does not repeat them.
    """
    found = _cases_in(directory() / "ops" / kind)
    if shared:
        here = {case.name for case in found}
        found += [c for c in _cases_in(DEFAULT_DIRECTORY / "ops" / kind) if c.name not in here]
    return found


def case_rows(kind: str, *, op: Sequence[str] | str | None = None) -> list[Any]:
    """Return the rows as pytest parameters; `op` keeps those of these components only."""
    rows = [row for row in row_list(kind) if _wanted(row.get("op"), op)]
    return _parameters(rows, [row["name"] for row in rows], kind)


def cases(kind: str, *, op: Sequence[str] | str | None = None) -> list[Any]:
    """Return the cases as pytest parameters; `op` keeps those of these components only."""
    found = [case for case in case_list(kind) if op is None or _wanted(case.get("op"), op)]
    return _parameters(found, [case.name for case in found], kind)


def forward_cases(*, config: Callable[[str], bool] | None = None) -> list[Any]:
    """Return the forward cases as pytest parameters; `config` filters by config stem."""
    found = [c for c in _cases_in(directory() / "forward") if _keep(c.name.split("__")[0], config)]
    return _parameters(found, [case.name for case in found], "forward")


def grad_cases(*, config: Callable[[str], bool] | None = None) -> list[Any]:
    """Return the gradient cases as pytest parameters."""
    found = [c for c in _cases_in(directory() / "grad") if _keep(c.name, config)]
    return _parameters(found, [case.name for case in found], "grad")


def manifests(*, config: Callable[[str], bool] | None = None) -> list[Any]:
    """Return the parameter manifests as pytest parameters."""
    found = [c for c in _cases_in(directory() / "models") if _keep(c.name, config)]
    return _parameters(found, [case.name for case in found], "models")


def need(registry: Any, name: str, model_type: str = "any") -> None:
    """Skip the running test, by name, when `name` is not in the registry."""
    if name not in registry.names(model_type):
        skip_missing(name)


def skip_missing(name: str) -> None:
    """Skip the running test because the component called `name` does not exist here."""
    pytest.skip(f"{MISSING} {name}")


def missing_in(reports: Iterable[Any]) -> Counter[str]:
    """Return how many tests were skipped for each missing component."""
    counts: Counter[str] = Counter()
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        found = re.search(rf"{MISSING} (.+)$", reason)
        if found:
            counts[found.group(1)] += 1
    return counts


def dictionary_lines(path: str) -> tuple[str, ...]:
    """Return the lines of a dictionary that cases name, or skip by its name.

    An official dictionary that is not part of this project is stood in for by one of the same
    length in which the characters of the recorded texts are on their lines and all others are
    private-use characters.
    """
    if (DEFAULT_DIRECTORY.parents[1] / path).is_file():
        return read_dictionary(path)
    recorded = DEFAULT_DIRECTORY / "dictionaries" / f"{Path(path).stem}.json"
    if not recorded.is_file():
        skip_missing(path)
    with recorded.open(encoding="utf-8") as file:
        known = json.load(file)
    lines = [chr(PRIVATE_USE + number) for number in range(known["lines"])]
    for number, character in {**_lines_told(path), **known["line_numbers"]}.items():
        lines[int(number) - 1] = character
    return tuple(lines)


# entry and first place of labels that are line numbers
NUMBERED = {
    "CTCLabelEncode": ("label", 0),
    "MultiLabelEncode": ("label_ctc", 0),
    "AttnLabelEncode": ("label", 1),
}


def _lines_told(path: str) -> dict[str, str]:
    """Return line numbers that label rows of the directory in use tell without doubt.

    A row without unknown characters has one label per character, and a label is a line number.
    What such rows prove is everything around the numbers, not the numbers themselves.
    """
    told = {}
    for row in row_list("encode"):
        if row["op"] not in NUMBERED or row["params"].get("character_dict_path") != path:
            continue
        if row["rejected"] or row["out"]["length"] != len(row["text"]):
            continue
        entry, first = NUMBERED[row["op"]]
        labels = row["out"][entry][first : first + len(row["text"])]
        told.update({str(number): mark for number, mark in zip(labels, row["text"], strict=True)})
    return {number: mark for number, mark in told.items() if mark != " "}


# --- weights and inputs are not stored: they follow from a name and a shape ---


def golden_weight(
    key: str, shape: Sequence[int], gain: float, overrides: Sequence[Sequence[Any]] = ()
) -> np.ndarray | None:
    """Return the recorded weight of `key` as float32, or None where the constructor's is kept."""
    random = np.random.RandomState(zlib.crc32(key.encode("utf-8")) & 0xFFFFFFFF)
    shape = tuple(int(n) for n in shape)
    values = _draw(random, key.rsplit(".", 1)[-1], shape, gain).astype(np.float32).reshape(shape)
    for pattern, factor, *least_ndim in overrides:
        if not re.search(pattern, key) or (least_ndim and len(shape) < least_ndim[0]):
            continue
        if factor == "keep":
            return None
        values = values * np.float32(factor)
    return values


def fill_weights(
    state: Mapping[str, Any],
    gain: float,
    overrides: Sequence[Sequence[Any]] = (),
    kept: Mapping[str, np.ndarray] | None = None,
    is_filled: Callable[[str, Any], bool] | None = None,
) -> tuple[dict[str, np.ndarray], int]:
    """Return the recorded weights of a state dict, and their chained checksum.

    `state` maps keys to anything with a shape, in state_dict order. An object that appears
    under several keys is drawn once, under its first key. `kept` holds the values of weights
    that stay as constructed (`kept/<key>` of the case). Plain buffers are neither filled nor
    counted: `is_filled(key, tensor)` tells them apart (default: parameters, which carry
    `optimize_attr`, arrays, and the running statistics of batch normalisation).
    """
    is_filled = is_filled or _is_filled
    values: dict[str, np.ndarray] = {}
    first_keys: dict[int, str] = {}
    checksum = 0
    for key, tensor in state.items():
        if not is_filled(key, tensor):
            continue
        first = first_keys.setdefault(id(tensor), key)
        if first != key:
            values[key] = values[first]
            continue
        value = golden_weight(key, tuple(tensor.shape), gain, overrides)
        if value is None:
            value = np.asarray((kept or {})[key], dtype=np.float32)
        values[key] = value
        checksum = zlib.crc32(np.ascontiguousarray(value).tobytes(), checksum)
    return values, checksum


def make_input(tag: str, shape: Sequence[int], clip: float = 2.0) -> np.ndarray:
    """Return the recorded network input (NCHW, float32) for a tag."""
    random = np.random.RandomState(zlib.crc32(tag.encode("utf-8")) & 0xFFFFFFFF)
    count, channels, height, width = (int(n) for n in shape)
    low = random.standard_normal((count, channels, -(-height // 8), -(-width // 8)))
    fine = random.standard_normal((count, channels, height, width))
    coarse = np.repeat(np.repeat(low, 8, axis=2), 8, axis=3)[:, :, :height, :width]
    return np.clip(0.7 * coarse + 0.3 * fine, -clip, clip).astype(np.float32)


def checksum(array: np.ndarray) -> int:
    """Return the crc32 of the bytes of an array."""
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


def gradient_probe(path: str, shape: Sequence[int]) -> np.ndarray:
    """Return the fixed random projection (float32) used for an output in gradient cases."""
    random = np.random.RandomState(zlib.crc32(f"grad:{path}".encode()) & 0xFFFFFFFF)
    return random.standard_normal(tuple(shape)).astype(np.float32)


def flatten(tree: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of nested dicts, lists and tuples by path (`a/0/b`); `out` if bare."""
    if isinstance(tree, Mapping):
        items: Iterable[tuple[Any, Any]] = tree.items()
    elif isinstance(tree, (list, tuple)):
        items = enumerate(tree)
    else:
        return {path or "out": tree}
    leaves: dict[str, Any] = {}
    for key, value in items:
        leaves.update(flatten(value, f"{path}/{key}" if path else str(key)))
    return leaves


# --- private ---


def _draw(
    random: np.random.RandomState, leaf: str, shape: tuple[int, ...], gain: float
) -> np.ndarray:
    size = int(np.prod(shape, dtype=np.int64))
    if leaf == "_mean":
        return 0.1 * random.standard_normal(size)
    if leaf == "_variance":
        return random.uniform(0.5, 1.5, size)
    if len(shape) <= 1:
        centre = 1.0 if leaf in ("weight", "scale") else 0.0
        return centre + 0.1 * random.standard_normal(size)
    return random.standard_normal(size) * (gain / np.sqrt(max(_fan(leaf, shape), 1)))


def _fan(leaf: str, shape: tuple[int, ...]) -> int:
    if len(shape) > 2:
        return int(np.prod(shape[1:], dtype=np.int64))
    recurrent = "weight_ih" in leaf or "weight_hh" in leaf
    return shape[1] if recurrent else shape[0]


def _is_filled(key: str, tensor: Any) -> bool:
    if isinstance(tensor, np.ndarray) or hasattr(tensor, "optimize_attr"):
        return True
    return key.rsplit(".", 1)[-1] in ("_mean", "_variance")


def _cases_in(folder: Path) -> list[Case]:
    return [Case(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def _parameters(values: Sequence[Any], names: Sequence[str], kind: str) -> list[Any]:
    if not values:
        mark = pytest.mark.skip(reason=f"no recorded cases of kind {kind} in this directory")
        return [pytest.param(None, id=f"{kind}:none", marks=mark)]
    return [pytest.param(value, id=name) for value, name in zip(values, names, strict=True)]


def _wanted(name: Any, op: Sequence[str] | str | None) -> bool:
    return op is None or name in ((op,) if isinstance(op, str) else op)


def _keep(stem: str, config: Callable[[str], bool] | None) -> bool:
    return config is None or config(stem)
