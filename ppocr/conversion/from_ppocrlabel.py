"""Projects of PPOCRLabel: Label.txt, Cache.cach, fileState.txt, rec_gt.txt and crop_img/.

Facts: Label.txt and Cache.cach hold ``folder/image<TAB>[{transcription, points, difficult}]``,
the first what was confirmed, the second also what a model proposed; fileState.txt holds
``path of an image<TAB>1`` for the confirmed ones. All are read as text and JSON, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ppocr.conversion.from_ppocr import label_rows
from ppocr.conversion.page import Item, Page, Picture, Skip, Source
from ppocr.conversion.rows import page_of
from ppocr.conversion.safe import Images, Input, rows_of
from ppocr.data.labels import LabelFile
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import MissingInput

LABELS, CACHE, STATE, LINES = "Label.txt", "Cache.cach", "fileState.txt", "rec_gt.txt"
NAMES = "names.tsv"  # ours: what the images were called before they came into one folder


def read(given: Input) -> Source:
    """Return the pages of a project; its lines (rec_gt.txt) where it has no pages."""
    folder = given.path.parent if given.path.is_file() else given.path
    files = [LabelFile(folder / name) for name in (LABELS, CACHE) if (folder / name).is_file()]
    if files:
        return Source(_pages(folder, files, given), sum(map(len, files)))
    if (folder / LINES).is_file():
        lines = LabelFile(folder / LINES)
        return Source(label_rows(lines, given, folder), len(lines))
    raise MissingInput(
        f"{folder}: neither {LABELS} nor {CACHE} nor {LINES}; not a PPOCRLabel folder"
    )


def confirmed_names(folder: Path) -> frozenset[str]:
    """Return the file names that fileState.txt lists as confirmed."""
    path = folder / STATE
    if not path.is_file():
        return frozenset()
    rows = (row.rpartition("\t") for row in rows_of(path))
    return frozenset(_base(name) for name, _, state in rows if name and state.strip() == "1")


def original_names(folder: Path) -> dict[str, str]:
    """Return what images of the folder were called before, for a project that we wrote."""
    path = folder / NAMES
    if not path.is_file():
        return {}
    rows = (row.partition("\t") for row in rows_of(path))
    return {name: before for name, found, before in rows if found and is_inside(before)}


def _pages(folder: Path, files: list[LabelFile], given: Input) -> Iterator[Item]:
    """Yield each page once: as in Label.txt, else as in Cache.cach."""
    confirmed, before = confirmed_names(folder), original_names(folder)
    seen: set[str] = set()
    for file in files:
        sure = file.path.name == LABELS
        for number in range(len(file)):
            place = file.place(number)
            try:
                row = file[number]
                name = _base(row.paths[0])
                if name in seen:
                    if sure:
                        yield Skip("second label", place, f"{name} was labelled above")
                    continue
                picture = project_picture(folder, row.paths[0], given.images)
                page = page_of(
                    row.label, picture, place, given.difficult, sure or name in confirmed
                )
                seen.add(name)
                yield _renamed(page, before) if _is_wanted(page, given) else _unconfirmed(page)
            except Rejected as error:
                yield Skip.of(error, place)


def project_picture(folder: Path, name: str, images: Images) -> Picture:
    """Return the image of a row: the folder before its name is that of the project at the time."""
    try:
        return images.named(_base(name), folder)
    except Rejected:
        return images.named(name, folder.parent)


def _is_wanted(page: Page, given: Input) -> bool:
    return page.confirmed or given.unconfirmed == "use"


def _unconfirmed(page: Page) -> Skip:
    hint = "confirm it in PPOCRLabel, or take all with --unconfirmed use"
    return Skip("not confirmed", page.place, f"{page.picture.name}: {hint}")


def _renamed(page: Page, before: dict[str, str]) -> Page:
    name = before.get(page.picture.name)
    return page if name is None else replace(page, picture=replace(page.picture, name=name))


def _base(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def is_inside(name: str) -> bool:
    """Return whether a stored name stays below the folder it is written into."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name
