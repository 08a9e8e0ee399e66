"""A folder of labels, before it is split: what makes it the training set of a config."""

from __future__ import annotations

from pathlib import Path

from ppocr.data.labels import LabelFile
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import MissingInput

PAGES, LINES = "Label.txt", "rec_gt.txt"  # the names that PPOCRLabel gives them
LOOKED_AT = 50  # rows that tell which folder the names start from


def settings(given: str, task: str) -> list[str]:
    """Return the overrides that make a label file, or the folder it is in, the training set.

    PPOCRLabel names pages from the folder above its own and lines from its own; the folder below
    which the first rows find their images is taken. A MissingInput says what is not there.
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
    return [
        f"Train.dataset.data_dir={_root(path)}",
        f"Train.dataset.label_file_list=[{path}]",
        "Train.dataset.ratio_list=1.0",
    ]


def _root(path: Path) -> Path:
    """Return the folder below which most of the first rows find their images."""
    file = LabelFile(path)
    names = []
    for number in range(min(len(file), LOOKED_AT)):
        try:
            names.append(file[number].paths[0])
        except Rejected:
            continue
    candidates = path.absolute().parent, path.absolute().parent.parent
    counts = [sum((one / name).is_file() for name in names) for one in candidates]
    return candidates[1] if counts[1] > counts[0] else candidates[0]
