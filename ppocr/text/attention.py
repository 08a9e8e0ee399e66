"""Labels of attention recognisers: class 0 is the start mark, the last class the end mark.

Shi et al., "Robust Scene Text Recognition with Automatic Rectification" (RARE), 2016.
"""

from __future__ import annotations

from typing import ClassVar

from ppocr.text.charset import Charset
from ppocr.text.sequence import SequenceCodec


class AttentionCodec(SequenceCodec):
    """Start mark, characters, end mark; labels are filled up with the start mark.

    What follows the end mark is read unless `stop_at_end`: networks fill up with start marks,
    which give nothing, so it only makes a difference to those that did not learn to.
    """

    before: ClassVar[tuple[str, ...]] = ("sos",)
    after: ClassVar[tuple[str, ...]] = ("eos",)
    start_name: ClassVar[str] = "sos"
    end_name: ClassVar[str] = "eos"
    padding_name: ClassVar[str] = "sos"

    def __init__(self, charset: Charset, stop_at_end: bool = False) -> None:
        super().__init__(charset, stops=stop_at_end)
