"""SARLabelDecode for each of several named networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ppocr.postprocess.each_model import EachModel
from ppocr.postprocess.rec_sequence import SARLabelDecode


class DistillationSARLabelDecode(EachModel):
    """SARLabelDecode for each named recogniser; `multi_head` reads the entry `sar`."""

    each_of: ClassVar[str] = "SARLabelDecode"
    reads: ClassVar[tuple[str, ...]] = SARLabelDecode.reads
    encoders: ClassVar[tuple[str, ...]] = SARLabelDecode.encoders

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        model_name: str | Sequence[str] = ("student",),
        key: str | None = None,
        multi_head: bool = False,
        rm_symbol: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
    ) -> None:
        inner = SARLabelDecode(
            character_dict_path, use_space_char, character_dict, reverse, lower, rm_symbol
        )
        super().__init__(inner, model_name, key, multi_head, entry=SARLabelDecode.entry)
        self.charset = inner.charset
        self.codec = inner.codec
