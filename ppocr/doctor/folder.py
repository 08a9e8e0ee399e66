"""A folder of labels, before it is split: what makes it the training set of a config."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ppocr.data.labels import LabelFile
from ppocr.doctor.lists import LARGEST_COPY
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import MissingInput
from ppocr.utils.files import atomic_write
from ppocr.utils.logs import say

PAGES, LINES = "Label.txt", "rec_gt.txt"  # the names that PPOCRLabel gives them
LOOKED_AT = 50  # rows that tell which folder the names start from


def settings(given: str, task: str, report: Path) -> list[str]:
    """Return the overrides that make a label file, or the folder it is in, the training set.

    PPOCRLabel names pages from the folder above its own and lines from its own; the folder below
    which the first rows find their images is taken. Where its folder has got another name since,
    a list without the old one is written into the folder of the report, row by row the same. A
    MissingInput says what is not there.
    """
    path = Path(given)
    if path.is_dir():
        name = PAGES if task == "det" else LINES
        path = path / name
        if not path.is_file():
            hint = (
                "tools/split_data.py cuts the lines out of the pages of Label.txt; check them then"
                if (path.parent / PAGES).is_file()
                else "--labels takes a PPOCRLabel folder or a label file"
            )
            raise MissingInput(f"no {name} in {given}: {hint}")
    elif not path.is_file():
        raise MissingInput(f"--labels: no such file or folder: {given}")
    root, found = _root(path)
    if not found and (renamed := _renamed(path, report)) is not None:
        root, path = path.absolute().parent, renamed
    return [
        f"Train.dataset.data_dir={root}",
        f"Train.dataset.label_file_list=[{path}]",
        "Train.dataset.ratio_list=1.0",
    ]


def _root(path: Path) -> tuple[Path, bool]:
    """Return the folder below which most of the first rows find their images, and if any does."""
    names = _first_names(path)
    candidates = path.absolute().parent, path.absolute().parent.parent
    counts = [sum((one / name).is_file() for name in names) for one in candidates]
    return candidates[1] if counts[1] > counts[0] else candidates[0], any(counts)


def _first_names(path: Path) -> list[str]:
    file = LabelFile(path)
    names = []
    for number in range(min(len(file), LOOKED_AT)):
        try:
            names.append(file[number].paths[0])
        except Rejected:
            continue
    return names


def _renamed(path: Path, report: Path) -> Path | None:
    """Return a list that names images without their folder, None if that finds none of them."""
    home = path.absolute().parent
    names = [PurePosixPath(name.replace("\\", "/")) for name in _first_names(path)]
    here = [name for name in names if len(name.parts) == 2 and (home / name.name).is_file()]
    if not here or path.stat().st_size > LARGEST_COPY:
        return None
    target = report / path.name
    report.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as rows, atomic_write(target) as out:
        for row in rows:
            name, tab, label = row.removeprefix(b"\xef\xbb\xbf").partition(b"\t")
            out.write(name.replace(b"\\", b"/").rpartition(b"/")[2] + tab + label)
    say(f"{path} names its images in {here[0].parts[0]}/, they are taken from {home.name}/")
    say(f"(rows are counted in {target}, they are the same)")
    return target
