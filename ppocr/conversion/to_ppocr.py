"""Writes what training reads: label files, images and line crops.

    OUTPUT/det.txt      images/NAME<TAB>[{"transcription", "points"}]
    OUTPUT/rec.txt      crops/NAME/0001.png<TAB>text, lines/NAME<TAB>text
    OUTPUT/images/      the pages, by the names they have below their root
    OUTPUT/crops/       the lines of each page, in a folder called like the page
    OUTPUT/lines/       images that were lines already

A folder per page makes collisions impossible, and names are relative to OUTPUT, which may move.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ppocr.conversion.cut import Prepared, checked_text
from ppocr.conversion.files_out import Keeping, bring, inside, place, row_name
from ppocr.conversion.journal import Entry
from ppocr.conversion.page import Line, Page, Skip
from ppocr.conversion.rows import ppocr_json
from ppocr.data.labels import LabelFile
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import InternalError
from ppocr.utils.files import atomic_write

DET, REC = "det.txt", "rec.txt"
CROPS = "crops"


class PaddleOCRWriter:
    """Writes pages (``task`` det), lines (rec) or both below a folder."""

    done: int | None = None
    pending = 0

    def __init__(
        self, output: Path, task: str = "both", keeping: Keeping = "copy", ending: str = ".png"
    ) -> None:
        self.output, self.task, self.keeping, self.ending = output, task, keeping, ending
        self.crops = task in ("rec", "both")

    def key(self, item: Page | Line) -> str:
        """Return nothing: the result depends on the item and the options alone."""
        return ""

    def has(self, entry: Entry) -> bool:
        """Return whether the files of an entry are there, and not empty."""
        paths = [self.output / name for name in entry.files]
        return all(path.is_file() and path.stat().st_size for path in paths)

    def restart(self, index: int) -> None:
        """Do nothing: files are written one by one."""

    def commit(self, items: int) -> None:
        """Do nothing: files are written one by one."""

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def write(self, item: Page | Line, prepared: Prepared) -> Entry:
        """Write the files of an item and return its rows."""
        try:
            name = row_name(item.picture.name)
            if isinstance(item, Line):
                return self._line(item, name, prepared)
            return self._page(item, name, prepared)
        except Rejected as error:
            return Entry("", skipped=(Skip.of(error, item.place),))

    def finish(self, entries: Iterable[Entry]) -> list[str]:
        """Write the label files, read them back, and return where they are."""
        paths = {name: self.output / name for name in (DET, REC)}
        rows, elsewhere = dict.fromkeys(paths, 0), set()
        with atomic_write(paths[DET], "w") as det, atomic_write(paths[REC], "w") as rec:
            for entry in entries:
                det.writelines(f"{row}\n" for row in entry.det)
                rec.writelines(f"{row}\n" for row in entry.rec)
                rows[DET] += len(entry.det)
                rows[REC] += len(entry.rec)
                elsewhere |= _left_where_they_are(entry)
        for name, path in paths.items():
            if len(LabelFile(path)) != rows[name]:
                raise InternalError(f"{path} has {len(LabelFile(path))} rows, not {rows[name]}")
            if not rows[name]:
                path.unlink()
        return [self._told(name, count, name in elsewhere) for name, count in rows.items() if count]

    def _line(self, item: Line, name: str, prepared: Prepared) -> Entry:
        if self.task == "det":
            raise Rejected("a line, not a page", f"{name}: detection needs pages with boxes")
        text = checked_text(item.text)
        if self.keeping == "keep" and item.picture.path is not None:
            return Entry("", rec=(f"{name}\t{text}",))
        written = bring(self.output, f"lines/{name}", item.picture, prepared, self.keeping)
        return Entry("", rec=(f"{written}\t{text}",), files=(written,))

    def _page(self, item: Page, name: str, prepared: Prepared) -> Entry:
        det, files = [], []
        if self.task in ("det", "both"):
            if self.keeping != "keep" or item.picture.path is None:
                name = bring(self.output, f"images/{name}", item.picture, prepared, self.keeping)
                files.append(name)
            det.append(f"{name}\t{ppocr_json(item.regions)}")
        rec = []
        for crop in prepared.crops:
            home = f"{CROPS}/{item.picture.name}/{crop.number + 1:04d}{self.ending}"
            files.append(place(self.output, home, crop.content))
            rec.append(f"{home}\t{crop.text}")
        return Entry("", det=tuple(det), rec=tuple(rec), files=tuple(files))

    def _told(self, name: str, count: int, elsewhere: bool) -> str:
        root = "the folder of --images" if elsewhere else self.output
        return f"{count} rows in {inside(self.output, name)} (data_dir: {root})"


def _left_where_they_are(entry: Entry) -> set[str]:
    """Return the label files whose rows name images that were not brought to the output."""
    brought = any(name.startswith("images/") for name in entry.files)
    det = {DET} if entry.det and not brought else set()
    return det | ({REC} if entry.rec and not entry.files else set())
