"""What a conversion has finished, item by item, so that it can go on where it stopped.

``.conversion/journal.jsonl`` in the output folder has one line for each item, in order: the digest
of what went in, the rows and files that came out, what was skipped. A run reads along; the first
item that is not as it was ends the known part, and everything after it is done anew. The first line
holds the options: another conversion does not mix with this one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ppocr.conversion.page import Skip
from ppocr.utils.exits import OutputError

FOLDER = ".conversion"


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished item."""

    key: str
    det: tuple[str, ...] = ()  # rows of the label file of pages
    rec: tuple[str, ...] = ()  # rows of the label file of lines
    files: tuple[str, ...] = ()  # written below the output folder
    notes: Mapping[str, Any] = field(
        default_factory=dict
    )  # what the writer wants to know at the end
    skipped: tuple[Skip, ...] = ()

    def dump(self) -> bytes:
        """Return the line of the journal."""
        skipped = [(skip.reason, skip.place, skip.detail) for skip in self.skipped]
        found = [self.key, self.det, self.rec, self.files, dict(self.notes), skipped]
        return json.dumps(found, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def load(cls, line: bytes) -> Entry:
        """Return the entry of a line; a ValueError if it was cut off."""
        key, det, rec, files, notes, skipped = json.loads(line)
        skips = tuple(Skip(*one) for one in skipped)
        return cls(key, tuple(det), tuple(rec), tuple(files), notes, skips)


class Journal:
    """The finished items of an output folder; read along, then appended to."""

    def __init__(self, output: Path, recipe: str, anew: bool) -> None:
        self.path = output / FOLDER / "journal.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        head = json.dumps({"recipe": recipe}).encode() + b"\n"
        self._file: IO[bytes] = self.path.open("r+b" if self.path.is_file() else "w+b")
        first = self._file.readline()
        if anew or not first.endswith(b"\n"):
            self._file.seek(0)
            self._file.truncate()
            self._file.write(head)
        elif first != head:
            self._file.close()
            raise OutputError(
                f"{output} holds another conversion (other input or options); choose another "
                "--output, or --force to begin anew in it"
            )
        self._start = len(head)
        self._file.seek(self._start)
        self._reading = True

    def known(self, key: str) -> Entry | None:
        """Return the next entry if it is that of ``key``; from the first that is not, None."""
        if not self._reading:
            return None
        begins = self._file.tell()
        line = self._file.readline()
        try:
            entry = Entry.load(line) if line.endswith(b"\n") else None
        except (ValueError, TypeError):
            entry = None
        if entry is not None and entry.key == key:
            return entry
        self.forget(begins)
        return None

    def forget(self, begins: int) -> None:
        """Cut the journal off where an entry begins."""
        self._file.seek(begins)
        self._file.truncate()
        self._reading = False

    def tell(self) -> int:
        """Return where the next entry begins."""
        return self._file.tell()

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self.seal()
        self._file.write(entry.dump())

    def flush(self) -> None:
        """Force what was added to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def seal(self) -> None:
        """Cut off what an earlier run had behind the last item of this one."""
        if self._reading:
            self.forget(self._file.tell())

    def entries(self) -> Iterator[Entry]:
        """Yield all entries from the first; nothing is added after that."""
        self._file.seek(self._start)
        for line in self._file:
            yield Entry.load(line)

    def close(self) -> None:
        """Close the file; what was added is kept."""
        self._file.close()
