"""The formats by name: the index of this room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ppocr.conversion import (
    from_coco,
    from_cvat,
    from_icdar,
    from_label_studio,
    from_labelme,
    from_lmdb,
    from_ppocr,
    from_ppocrlabel,
    from_totaltext,
)
from ppocr.conversion.page import Source
from ppocr.conversion.safe import Input

READERS: Mapping[str, Callable[[Input], Source]] = MappingProxyType(
    {
        "ppocr": from_ppocr.read,
        "ppocrlabel": from_ppocrlabel.read,
        "icdar2015": from_icdar.read_2015,
        "icdar2019": from_icdar.read_2019,
        "coco": from_coco.read,
        "labelme": from_labelme.read,
        "label-studio": from_label_studio.read,
        "totaltext": from_totaltext.read,
        "cvat": from_cvat.read,
        "lmdb": from_lmdb.read,
    }
)
WRITERS = ("ppocr", "lmdb", "ppocrlabel")
