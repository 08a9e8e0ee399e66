"""Labels of NRTR: padding, unknown, start and end mark, then the characters.

Sheng et al., "NRTR: A No-Recurrence Sequence-to-Sequence Model For Scene Text Recognition", 2019.
"""

from __future__ import annotations

from typing import ClassVar

from ppocr.text.sequence import SequenceCodec


class NRTRCodec(SequenceCodec):
    """`blank` (padding), `<unk>`, `<s>`, `</s>`, characters.

    Labels do not use `<unk>`: unknown characters are left out of them.
    """

    before: ClassVar[tuple[str, ...]] = ("blank", "<unk>", "<s>", "</s>")
    start_name: ClassVar[str] = "<s>"
    end_name: ClassVar[str] = "</s>"
    padding_name: ClassVar[str] = "blank"
    unknown_name: ClassVar[str | None] = "<unk>"
