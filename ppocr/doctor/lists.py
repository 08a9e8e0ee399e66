"""Label files without the rows that should not be in them.

Findings say which rows they would leave out; the lists are written once, when all have spoken, so
that two recommendations never undo each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ppocr.data.simple import SimpleDataSet
from ppocr.doctor.findings import Case, set_override
from ppocr.doctor.sets import Set
from ppocr.utils.files import atomic_write

FOLDER = "clean"
LARGEST_COPY = 256 << 20


def without(case: Case, one: Set, rows: Iterable[int]) -> tuple[str, ...]:
    """Return the override that uses the lists without these rows; nothing where there are none.

    Sets in LMDB have no lists, and of a set that was looked at in part too little is known.
    """
    source = one.source
    if not isinstance(source, SimpleDataSet) or one.looked_at < one.total:
        return ()
    if sum(file.path.stat().st_size for file in source.files) > LARGEST_COPY:
        return ()
    override = set_override(one, "label_file_list", [str(path) for path in _paths(case, one)])
    found = case.accepted([override])
    if found:
        case.left_out.setdefault(one.mode, set()).update(map(int, rows))
    return found


def write(case: Case) -> None:
    """Write the lists of every set that has rows to leave out."""
    for one in case.opened:
        rows = case.left_out.get(one.mode)
        if not rows or not isinstance(one.source, SimpleDataSet):
            continue
        first = 0
        for file, path in zip(one.source.files, _paths(case, one), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as out:
                for line in range(len(file)):
                    if first + line not in rows:
                        out.write(file.raw(line) + b"\n")
            first += len(file)


def _paths(case: Case, one: Set) -> list[Path]:
    files = getattr(one.source, "files", [])
    return [
        case.folder / FOLDER / f"{one.mode}_{number}_{Path(file.path).name}"
        for number, file in enumerate(files)
    ]
