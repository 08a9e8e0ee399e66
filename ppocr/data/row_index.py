"""Where the rows of a label file stand: found in one pass, kept sparse, and kept for next time.

Of every 4 kB of the file the first row that begins there is remembered: offset, number, line. A row
is found by reading from there. So five million rows cost 1.5 MB instead of 60, whatever process
asks. The index of a large file is written beside it (``.NAME.index``), or into the cache folder
where that cannot be written, and is used as long as size, time of change and a digest of samples
of the label file are what they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from ppocr.utils import files
from ppocr.utils.exits import DataError, MissingInput, OcrError, StorageError
from ppocr.utils.logs import get_logger

BUCKET = 4096  # bytes of the label file for each mark
BLANK_BYTES = 8  # a shorter row is looked at: it may hold nothing but spaces
KEPT_FROM = 16 << 20  # a smaller file is read in less time than it takes to look for its index
BOM = b"\xef\xbb\xbf"

_BLOCK_BYTES = 2 << 20
_BAR_AFTER_S = 2
_MAGIC = b"ppocr row index 1\n"
_MAX_HEAD = 1024
_SAMPLES, _SAMPLE_BYTES, _END_BYTES = 32, 4096, 64 << 10
_NEWLINE = 10
_IS_INK = np.array([not bytes([one]).isspace() for one in range(256)])
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Identity(NamedTuple):
    """What tells one state of a file from another."""

    size: int
    mtime_ns: int


class Group(NamedTuple):
    """The rows that begin in the same 4 kB: bytes, first row, its line, how many rows."""

    begin: int
    end: int
    row: int
    line: int
    count: int


@dataclass(frozen=True, slots=True)
class RowIndex:
    """``rows`` rows that are not blank, ``blank`` that are; ``marks`` holds offset, row, line.

    ``kept`` is the file that the index was read from, None if it was made now.
    """

    size: int
    rows: int
    blank: int
    marks: np.ndarray
    kept: Path | None = None

    def group(self, row: int) -> Group:
        """Return the group that a row stands in."""
        offsets, firsts, lines = self.marks
        place = int(np.searchsorted(firsts, row, side="right")) - 1
        last = place + 1 == len(firsts)
        end, following = (self.size, self.rows) if last else (offsets[place + 1], firsts[place + 1])
        first = int(firsts[place])
        return Group(
            int(offsets[place]), int(end), first, int(lines[place]), int(following) - first
        )


def identity(path: Path) -> Identity:
    """Return size and time of a label file; MissingInput if there is none, else DataError."""
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise MissingInput(f"no such label file: {path}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be a label file: {error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path}: not a file; a label file is a text file")
    return Identity(found.st_size, found.st_mtime_ns)


def is_blank(row: bytes) -> bool:
    """Return whether a row counts as blank: a few spaces at most."""
    return len(row) <= BLANK_BYTES and not row.strip()


def find(path: Path, known: Identity) -> RowIndex:
    """Return the index of a label file: the one kept from last time, or a fresh one."""
    try:
        if known.size < KEPT_FROM:
            return scan(path, known.size)
        sample = _digest(path, known.size)
        for place in _places(path):
            found = _kept(place, known, sample)
            if found is not None:
                return found
        found = scan(path, known.size)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    _keep(path, found, known, sample)
    return found


def digest(path: Path, known: Identity) -> str:
    """Return eight characters that follow from the content: all of it, or of a large file parts."""
    try:
        whole = files.sha256(path) if known.size < KEPT_FROM else _digest(path, known.size)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    return whole[:8]


def scan(path: Path, size: int) -> RowIndex:
    """Return the index of a file of ``size`` bytes, reading all of it.

    A DataError says that it is UTF-16 or changed meanwhile.
    """
    with path.open("rb") as file:
        head = file.read(4)
        if head[:2] in _UTF_16:
            raise DataError(f"{path}:1: UTF-16; save the file as UTF-8")
        file.seek(0)
        found = _Scan(len(BOM) if head.startswith(BOM) else 0)
        tail, done = b"", 0
        with tqdm(
            total=size,
            desc=f"indexing {path.name}",
            unit="B",
            unit_scale=True,
            delay=_BAR_AFTER_S,
            leave=False,
            disable=not sys.stderr.isatty(),
        ) as bar:
            while block := file.read(_BLOCK_BYTES):
                found.take(tail + block, done - len(tail))
                done += len(block)
                tail = (tail + block)[-BLANK_BYTES:]
                bar.update(len(block))
    if done != size:
        raise DataError(f"{path} changed while it was read; start again")
    if found.begin < size:
        found.take(tail + b"\n", size - len(tail))  # the last row needs no line end
    marks = np.concatenate(found.parts, axis=1) if found.parts else np.zeros((3, 0), np.int64)
    return RowIndex(size, found.rows, found.lines - found.rows, np.ascontiguousarray(marks))


@dataclass(slots=True)
class _Scan:
    """Counts rows block by block. ``begin`` is where the row begins that has no end yet."""

    begin: int
    rows: int = 0
    lines: int = 0
    bucket: int = -1
    parts: list[np.ndarray] = field(default_factory=list)

    def take(self, buffer: bytes, base: int) -> None:
        """Take the rows that end in a buffer, which begins ``base`` bytes into the file.

        It begins with the last bytes of the one before, so that a short row is in it as a whole.
        """
        data = np.frombuffer(buffer, np.uint8)
        ends = np.flatnonzero(data == _NEWLINE) + base
        ends = ends[ends >= self.begin]
        if not len(ends):
            return
        starts = np.concatenate([[self.begin], ends[:-1] + 1])
        self.begin = int(ends[-1]) + 1
        used = np.flatnonzero(~_blank(data, starts - base, ends - base))
        starts = starts[used]
        buckets = starts // BUCKET
        first = np.flatnonzero(np.diff(buckets, prepend=self.bucket))
        if len(first):
            rows, lines = self.rows + first, self.lines + 1 + used[first]
            self.parts.append(np.stack([starts[first], rows, lines]).astype(np.int64))
            self.bucket = int(buckets[-1])
        self.rows += len(used)
        self.lines += len(ends)


def _blank(data: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return which rows of a buffer are blank (bool)."""
    blank = ends - starts <= BLANK_BYTES
    short = np.flatnonzero(blank)
    if len(short):
        ink = np.zeros(len(data) + 1, np.int32)
        np.cumsum(_IS_INK[data], out=ink[1:])
        blank[short] = ink[ends[short]] == ink[starts[short]]
    return blank


