"""Recognition samples in LMDB: ``num-samples``, ``image-%09d`` and ``label-%09d``, from 1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ppocr.data.labels import MAX_ROW_BYTES, decode
from ppocr.data.shares import ratios_for
from ppocr.data.source import MAX_IMAGE_BYTES, Source
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput, UsageError

if TYPE_CHECKING:
    import lmdb

MAX_NOTE_BYTES = 4096
_MAX_DIGITS = 20
_DATA_FILE = "data.mdb"


class LMDBDataSet(Source):
    """Samples of every LMDB environment found in or below ``data_dir``, a folder or several.

    An environment is opened anew in each process that reads it (an open one must not cross a
    fork), and checked first: a file shorter than its own page count would kill the reader with
    SIGBUS, and a count of samples that the keys do not bear out would invent data.
    """

    parts: ClassVar[dict[str, str]] = {"transforms": "Op"}

    def __init__(
        self,
        data_dir: str | Sequence[str],
        transforms: Sequence[Any],
        ratio_list: Sequence[float] | float = 1.0,
        ext_op_transform_idx: int = 1,
        label_file_list: Sequence[str] | str | None = None,
    ) -> None:
        roots = [data_dir] if isinstance(data_dir, str) else data_dir
        self.folders = [folder for root in roots for folder in environments(Path(root))]
        ratios = ratios_for(len(self.folders), ratio_list)
        self.transforms = transforms
        self.ext_op_transform_idx = ext_op_transform_idx
        self.label_file_list = label_file_list  # official files carry it; the labels are inside
        super().__init__([self._samples(folder) for folder in self.folders], ratios)

    def read(self, row: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return the raw sample of a row."""
        number, index = self.where(row)
        folder, place = self.folders[number], self.place(row)
        image, label = self._get(folder, index + 1, place)
        return {"image": image, "label": decode(label, place), "place": place, "path": str(folder)}

    def label(self, row: int) -> str:
        import lmdb

        number, index = self.where(row)
        place = self.place(row)
        key = b"label-%09d" % (index + 1)
        try:
            with _environment(self.folders[number], os.getpid()).begin(buffers=True) as transaction:
                found = transaction.get(key)
                label = None if found is None else bytes(found[: MAX_ROW_BYTES + 1])
        except lmdb.Error as error:
            raise Rejected("corrupt LMDB", f"{place}: {error}") from error
        if label is None:
            raise Rejected("missing key", f"{place}: no key {key.decode()}")
        return decode(label, place)

    def note(self, row: int, key: str) -> bytes:
        """Return the first bytes of what is stored as ``key-%09d``; empty if nothing is."""
        number, index = self.where(row)
        with _environment(self.folders[number], os.getpid()).begin(buffers=True) as transaction:
            found = transaction.get(f"{key}-{index + 1:09d}".encode())
            return bytes(found[:MAX_NOTE_BYTES]) if found is not None else b""

    @property
    def names(self) -> list[str]:
        return [str(folder) for folder in self.folders]

    def place(self, row: int) -> str:
        number, index = self.where(row)
        return f"{self.folders[number]}:{index + 1}"

    def describe(self) -> list[str]:
        return [
            f"{folder}: {n} samples" for folder, n in zip(self.folders, self.sizes, strict=True)
        ]

    def _get(self, folder: Path, number: int, place: str) -> tuple[bytes, bytes]:
        import lmdb

        keys = (b"image-%09d" % number, b"label-%09d" % number)
        try:
            with _environment(folder, os.getpid()).begin(buffers=True) as transaction:
                image, label = (transaction.get(key) for key in keys)
                if image is None or label is None:
                    missing = keys[0 if image is None else 1].decode()
                    raise Rejected("missing key", f"{place}: no key {missing}")
                if len(image) > MAX_IMAGE_BYTES:
                    raise Rejected("file too large", f"{place}: an image of {len(image)} bytes")
                # a label that is too long is refused by its first bytes
                return bytes(image), bytes(label[: MAX_ROW_BYTES + 1])
        except lmdb.Error as error:
            raise Rejected("corrupt LMDB", f"{place}: {error}") from error

    @staticmethod
    def _samples(folder: Path) -> int:
        """Return the number of samples that an environment says it has, if its keys bear it out."""
        import lmdb

        environment = _environment(folder, os.getpid())
        try:
            with environment.begin(buffers=True) as transaction:
                written = transaction.get(b"num-samples")
                if written is None:
                    raise DataError(f"{folder}: no key num-samples; not a recognition LMDB")
                text = bytes(written[:_MAX_DIGITS]).decode("ascii", "replace")
                possible = environment.stat()["entries"] // 2
                if not (text.isascii() and text.isdecimal()) or int(text) > possible:
                    reason = f"num-samples is {text!r}, but there are keys for {possible}"
                    raise DataError(f"{folder}: {reason}")
                last = b"image-%09d" % int(text)
                if int(text) and transaction.get(last) is None:
                    reason = f"num-samples is {text}, but {last.decode()} is missing"
                    raise DataError(f"{folder}: {reason}")
        except lmdb.Error as error:
            raise DataError(f"{folder}: the LMDB is damaged: {error}; copy it again") from error
        return int(text)


def environments(root: Path) -> list[Path]:
    """Return the folders in or below ``root`` that hold an LMDB, sorted."""
    if not root.is_dir():
        raise MissingInput(f"no such folder: {root}")
    found = sorted(Path(folder) for folder, _, files in os.walk(root) if _DATA_FILE in files)
    if not found:
        raise MissingInput(f"no LMDB (a folder with {_DATA_FILE}) in or below {root}")
    return found


@cache
def _environment(folder: Path, process: int) -> lmdb.Environment:
    """Return the environment of this process: LMDB allows one per process and folder."""
    return _open_checked(folder.resolve())


if hasattr(os, "register_at_fork"):
    # a child lets go of what its parent opened, or it could not open the same folder again
    os.register_at_fork(after_in_child=_environment.cache_clear)


def _open_checked(folder: Path) -> lmdb.Environment:
    try:
        import lmdb
    except ImportError as error:
        raise UsageError("LMDBDataSet needs the package lmdb: pip install lmdb") from error
    try:
        environment = lmdb.open(
            str(folder), readonly=True, lock=False, readahead=False, meminit=False, max_readers=64
        )
    except lmdb.Error as error:
        raise DataError(f"{folder}: {error}") from error
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    size = (folder / _DATA_FILE).stat().st_size
    if size < needed:
        environment.close()
        raise DataError(f"{folder}: {_DATA_FILE} has {size} of {needed} bytes; copy it again")
    return environment
