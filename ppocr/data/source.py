"""What every data set offers: rows that can be drawn per epoch and read one by one.

A data set knows files and labels, nothing about augmentation, batches or errors: those are
:mod:`ppocr.data.fetch`. Rows are numbered over all its files; which of them an epoch uses, and in
what multiplicity, is a pure function of (seed, epoch), so any process can work it out alone.
"""

from __future__ import annotations

import stat
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppocr.transforms.base import Rejected

MAX_IMAGE_BYTES = 256 << 20
SAMPLED = 32  # labels of a file that tell it from another


class Span(NamedTuple):
    """The positions of one file in an epoch: from ``first`` up to and without ``end``."""

    name: str
    first: int
    end: int


class Source(ABC):
    """Rows of one or several files. Subclasses say how many there are and read one."""

    transforms: Sequence[Any]
    ext_op_transform_idx: int

    def __init__(self, sizes: Sequence[int], ratios: Sequence[float]) -> None:
        self.sizes = tuple(sizes)
        self.ratios = tuple(ratios)
        self._firsts = _sums(self.sizes)
        self._begins = {
            training: _sums([self._share(number, training) for number in range(len(self.sizes))])
            for training in (True, False)
        }

    @abstractmethod
    def read(self, row: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return the raw sample of a row: image (encoded bytes), label (text), place, path."""

    @abstractmethod
    def label(self, row: int) -> str:
        """Return the label of a row without its image; ``Rejected`` if it cannot be read."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The files that the rows come from: label files, or folders of databases."""

    @abstractmethod
    def place(self, row: int) -> str:
        """Return where a row stands, as ``file:line``."""

    @abstractmethod
    def describe(self) -> list[str]:
        """Return one line per file: its name and how many rows were read and left out."""

    def contents(self) -> list[str]:
        """Return for each file what tells its rows from others: their number and a digest.

        It is that of labels at even distances, for sets that have nothing better.
        """
        found = []
        for size, first in zip(self.sizes, self._firsts, strict=False):
            digest = blake2b(digest_size=4)
            for number in range(min(size, SAMPLED)):
                try:
                    label = self.label(first + number * size // min(size, SAMPLED))
                except Rejected as rejected:
                    label = rejected.reason
                digest.update(label.encode() + b"\n")
            found.append(f"{size} rows {digest.hexdigest()}")
        return found

    def with_ops(self, ops: list[Any], training: bool) -> list[Any]:
        """Return the operators to use, for sets that add one of their own."""
        return ops

    def proportions(self) -> np.ndarray | None:
        """Return width / height per row where the label files tell, else None."""
        return None

    @property
    def total(self) -> int:
        """How many rows all files have together."""
        return self._firsts[-1]

    def count(self, training: bool) -> int:
        """Return how many samples one epoch has."""
        return self._begins[training][-1]

    def spans(self, training: bool) -> list[Span]:
        """Return which positions of an epoch belong to which file."""
        ends = self._begins[training]
        return [Span(*one) for one in zip(self.names, ends[:-1], ends[1:], strict=True)]

    def span(self, position: int, training: bool) -> tuple[int, int]:
        """Return the first position of the file that one belongs to, and that after its last."""
        begins = self._begins[training]
        number = bisect_right(begins, position) - 1
        return begins[number], begins[number + 1]

    def row(self, position: int, seed: int, epoch: int, training: bool) -> int:
        """Return the row that stands at a position of an epoch; positions follow the files.

        A ratio below 1 takes that part of a file, another part in each epoch of training; above
        1, every row as often as the whole number says and a random part once more. The part is
        drawn from the file at even distances: one row of every few, each as likely as the others.
        Nothing is kept for it, so that a set of millions costs no memory.
        """
        begins = self._begins[training]
        if not 0 <= position < begins[-1]:
            raise IndexError(f"an epoch has {begins[-1]} positions, there is no {position}")
        number = bisect_right(begins, position) - 1
        size, position = self.sizes[number], position - begins[number]
        whole, rest = divmod(begins[number + 1] - begins[number], size)
        if position < whole * size:
            return self._firsts[number] + position % size
        place = position - whole * size
        low, high = place * size // rest, (place + 1) * size // rest
        key = (seed, epoch if training else 0, number)
        turn = _draw(size, *key, 0) if training else 0
        return self._firsts[number] + (turn + low + _draw(high - low, *key, place + 1)) % size

    def where(self, row: int) -> tuple[int, int]:
        """Return (number of the file, row within the file)."""
        number = bisect_right(self._firsts, row) - 1
        return number, row - self._firsts[number]

    def _share(self, number: int, training: bool) -> int:
        ratio = self.ratios[number]
        return round(self.sizes[number] * (ratio if training else min(ratio, 1.0)))


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


def _sums(counts: Sequence[int]) -> list[int]:
    return [0, *accumulate(counts)]


def _draw(count: int, *key: int) -> int:
    """Return a number below ``count`` that follows from the key alone."""
    if count == 1:
        return 0
    digest = blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % count


def _words(key: list[int]) -> list[int]:
    return [word & 0xFFFFFFFFFFFFFFFF for word in key]