def _places(path: Path) -> list[Path]:
    """Return where the index of a label file may be kept, the best place first."""
    name = hashlib.sha256(os.path.abspath(path).encode()).hexdigest()[:24]
    return [path.with_name(f".{path.name}.index"), files.cache() / "rows" / f"{name}.index"]


def _digest(path: Path, size: int) -> str:
    """Return a digest of the beginning, the end and some bytes between, at even distances."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        places = [(0, _END_BYTES), (max(0, size - _END_BYTES), _END_BYTES)]
        places += [(number * size // _SAMPLES, _SAMPLE_BYTES) for number in range(_SAMPLES)]
        for offset, length in places:
            file.seek(offset)
            found.update(file.read(length))
    return found.hexdigest()


def _keep(path: Path, found: RowIndex, known: Identity, sample: str) -> None:
    """Write an index where there is room for it; a training goes on without."""
    head = {
        **known._asdict(),
        "sample": sample,
        "rows": found.rows,
        "blank": found.blank,
        "marks": found.marks.shape[1],
        "crc": _sum(found.rows, found.blank, found.marks.astype("<i8").tobytes()),
    }
    for place in _places(path):
        try:
            with files.atomic_write(place) as file:
                file.write(_MAGIC + json.dumps(head).encode() + b"\n")
                file.write(found.marks.astype("<i8").tobytes())
        except (OcrError, OSError):
            continue
        get_logger().info("%s: %d rows, index kept in %s", path, found.rows, place)
        return
    get_logger().info(
        "%s: %d rows; its index can be kept neither beside it nor in %s, it is made at each start",
        path,
        found.rows,
        files.cache(),
    )


def _kept(place: Path, known: Identity, sample: str) -> RowIndex | None:
    """Return the index that a file holds if it is that of the label file as it is now."""
    try:
        if not stat.S_ISREG(place.stat().st_mode):
            return None
        with place.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError("another format")
            head = json.loads(file.readline(_MAX_HEAD))
            if (head["size"], head["mtime_ns"], head["sample"]) != (*known, sample):
                return None  # the label file has changed since
            return _checked(head, file.read(24 * (known.size // BUCKET + 1) + 1), place)
    except OSError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        get_logger().info("%s is damaged (%s): the index is made anew", place, error)
        return None


def _checked(head: dict[str, Any], content: bytes, place: Path) -> RowIndex:
    """Return the index of a header and its marks; a ValueError if they cannot be one."""
    rows, blank = int(head["rows"]), int(head["blank"])
    if _sum(rows, blank, content) != head["crc"] or len(content) != 24 * head["marks"]:
        raise ValueError("its sum is wrong")
    marks = np.frombuffer(content, "<i8").reshape(3, -1).astype(np.int64)
    if (np.diff(marks, axis=1) <= 0).any() or bool(rows) != bool(marks.size):
        raise ValueError("its marks are not in order")
    if marks.size:
        bounds = marks[1, 0] == 0 and marks[1, -1] < rows and marks[0, 0] >= 0
        if not bounds or marks[0, -1] >= head["size"] or blank < 0:
            raise ValueError("its marks are outside the file")
    return RowIndex(int(head["size"]), rows, blank, marks, place)


def _sum(rows: int, blank: int, marks: bytes) -> int:
    return zlib.crc32(marks, zlib.crc32(f"{rows} {blank}".encode()))
