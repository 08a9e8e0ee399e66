"""Writes LMDB as ``LMDBDataSet`` reads it: OUTPUT/rec for lines, OUTPUT/det for pages.

Keys are ``image-%09d``, ``label-%09d`` and ``name-%09d`` from 1, and ``num-samples``. Samples and
their number are committed together, so that a run that is cut off leaves a set that is whole but
shorter; the next run goes on behind it. The map grows when it is full. At the end every sample is
read back and compared.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ppocr.conversion.cut import Prepared, checked_text
from ppocr.conversion.journal import Entry
from ppocr.conversion.page import Line, Page, Skip
from ppocr.conversion.rows import ppocr_json
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, InternalError, OutputError, StorageError, UsageError

if TYPE_CHECKING:
    import lmdb

FIRST_MAP_BYTES = 16 << 20
ITEMS = b"conversion-items"
DATA = "data.mdb"
Sample = tuple[str, str, bytes]  # name, label, encoded image


class LMDBWriter:
    """Writes lines (``task`` rec), pages (det) or both, each into an environment of its own."""

    def __init__(self, output: Path, task: str = "both", ending: str = ".png") -> None:
        self.output, self.task, self.ending = output, task, ending
        self.crops = task in ("rec", "both")
        parts = ("det", "rec") if task == "both" else (task,)
        self._sets = {part: _Set(output / part) for part in parts}
        self._kept = dict.fromkeys(parts, 0)
        there = [one.items for one in self._sets.values() if one.exists]
        self.done: int | None = min(there, default=0)

    @property
    def pending(self) -> int:
        """Bytes in memory that wait for a commit."""
        return sum(one.pending for one in self._sets.values())

    def key(self, item: Page | Line) -> str:
        """Return nothing: the result depends on the item and the options alone."""
        return ""

    def has(self, entry: Entry) -> bool:
        """Return whether the samples of an entry are committed, and count them."""
        for part, found in entry.notes.items():
            if self._kept[part] + len(found) > self._sets[part].count:
                return False
        for part, found in entry.notes.items():
            self._kept[part] += len(found)
        return True

    def restart(self, index: int) -> None:
        """Go on behind the samples of the entries that were kept."""
        for part, count in self._kept.items():
            self._sets[part].count = count

    def write(self, item: Page | Line, prepared: Prepared) -> Entry:
        """Take the samples of an item; they are written at the next commit."""
        try:
            samples = self._samples(item, prepared)
        except Rejected as error:
            return Entry("", skipped=(Skip.of(error, item.place),))
        notes = {part: [checksum(one) for one in found] for part, found in samples.items()}
        for part, found in samples.items():
            for one in found:
                self._sets[part].add(one)
        names = {part: tuple(name for name, _, _ in found) for part, found in samples.items()}
        return Entry("", det=names.get("det", ()), rec=names.get("rec", ()), notes=notes)

    def commit(self, items: int) -> None:
        """Write what waits, with the number of items that are finished."""
        for one in self._sets.values():
            one.commit(items)

    def finish(self, entries: Iterable[Entry]) -> list[str]:
        """Read every sample back, compare it, close, and return where they are."""
        reading = {part: one.verify() for part, one in self._sets.items()}
        for check in reading.values():
            next(check)
        for entry in entries:
            for part, wanted in entry.notes.items():
                for one in wanted:
                    reading[part].send(one)
        return [
            f"{one.count} samples in {one.folder}, all read back"
            for one in self._sets.values()
            if one.exists
        ]

    def close(self) -> None:
        """Close the environments: a process may open a folder only once."""
        for one in self._sets.values():
            one.close()

    def _samples(self, item: Page | Line, prepared: Prepared) -> dict[str, list[Sample]]:
        name = item.picture.name
        if isinstance(item, Line):
            if self.task == "det":
                raise Rejected("a line, not a page", f"{name}: detection needs pages with boxes")
            return {"rec": [(name, checked_text(item.text), prepared.content)]}
        found: dict[str, list[Sample]] = {}
        if self.task in ("det", "both"):
            found["det"] = [(name, ppocr_json(item.regions), prepared.content)]
        if self.task in ("rec", "both"):
            found["rec"] = [
                (f"{name}/{crop.number + 1:04d}{self.ending}", crop.text, crop.content)
                for crop in prepared.crops
            ]
        return found


def checksum(sample: Sample) -> int:
    """Return a number that tells a sample from another."""
    name, label, content = sample
    return zlib.crc32(content, zlib.crc32(label.encode(), zlib.crc32(name.encode())))


class _Set:
    """One environment that grows; it is made when there is something to put into it."""

    def __init__(self, folder: Path) -> None:
        try:
            import lmdb
        except ImportError as error:
            raise UsageError("--to lmdb needs the package lmdb: pip install lmdb") from error
        self._lmdb = lmdb
        self.folder = folder
        self._environment: lmdb.Environment | None = None
        self._waiting: list[tuple[bytes, bytes]] = []
        self.items = self.count = self.pending = 0
        if self.exists:
            self._resume()

    @property
    def exists(self) -> bool:
        """Whether the environment has been made."""
        return (self.folder / DATA).is_file()

    def _resume(self) -> None:
        try:
            with self._opened().begin() as transaction:
                self.items = int(transaction.get(ITEMS) or 0)
                self.count = int(transaction.get(b"num-samples") or 0)
        except (self._lmdb.Error, ValueError) as error:
            reason = f"{self.folder}: not an LMDB that can be continued: {error}"
            raise DataError(reason) from error
        if self.count and not self.items:
            raise OutputError(
                f"{self.folder} holds an LMDB of another tool; choose another --output"
            )

    def _opened(self) -> lmdb.Environment:
        if self._environment is None:
            size = (self.folder / DATA).stat().st_size if self.exists else 0
            self._map_bytes = max(FIRST_MAP_BYTES, 2 * size)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._environment = self._lmdb.open(str(self.folder), map_size=self._map_bytes)
        return self._environment

    def add(self, sample: Sample) -> None:
        """Take one more sample."""
        self.count += 1
        name, label, content = sample
        for key, value in (("image", content), ("label", label.encode()), ("name", name.encode())):
            self._waiting.append((f"{key}-{self.count:09d}".encode(), value))
            self.pending += len(value)

    def commit(self, items: int) -> None:
        """Write what waits in one transaction; the map is doubled until it fits."""
        if not self._waiting and not self.exists:
            return
        environment = self._opened()
        numbers = [(b"num-samples", b"%d" % self.count), (ITEMS, b"%d" % items)]
        while True:
            try:
                with environment.begin(write=True) as transaction:
                    for key, value in (*self._waiting, *numbers):
                        transaction.put(key, value)
                break
            except self._lmdb.MapFullError:
                self._map_bytes *= 2
                environment.set_mapsize(self._map_bytes)
            except self._lmdb.Error as error:
                raise StorageError(f"cannot write {self.folder}: {error}") from error
        self._waiting, self.pending, self.items = [], 0, items

    def verify(self) -> Any:
        """Compare sample after sample with the checksums that are sent in."""
        if self.exists:
            self._forget_rest()
        number = 0
        while True:
            wanted = yield
            number += 1
            with self._opened().begin() as transaction:
                keys = [f"{key}-{number:09d}".encode() for key in ("name", "label", "image")]
                values = [transaction.get(key) for key in keys]
            if None in values or number > self.count:
                raise InternalError(f"{self.folder}: sample {number} is missing")
            name, label, content = (bytes(value) for value in values)
            if checksum((name.decode(), label.decode(), content)) != wanted:
                raise InternalError(f"{self.folder}: sample {number} is not what was written")

    def close(self) -> None:
        """Close the environment, if it was opened."""
        if self._environment is not None:
            self._environment.close()
            self._environment = None

    def _forget_rest(self) -> None:
        """Take away samples that an earlier, longer run had behind the last one."""
        with self._opened().begin(write=True) as transaction:
            number = self.count + 1
            while transaction.delete(f"image-{number:09d}".encode()):
                transaction.delete(f"label-{number:09d}".encode())
                transaction.delete(f"name-{number:09d}".encode())
                number += 1
