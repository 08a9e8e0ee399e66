"""Label files: one row per sample, found by byte offset, judged row by row.

A row is ``path<delimiter>label``, UTF-8, ended by a newline. Lists of millions of rows are common,
so no text is kept, only where some rows begin (:mod:`ppocr.data.row_index`). The same parser serves
training, evaluation and the checking tools, and says of a row it refuses what is wrong and where.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ppocr.data import row_index
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, StorageError

MAX_ROW_BYTES = 4 << 20
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
    UTF-16, or one that is changed while it is used, is a DataError. Rows are read from the file
    when they are asked for; copies in other processes open it themselves.
    """

    def __init__(self, path: str | os.PathLike[str], delimiter: str = "\t") -> None:
        self.path = Path(path)
        self.delimiter = delimiter
        self._identity = row_index.identity(self.path)
        self._index = row_index.find(self.path, self._identity)
        self._reader: _Reader | None = None
        self._last = _NOTHING  # the rows that were read last

    def __len__(self) -> int:
        return self._index.rows

    @property
    def blank(self) -> int:
        """How many blank lines were left out."""
        return self._index.blank

    def digest(self) -> str:
        """Return what tells the content from another; of a large file parts stand for the whole."""
        return row_index.digest(self.path, self._identity)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_reader": None, "_last": _NOTHING}

    def __getitem__(self, number: int) -> Row:
        line, raw = self._at(number)
        place = f"{self.path}:{line}"
        return parse(decode(raw, place), self.delimiter, place)

    def __iter__(self) -> Iterator[Row]:
        return (self[number] for number in range(len(self)))

    def place(self, number: int) -> str:
        """Return ``file:line`` of a row; lines count from 1, blank ones included."""
        line = self._at(number)[0] if self.blank else number + 1
        return f"{self.path}:{line}"

    def raw(self, number: int) -> bytes:
        """Return the bytes of a row without its line ending.

        Of a row that is longer than any row may be, no more than shows that it is.
        """
        return self._at(number)[1]

    def _at(self, number: int) -> tuple[int, bytes]:
        """Return line and bytes of a row; rows that stand together are read together."""
        if not 0 <= number < len(self):
            raise IndexError(f"{self.path} has {len(self)} rows, there is no row {number}")
        last = self._last
        if not last.first <= number < last.first + len(last.rows):
            last = self._last = self._lines(self._index.group(number))
        place = number - last.first
        return last.lines[place], last.rows[place].removesuffix(b"\r")

    def _lines(self, group: row_index.Group) -> _Lines:
        """Return the rows of a group and their lines; a DataError if they are not as indexed."""
        if self._reader is None:
            self._reader = _Reader(self.path, self._identity)
        lead = 1 if group.begin > len(row_index.BOM) else 0  # the line end before the first row
        # every row of a group begins in the same bucket: only the last one can be long
        length = min(group.end - group.begin, row_index.BUCKET + MAX_ROW_BYTES + 2)
        content = self._reader.read(group.begin - lead, length + lead)
        rows = content[lead:].removesuffix(b"\n").split(b"\n")
        lines: Sequence[int] = range(group.line, group.line + len(rows))
        if min(map(len, rows)) <= row_index.BLANK_BYTES:
            used = [place for place, row in enumerate(rows) if not row_index.is_blank(row)]
            lines, rows = [lines[place] for place in used], [rows[place] for place in used]
        whole = len(content) == length + lead and content[:lead] in (b"", b"\n")
        if not whole or len(rows) != group.count:
            raise self._changed()
        return _Lines(group.row, lines, rows)

    def _changed(self) -> DataError:
        kept = self._index.kept
        hint = f", or {kept} is not its index: delete that" if kept is not None else ""
        return DataError(f"{self.path} changed while it was in use; start again{hint}")


class _Lines(NamedTuple):
    """Rows that stand together: the number of the first, their lines, their bytes."""

    first: int
    lines: Sequence[int]
    rows: list[bytes]


_NOTHING = _Lines(0, (), [])


class _Reader:
    """An open label file of this process. Reading by offset needs no memory that grows."""

    def __init__(self, path: Path, known: row_index.Identity) -> None:
        self.path = path
        if row_index.identity(path) != known:
            raise DataError(f"{path} changed while it was in use; start again")
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes, fewer where the file has been cut off."""
        try:
            if hasattr(os, "pread"):
                return os.pread(self._file, length, offset)
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, length)
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {error.strerror}") from error

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)


def decode(raw: bytes, place: str) -> str:
    """Return the row as text; ``Rejected`` names the byte that is not UTF-8 and a likely cause."""
    if len(raw) > MAX_ROW_BYTES:
        raise Rejected("row too long", f"{place}: more than {MAX_ROW_BYTES} bytes, the limit")
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
    """Return the path of an image below ``root``; ``Rejected`` if its name leaves it.

    Absolute names are fine when they lie below the root. What links do is not looked at here, see
    :func:`demand_inside`.
    """
    path = Path(os.path.normpath(root / name))
    if not allow_outside and not path.is_relative_to(os.path.normpath(root)):
        hint = "data_dir holds all images unless dataset.allow_outside_root is true"
        raise Rejected("outside data_dir", f"{place}: {name} is not below {root}; {hint}")
    return path


def homes_of(root: Path, label_files: Iterable[Path]) -> tuple[str, ...]:
    """Return the real folders in which images may lie: the root, and those the config goes through.

    ``ln -s /data/lines train_data/lines`` is how data sets are usually put in place. A folder that
    is linked into the root is part of it when a label file that the config names lies behind that
    link; links that merely came with the data are not.
    """
    top = os.path.abspath(root)
    homes = [_real(top)]
    for file in label_files:
        path = os.path.abspath(file)
        if path.startswith(top.rstrip(os.sep) + os.sep):
            first, *below = os.path.relpath(path, top).split(os.sep)
            homes += [_real(os.path.join(top, first))] if below else []
    return tuple(dict.fromkeys(homes))


def demand_inside(homes: Sequence[str], path: Path, place: str) -> None:
    """Raise ``Rejected`` when a path is a link, or behind one, that leads out of its homes."""
    real = os.path.join(_real(str(path.parent)), path.name)
    if os.path.islink(real):
        real = os.path.realpath(real)
    if not any(real == home or real.startswith(home.rstrip(os.sep) + os.sep) for home in homes):
        hint = "dataset.allow_outside_root: true follows links that you made"
        raise Rejected("outside data_dir", f"{place}: {path} is a link out of {homes[0]}; {hint}")


@lru_cache(maxsize=4096)
def _real(folder: str) -> str:
    return os.path.realpath(folder)


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
