"""What the doctor says: findings in order of weight, and the settings that act on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppocr import config as configs
from ppocr.config import ConfigError, Section, named
from ppocr.doctor.sets import MODES, Set
from ppocr.pipeline import checks
from ppocr.report.blocks import Chart, Table

STOP, RUIN, WARN, NOTE = LEVELS = ("stop", "ruin", "warn", "note")
MEANING = {
    STOP: "stops the training",
    RUIN: "ruins the result in silence",
    WARN: "costs accuracy",
    NOTE: "good to know",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know. ``gain``: the part of the samples that it concerns, 0..1."""

    code: str
    level: str
    title: str
    text: str
    gain: float = 0.0
    overrides: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def weight(self) -> tuple[int, float]:
        """Return what findings are sorted by: the graver first, then the larger gain."""
        return LEVELS.index(self.level), -self.gain


@dataclass(frozen=True, slots=True)
class Picture:
    """A sample to be shown: where it is, and what to say below it."""

    one: Set
    row: int
    caption: str
    boxes: bool = False


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures side by side."""

    title: str
    pictures: tuple[Picture, ...]


Block = Table | Chart | Gallery


@dataclass(slots=True)
class Chapter:
    """One subject of the report: drawings and tables, and the same numbers for report.json."""

    title: str
    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Case:
    """Everything the chapters are written from."""

    config: Section
    path: str
    overrides: list[str]
    task: str
    sets: list[Set]
    folder: Path
    seed: int = 0
    left_out: dict[str, set[int]] = field(default_factory=dict)  # rows by set, see `lists`

    @property
    def train(self) -> Set | None:
        """The training set, if it could be opened."""
        return self._set(MODES[0])

    @property
    def evaluation(self) -> Set | None:
        """The evaluation set, if there is one and it could be opened."""
        return self._set(MODES[1])

    @property
    def opened(self) -> list[Set]:
        """The sets whose rows were looked at."""
        return [one for one in self.sets if one.looked_at]

    def _set(self, mode: str) -> Set | None:
        return next((one for one in self.opened if one.mode == mode), None)

    def accepted(self, overrides: Sequence[str]) -> tuple[str, ...]:
        """Return the overrides if the config takes them, else nothing."""
        if not overrides:
            return ()
        try:
            root, _ = configs.read(self.path, [*self.overrides, *overrides])
        except ConfigError:
            return ()
        return tuple(overrides) if not checks.check(root).problems else ()


def op_overrides(
    case: Case,
    key: str,
    value: Callable[[Mapping[str, Any]], Any],
    modes: Sequence[str] = MODES,
    missing: str = "",
) -> list[str]:
    """Return the overrides that set ``key`` in every operation of the sets that states it.

    ``value`` is given the operation's settings; None leaves it alone. An operation called
    ``missing`` takes the key even where it does not state it.
    """
    found = []
    for mode in modes:
        dataset = (case.config.get(mode) or {}).get("dataset") or {}
        entries = [named(entry) for entry in dataset.get("transforms") or []]
        names = [name for name, _ in entries]
        for number, (name, settings) in enumerate(entries):
            wanted = value(settings) if key in settings or name == missing else None
            if wanted is not None:
                step = f".{name}" if names.count(name) == 1 else f"[{number}].{name}"
                found.append(f"{mode}.dataset.transforms{step}.{key}={_yaml(wanted)}")
    return found


def _yaml(value: Any) -> str:
    """Return a value as it is written after -o."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_yaml(key)}: {_yaml(one)}' for key, one in value.items())}}}"
    if isinstance(value, str) and set(value) & set(",[]{}#:&*'\""):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def set_override(one: Set, key: str, value: Any) -> str:
    """Return the override of a key of a data set."""
    return f"{one.mode}.dataset.{key}={_yaml(value)}"


def sampler_override(one: Set, key: str, value: Any) -> str:
    """Return the override of a key of the sampler of a set."""
    return f"{one.mode}.sampler.{key}={_yaml(value)}"


def many(number: int, word: str) -> str:
    """Return '1 row' or '5 rows'."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def part(count: float, whole: float) -> float:
    """Return count / whole, 0 when there is nothing."""
    return float(count) / float(whole) if whole else 0.0


def percent(count: float, whole: float) -> str:
    """Return a share as people read it: '43 %', '11.9 %', '0.3 %', 'under 0.1 %'."""
    share = 100 * part(count, whole)
    if 0 < share < 0.1:
        return "under 0.1 %"
    tenths = round(share, 1)
    return f"{share:.0f} %" if share >= 20 or tenths == int(tenths) else f"{tenths:.1f} %"
