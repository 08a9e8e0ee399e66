"""Labels of SAR: characters first, then unknown, one mark for both start and end, and padding.

Li et al., "Show, Attend and Read", 2019.
"""

from __future__ import annotations

from typing import ClassVar

from ppocr.text.sequence import SequenceCodec


class SARCodec(SequenceCodec):
    """Characters, `<UKN>`, `<BOS/EOS>`, `<PAD>`; a network never predicts the last one.

    Labels do not use `<UKN>`: unknown characters are left out of them.
    """

    after: ClassVar[tuple[str, ...]] = ("<UKN>", "<BOS/EOS>", "<PAD>")
    start_name: ClassVar[str] = "<BOS/EOS>"
    end_name: ClassVar[str] = "<BOS/EOS>"
    padding_name: ClassVar[str] = "<PAD>"
    unknown_name: ClassVar[str | None] = "<UKN>"
