"""Label files: one row per sample, found by byte offset, judged row by row.

A row is ``path<delimiter>label``, UTF-8, ended by a newline. Lists of millions of rows are common,
so only the offset of each row is kept (8 bytes), never its text. The same parser serves training,
evaluation and the checking tools, and says of a row it refuses what is wrong and where.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput

MAX_ROW_BYTES = 4 << 20
_BLOCK_BYTES = 16 << 20
_BLANK_BYTES = 8  # a shorter row is looked at: it may hold nothing but spaces
_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = ("gb18030", "big5", "shift_jis", "cp1252")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a label file: where it stands, which image(s) it names, and its label."""

    place: str
    paths: tuple[str, ...]
    label: str


class LabelFile:
    """A label file that can be asked for any of its rows by number.

    ``LabelFile(path)[i]`` is the :class:`Row`; a row that cannot be used raises ``Rejected``.
    Blank lines are left out and counted in ``blank``. A missing file is a MissingInput; one in
    UTF-16 is a DataError, because no row of it can be read.
    """

    def __init__(self, path: str | os.PathLike[str], delimiter: str = "\t") -> None:
        self.path = Path(path)
        self.delimiter = delimiter
        self._view: mmap.mmap | None = None
        try:
            self._identity = _identity(self.path)
        except FileNotFoundError as error:
            raise MissingInput(f"no such label file: {path}") from error
        self._starts, self._lines, self.blank = self._scan()

    def __len__(self) -> int:
        return len(self._starts)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_view": None}

    def __getitem__(self, number: int) -> Row:
        place = self.place(number)
        text = decode(self.raw(number), place)
        return parse(text, self.delimiter, place)

    def place(self, number: int) -> str:
        """Return ``file:line`` of a row; lines count from 1, blank ones included."""
        return f"{self.path}:{int(self._lines[number])}"

    def raw(self, number: int) -> bytes:
        """Return the bytes of a row without its line ending."""
        view = self._open()
        start = int(self._starts[number])
        end = view.find(b"\n", start)
        row = view[start : len(view) if end < 0 else end]
        return row.removesuffix(b"\r")

    def __iter__(self) -> Iterator[Row]:
        return (self[number] for number in range(len(self)))

    def _open(self) -> mmap.mmap:
        """Return the mapped file, opened on first use in each process."""
        if self._view is None:
            if _identity(self.path) != self._identity:
                raise DataError(f"{self.path} changed while it was in use; start again")
            with self.path.open("rb") as file:
                self._view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._view

    def _scan(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Return offset and line number of each row that is not blank, and how many are."""
        size = self._identity[0]
        if size == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.int32), 0
        with self.path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise DataError(f"{self.path}:1: UTF-16; save the file as UTF-8")
            found, offset = [], 0
            while block := file.read(_BLOCK_BYTES):
                found.append(np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + offset)
                offset += len(block)
        ends = np.concatenate(found)
        starts = np.concatenate([[0], ends + 1])
        ends = np.concatenate([ends, [size]])
        if starts[-1] == size:
            starts, ends = starts[:-1], ends[:-1]
        if head.startswith(_BOM):
            starts[0] = len(_BOM)
        return self._without_blank(starts, ends)

    def _without_blank(self, starts: np.ndarray, ends: np.ndarray):
        short = np.flatnonzero(ends - starts <= _BLANK_BYTES)
        keep = np.ones(len(starts), bool)
        if len(short):
            with self.path.open("rb") as file:
                for number in short:
                    file.seek(int(starts[number]))
                    keep[number] = bool(file.read(int(ends[number] - starts[number])).strip())
        lines = np.flatnonzero(keep) + 1
        return starts[keep].astype(np.int64), lines.astype(np.int32), int((~keep).sum())


def decode(raw: bytes, place: str) -> str:
    """Return the row as text; ``Rejected`` names the byte that is not UTF-8 and a likely cause."""
    if len(raw) > MAX_ROW_BYTES:
        raise Rejected("row too long", f"{place}: {len(raw)} bytes; the limit is {MAX_ROW_BYTES}")
    if b"\0" in raw:
        raise Rejected(
            "encoding", f"{place}: a NUL byte at column {raw.index(0) + 1}; not UTF-8 text"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        guess = _guess(raw)
        likely = f"; it looks like {guess}, convert the file to UTF-8" if guess else ""
        raise Rejected(
            "encoding", f"{place}: byte {error.start + 1} is not UTF-8{likely}"
        ) from None


def parse(text: str, delimiter: str, place: str) -> Row:
    """Return the row that ``text`` stands for; ``Rejected`` says what is missing.

    Spaces and every other character of the label are kept as they are. Two whole numbers after
    the label are the width and height that multi-scale lists carry; any other extra field is
    refused, because it may as well be a label that contains the delimiter.
    """
    head, found, label = text.partition(delimiter)
    if not found:
        raise Rejected("malformed row", f"{place}: no {_spell(delimiter)} between path and label")
    if not head.strip():
        raise Rejected("malformed row", f"{place}: no path before the {_spell(delimiter)}")
    if delimiter in label:
        label = _without_size(label, delimiter, place)
    return Row(place, _paths(head, place), label)


def _without_size(label: str, delimiter: str, place: str) -> str:
    first, *rest = label.split(delimiter)
    if len(rest) == 2 and all(field.strip().isdecimal() for field in rest):
        return first
    raise Rejected("malformed row", f"{place}: {len(rest) + 2} fields, expected path and label")


def _paths(head: str, place: str) -> tuple[str, ...]:
    """Return the one path of a row, or the several that a JSON list offers."""
    if not (head.startswith("[") and head.rstrip().endswith("]")):
        return (head,)
    try:
        found = json.loads(head)
    except (ValueError, RecursionError):
        return (head,)  # a name that merely starts with a bracket
    if not found or not all(isinstance(one, str) and one for one in found):
        raise Rejected("malformed row", f"{place}: the list of paths must hold names, at least one")
    return tuple(found)


def locate(root: Path, name: str, place: str, allow_outside: bool = False) -> Path:
    """Return the path of an image below ``root``; ``Rejected`` if it leaves it.

    Absolute names are fine when they lie below the root. The check is on the name: links that
    the owner of the data put into the folder are followed.
    """
    path = Path(os.path.normpath(root / name))
    if not allow_outside and not path.is_relative_to(os.path.normpath(root)):
        hint = "data_dir holds all images unless dataset.allow_outside_root is true"
        raise Rejected("outside data_dir", f"{place}: {name} is not below {root}; {hint}")
    return path


def _guess(raw: bytes) -> str:
    for encoding in _OTHER_ENCODINGS:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""


def _spell(delimiter: str) -> str:
    return {"\t": "tab", " ": "space"}.get(delimiter, repr(delimiter))


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
