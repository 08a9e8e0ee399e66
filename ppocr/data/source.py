"""What every data set offers: rows that can be drawn per epoch and read one by one.

A data set knows files and labels, nothing about augmentation, batches or errors: those are
:mod:`ppocr.data.fetch`. Rows are numbered over all its files; which of them an epoch uses, and in
what multiplicity, is a pure function of (seed, epoch), so any process can work it out alone.
"""

from __future__ import annotations

import stat
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.config.errors import ConfigError
from ppocr.transforms.base import Rejected

MAX_IMAGE_BYTES = 256 << 20


class Source(ABC):
    """Rows of one or several files. Subclasses say how many there are and read one."""

    transforms: Sequence[Any]
    ext_op_transform_idx: int

    def __init__(self, sizes: Sequence[int], ratios: Sequence[float]) -> None:
        self.sizes = tuple(sizes)
        self.ratios = tuple(ratios)
        self._firsts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)

    @abstractmethod
    def read(self, row: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return the raw sample of a row: image (encoded bytes), label (text), place, path."""

    @abstractmethod
    def place(self, row: int) -> str:
        """Return where a row stands, as ``file:line``."""

    @abstractmethod
    def describe(self) -> list[str]:
        """Return one line per file: its name and how many rows were read and left out."""

    def with_ops(self, ops: list[Any], training: bool) -> list[Any]:
        """Return the operators to use, for sets that add one of their own."""
        return ops

    def proportions(self) -> np.ndarray | None:
        """Return width / height per row where the label files tell, else None."""
        return None

    @property
    def total(self) -> int:
        """How many rows all files have together."""
        return int(self._firsts[-1])

    def count(self, training: bool) -> int:
        """Return how many samples one epoch has."""
        return sum(self._share(size, ratio, training) for size, ratio in self._files())

    def draw(self, seed: int, epoch: int, training: bool) -> np.ndarray:
        """Return the row numbers of an epoch, in file order (int64).

        A ratio below 1 takes that part of a file, another part in each epoch of training; above
        1, every row as often as the whole number says and a random part once more.
        """
        parts = []
        for number, (size, ratio) in enumerate(self._files()):
            first = int(self._firsts[number])
            wanted = self._share(size, ratio, training)
            whole, rest = divmod(wanted, size) if size else (0, 0)
            rows = [np.arange(first, first + size)] * whole
            if rest:
                key = [(seed << 32) + (epoch if training else 0), (1 << 62) + number]
                draw = np.random.Generator(np.random.Philox(key=_words(key)))
                rows.append(first + np.sort(draw.choice(size, rest, replace=False)))
            parts += rows
        return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, np.int64)

    def where(self, row: int) -> tuple[int, int]:
        """Return (number of the file, row within the file)."""
        number = int(np.searchsorted(self._firsts, row, side="right")) - 1
        return number, row - int(self._firsts[number])

    def _files(self):
        return zip(self.sizes, self.ratios, strict=True)

    @staticmethod
    def _share(size: int, ratio: float, training: bool) -> int:
        return round(size * (ratio if training else min(ratio, 1.0)))


def ratios_for(count: int, given: Sequence[float] | float) -> list[float]:
    """Return one ratio per label file; a single number stands for all of them."""
    ratios = [float(given)] * count if isinstance(given, int | float) else [float(r) for r in given]
    if len(ratios) == 1:
        ratios = ratios * count
    if len(ratios) != count:
        raise ConfigError(f"ratio_list has {len(ratios)} values for {count} label files")
    if any(ratio < 0 for ratio in ratios):
        raise ConfigError(f"ratio_list may not hold negative values: {ratios}")
    return ratios


def read_image(path: Path, place: str) -> bytes:
    """Return the bytes of an image file; ``Rejected`` says why it cannot be read."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Rejected("not a file", f"{place}: {path} is not a regular file")
        if found.st_size > MAX_IMAGE_BYTES:
            raise Rejected("file too large", f"{place}: {path} has {found.st_size} bytes")
        if found.st_size == 0:
            raise Rejected("empty file", f"{place}: {path} has no content")
        return path.read_bytes()
    except FileNotFoundError:
        raise Rejected("missing file", f"{place}: no such file: {path}") from None
    except (OSError, ValueError) as error:
        raise Rejected("unreadable file", f"{place}: {path}: {error}") from error


def generator(seed: int, epoch: int, position: int, attempt: int = 0) -> np.random.Generator:
    """Return the random generator of one sample: the same in every process and order."""
    key = [(seed << 32) + epoch, (attempt << 40) + position]
    return np.random.Generator(np.random.Philox(key=_words(key)))


def _words(key: list[int]) -> list[int]:
    return [word & 0xFFFFFFFFFFFFFFFF for word in key]
