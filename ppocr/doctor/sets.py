"""The training and evaluation sets of a config, every row looked at once.

Rows are examined in worker processes and come back as columns; what is kept per row is a few
numbers, so that a set of millions fits.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from ppocr.config import Section, as_section, offers
from ppocr.data import DATASETS
from ppocr.data.build import loader_settings, sampler_of
from ppocr.data.fetch import Fetcher
from ppocr.data.mixture import Mixture
from ppocr.data.sampler import Request, order
from ppocr.data.settings import LoaderSettings
from ppocr.data.source import Source
from ppocr.data.workers import Workers
from ppocr.doctor.rows import MAX_PIXELS, Examiner, Facts, Team, Trouble
from ppocr.transforms import create_operators
from ppocr.transforms.decode import CV_LIMIT
from ppocr.utils.exits import OcrError
from ppocr.utils.runtime import processors

MODES = ("Train", "Eval")
CHUNK = 32
STALL_S = 120.0
MOST_WORKERS = 4
MOST_EXAMPLES = 1000  # troubles of one kind that are kept with place and detail
SMALL_INTS = ("width", "height", "length", "bare", "steps")


@dataclass(slots=True)
class Set:
    """One section of the config and what was found in its rows."""

    mode: str
    section: Section
    source: Source | None = None
    ops: list[Any] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)
    mixture: Mixture | None = None
    loader: LoaderSettings = field(default_factory=LoaderSettings)
    error: str = ""
    looked_at: int = 0
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    characters: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    troubles: list[Trouble] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def training(self) -> bool:
        """Whether the model learns from it."""
        return self.mode == MODES[0]

    @property
    def total(self) -> int:
        """How many rows its files have."""
        return self.source.total if self.source is not None else 0

    def column(self, name: str) -> np.ndarray:
        """Return a column, empty if no row had it."""
        return self.columns.get(name, np.zeros(0, np.int64))

    @property
    def refused(self) -> int:
        """How many of the rows that were looked at training refuses."""
        return int((~self.column("used").astype(bool)).sum())

    @property
    def broken(self) -> np.ndarray:
        """The numbers of the rows that cannot be used whatever the model."""
        return self.column("row")[self.column("broken").astype(bool)]

    def op(self, attribute: str) -> Any:
        """Return the first operation that has an attribute, or None."""
        return next((op for op in self.ops if hasattr(op, attribute)), None)

    def value(self, attribute: str, default: Any = None) -> Any:
        """Return an attribute of the first operation that has it."""
        return getattr(self.op(attribute), attribute, default)


def open_sets(config: Section, seed: int) -> list[Set]:
    """Return the sets of a config, opened; one that cannot be opened says why in ``error``."""
    return [_opened(config, mode, seed) for mode in MODES if config.get(mode)]


def examine(sets: Sequence[Set], task: str, seed: int, limit: int = 0, quiet: bool = False) -> None:
    """Look at the rows of the sets (at ``limit`` of each, drawn by the seed, if it has more)."""
    usable = [one for one in sets if one.source is not None and one.total]
    team = Team(
        [
            Examiner(one.source, one.ops, task, one.training, seed, one.extras)
            for one in usable
            if one.source is not None
        ]
    )
    requests = []
    for one, first in zip(usable, team.firsts, strict=False):
        rows = np.arange(one.total)
        if 0 < limit < one.total:
            rows = np.sort(order(one.total, seed, 0)[:limit])
        one.looked_at = len(rows)
        requests += _requests(rows + first)
    pieces: list[dict[str, list[Any]]] = [{} for _ in usable]
    total = sum(len(request.positions) for request in requests)
    with tqdm(total=total, desc="rows", unit="", disable=quiet) as bar:
        for number, facts, count in _facts(team, requests):
            _take(usable[number], facts, pieces[number])
            bar.update(count)
    for one, found in zip(usable, pieces, strict=True):
        one.columns = {name: np.concatenate(values) for name, values in found.items()}


def _requests(positions: np.ndarray) -> list[Request]:
    return [
        Request(0, tuple(positions[start : start + CHUNK].tolist()))
        for start in range(0, len(positions), CHUNK)
    ]


def _facts(team: Team, requests: Sequence[Request]) -> Iterator[tuple[int, Facts, int]]:
    if not requests:
        return
    # OpenCV reads it when it is loaded: formats whose header we do not know have a limit as well
    before = os.environ.get(CV_LIMIT)
    os.environ[CV_LIMIT] = str(MAX_PIXELS)  # for the processes that start here
    workers = Workers(team, min(_workers(), len(requests)), False, STALL_S)
    try:
        for fetched in workers.run(iter(requests)):
            if fetched.batch is not None:
                yield fetched.batch["set"], fetched.batch["facts"], fetched.requested
    finally:
        workers.close()
        del os.environ[CV_LIMIT]
        if before is not None:
            os.environ[CV_LIMIT] = before


def _workers() -> int:
    return min(processors(), MOST_WORKERS)


def _take(one: Set, facts: Facts, pieces: dict[str, list[Any]]) -> None:
    for name, values in facts.columns.items():
        pieces.setdefault(name, []).append(_packed(name, values))
    one.characters.update(facts.characters)
    one.unknown.update(facts.unknown)
    one.labels.update(facts.labels)
    for trouble in facts.troubles:
        one.counts[trouble.kind] += 1
        if one.counts[trouble.kind] <= MOST_EXAMPLES:
            one.troubles.append(trouble)


def _packed(name: str, values: list[Any]) -> Any:
    """Return the values of a chunk as an array; sides of boxes with the number of their page."""
    if name in ("box_px", "seen_px"):
        return np.concatenate(values) if values else np.zeros((0, 2), np.float32)
    if name in ("digest", "label_digest", "look"):
        return np.array(values, np.uint64)
    kind = {"orientation": np.int8}.get(name, np.int32 if name in SMALL_INTS else None)
    return np.array(values, kind)


def _opened(config: Section, mode: str, seed: int) -> Set:
    section = as_section(config[mode])
    one = Set(mode, section)
    try:
        one.loader = loader_settings(section.get("loader"))
        source: Source = DATASETS.build(section["dataset"])
        ops = create_operators(list(source.transforms), dict(offers(config)))
        one.ops = source.with_ops(ops, one.training)
        one.extras = _extras(one, source, seed)
        one.source = source
    except OcrError as error:
        one.error = str(error)
    return one


def _extras(one: Set, source: Source, seed: int) -> dict[str, Any]:
    """Return what the sampler tells every sample of its first batch, such as a shape."""
    fetcher = Fetcher(source, one.ops, list, one.training, seed)
    if not len(fetcher):
        return {}
    sampler = sampler_of(one.section, fetcher, one.loader, one.training, seed)
    one.mixture = getattr(sampler, "mixture", None)
    first = next(iter(sampler.epoch(0)), None)
    return dict(first.extras) if first is not None else {}
