"""Dictionaries of the original that follow a rule, so that their lines can be written down.

Each is compared with the checksum of the official file (``official.py``) by the tests; where no
rule gives exactly that content, the file is not part of this project.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from types import MappingProxyType

ALPHANUMERIC = string.digits + string.ascii_letters
PRINTABLE = ALPHANUMERIC + string.punctuation
ASCII_FROM_0 = "".join(map(chr, range(ord("0"), ord("~") + 1)))
KAZAKH = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ"
MYANMAR = "".join(map(chr, range(0x1000, 0x10A0)))  # the whole block of Unicode

RULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ppocr/utils/ic15_dict.txt": tuple(string.digits + string.ascii_lowercase),
        "ppocr/utils/EN_symbol_dict.txt": tuple(PRINTABLE),
        "ppocr/utils/dict/parseq_dict.txt": tuple(PRINTABLE),
        "ppocr/utils/dict90.txt": tuple(one for one in PRINTABLE if one not in "^{|}"),
        "ppocr/utils/en_dict.txt": (*ASCII_FROM_0, *map(chr, range(ord("!"), ord("0"))), " "),
        "ppocr/utils/dict/en_dict.txt": (*ALPHANUMERIC, " "),
        "ppocr/utils/dict/kazakh_dict.txt": tuple(KAZAKH),
        "ppocr/utils/dict/bm_dict.txt": tuple(MYANMAR),
        "ppocr/utils/dict/kie_dict/xfund_class_list.txt": ("OTHER", "QUESTION", "ANSWER", "HEADER"),
        "ppocr/utils/dict/layout_dict/layout_table_dict.txt": ("table",),
        "ppocr/utils/dict/layout_dict/layout_publaynet_dict.txt": (
            *("text", "title", "list", "table", "figure"),
        ),
        "ppocr/utils/dict/layout_dict/layout_cdla_dict.txt": (
            *("text", "title", "figure", "figure_caption", "table", "table_caption"),
            *("header", "footer", "reference", "equation"),
        ),
    }
)


def content(lines: tuple[str, ...] | list[str]) -> bytes:
    """Return the bytes of a dictionary file: UTF-8, one entry a line, each line ended."""
    return "".join(f"{line}\n" for line in lines).encode()
