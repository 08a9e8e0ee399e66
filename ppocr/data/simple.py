"""Images in files, labels in one or several text files: the format of most training sets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ppocr.data.labels import LabelFile, demand_inside, homes_of, locate
from ppocr.data.shares import ratios_for
from ppocr.data.source import Source, read_image


class SimpleDataSet(Source):
    """Samples listed as ``path<delimiter>label`` in ``label_file_list``, images below ``data_dir``.

    ``ratio_list`` is the part of each file that one epoch takes; the part is drawn anew for every
    epoch, and 2.5 means every row twice and half of them once more. ``ext_op_transform_idx`` is
    how many of the transforms the extra samples of mixing operators go through. Images outside
    ``data_dir``, also by way of a link, are refused unless ``allow_outside_root``.
    """

    parts: ClassVar[dict[str, str]] = {"transforms": "Op"}

    def __init__(
        self,
        data_dir: str,
        label_file_list: Sequence[str] | str,
        transforms: Sequence[Any],
        ratio_list: Sequence[float] | float = 1.0,
        delimiter: str = "\t",
        ext_op_transform_idx: int = 2,
        allow_outside_root: bool = False,
    ) -> None:
        names = [label_file_list] if isinstance(label_file_list, str) else list(label_file_list)
        ratios = ratios_for(len(names), ratio_list)
        self.root = Path(os.path.abspath(data_dir))
        self.files = [LabelFile(name, delimiter) for name in names]
        self.homes = homes_of(self.root, [file.path for file in self.files])
        self.transforms = transforms
        self.ext_op_transform_idx = ext_op_transform_idx
        self.allow_outside_root = allow_outside_root
        super().__init__([len(file) for file in self.files], ratios)

    def read(self, row: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return the raw sample; of several paths in a row one is drawn at random."""
        number, line = self.where(row)
        found = self.files[number][line]
        several = len(found.paths) > 1
        name = found.paths[int(rng.integers(len(found.paths)))] if several else found.paths[0]
        path = locate(self.root, name, found.place, self.allow_outside_root)
        if not self.allow_outside_root:
            demand_inside(self.homes, path, found.place)
        return {
            "image": read_image(path, found.place),
            "label": found.label,
            "place": found.place,
            "path": str(path),
        }

    def label(self, row: int) -> str:
        number, line = self.where(row)
        return self.files[number][line].label

    def contents(self) -> list[str]:
        return [f"{len(file)} rows {file.digest()}" for file in self.files]

    @property
    def names(self) -> list[str]:
        return [str(file.path) for file in self.files]

    def place(self, row: int) -> str:
        number, line = self.where(row)
        return self.files[number].place(line)

    def describe(self) -> list[str]:
        lines = []
        for file, ratio in zip(self.files, self.ratios, strict=True):
            blank = f", {file.blank} blank lines left out" if file.blank else ""
            part = f", ratio {ratio:g}" if ratio != 1 else ""
            lines.append(f"{file.path}: {len(file)} rows{part}{blank}")
        return lines
