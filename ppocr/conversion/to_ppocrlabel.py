"""Writes a project that PPOCRLabel opens: images in one folder, labels beside them.

Pages whose labels come from people go to Label.txt and count as confirmed (fileState.txt); those of
a model go to Cache.cach, where PPOCRLabel takes its proposals from. What has been corrected in
PPOCRLabel since is never overwritten unless that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ppocr.conversion.cut import Prepared
from ppocr.conversion.files_out import Keeping, bring, place, row_name, write_rows
from ppocr.conversion.from_ppocrlabel import CACHE, LABELS, LINES, NAMES, STATE
from ppocr.conversion.journal import FOLDER, Entry
from ppocr.conversion.page import Line, Page, Skip
from ppocr.conversion.rows import ppocrlabel_json
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import OutputError
from ppocr.utils.files import atomic_write, sha256

CROPS = "crop_img"


class PPOCRLabelWriter:
    """Writes one project folder."""

    done: int | None = None
    pending = 0
    ending = ".jpg"

    def __init__(
        self, output: Path, task: str = "both", keeping: Keeping = "copy", anew: bool = False
    ) -> None:
        self.output, self.keeping = output, keeping
        self.crops = task in ("rec", "both")
        self._stems: set[str] = set()
        self._digests = output / FOLDER / "written.json"
        if not anew:
            self._refuse_edited()

    def key(self, item: Page | Line) -> str:
        """Return nothing: the result depends on the item and the options alone."""
        return ""

    def has(self, entry: Entry) -> bool:
        """Return whether the files of an entry are there, and take its name as used."""
        paths = [self.output / name for name in entry.files]
        found = all(path.is_file() and path.stat().st_size for path in paths)
        if found and entry.files:
            self._stems.add(PurePosixPath(entry.files[0]).stem.lower())
        return found

    def restart(self, index: int) -> None:
        """Do nothing: files are written one by one."""

    def commit(self, items: int) -> None:
        """Do nothing: files are written one by one."""

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def write(self, item: Page | Line, prepared: Prepared) -> Entry:
        """Write the image of a page and the crops of a confirmed one."""
        if isinstance(item, Line):
            return Entry("", skipped=(Skip("a line, not a page", item.place, item.picture.name),))
        try:
            flat = self._flat(row_name(item.picture.name))
        except Rejected as error:
            return Entry("", skipped=(Skip.of(error, item.place),))
        files = [bring(self.output, flat, item.picture, prepared, self.keeping)]
        rec = []
        for crop in prepared.crops if item.confirmed else ():
            name = f"{CROPS}/{PurePosixPath(flat).stem}_crop_{crop.number}{self.ending}"
            files.append(place(self.output, name, crop.content))
            rec.append(f"{name}\t{crop.text}")
        row = f"{self.output.resolve().name}/{flat}\t{ppocrlabel_json(item.regions)}"
        notes = {"flat": flat, "before": item.picture.name, "confirmed": item.confirmed}
        return Entry("", det=(row,), rec=tuple(rec), files=tuple(files), notes=notes)

    def finish(self, entries: Iterable[Entry]) -> list[str]:
        """Write the label files and return what to do with them."""
        kept = [entry for entry in entries if entry.det]
        sure = [entry for entry in kept if entry.notes["confirmed"]]
        guessed = [entry for entry in kept if not entry.notes["confirmed"]]
        folder = self.output.resolve()
        self._rows(LABELS, (row for entry in sure for row in entry.det))
        self._rows(CACHE, (row for entry in guessed for row in entry.det))
        self._rows(STATE, (f"{folder / entry.notes['flat']}\t1" for entry in sure))
        if self.crops:  # else an empty list would say that there are no lines to cut
            self._rows(LINES, (row for entry in sure for row in entry.rec))
        moved = [e.notes for e in kept if e.notes["before"] != e.notes["flat"]]
        self._rows(NAMES, (f"{one['flat']}\t{one['before']}" for one in moved), only_if_any=True)
        with atomic_write(self._digests, "w") as file:
            json.dump({name: sha256(self.output / name) for name in (LABELS, CACHE)}, file)
        counts = f"{len(sure)} confirmed pages, {len(guessed)} to correct"
        return [f"{counts} in {self.output}: open the folder in PPOCRLabel"]

    def _rows(self, name: str, rows: Iterable[str], only_if_any: bool = False) -> None:
        path = self.output / name
        if not write_rows(path, rows) and only_if_any:
            path.unlink()

    def _flat(self, name: str) -> str:
        """Return a name in one folder that no other page has, the endings left aside."""
        path = PurePosixPath(name)
        flat, tries = path.stem, 1
        if flat.lower() in self._stems:
            flat = "_".join(path.with_suffix("").parts)
        base = flat
        while flat.lower() in self._stems:
            tries += 1
            flat = f"{base}_{tries}"
        self._stems.add(flat.lower())
        return f"{flat}{path.suffix}"

    def _refuse_edited(self) -> None:
        """Raise an OutputError when labels are there that this tool did not write."""
        written: dict[str, str] = {}
        if self._digests.is_file():
            written = json.loads(self._digests.read_text(encoding="utf-8"))
        for name in (LABELS, CACHE):
            path = self.output / name
            if path.is_file() and path.stat().st_size and sha256(path) != written.get(name):
                raise OutputError(
                    f"{path} holds labels that were not written by this tool or have been edited "
                    "since; choose another --output, or replace them with --force"
                )
