"""The last operation of a chain: what of the sample goes into the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ppocr.transforms.base import BOOKKEEPING, Rejected, Sample


class KeepKeys:
    """Keeps exactly ``keep_keys``, in that order, and what the program itself needs.

    Bookkeeping entries (index, place, text, normalize) stay when present.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"
    keeps: ClassVar[bool] = True  # reads no pixel, so normalisation before it can wait

    def __init__(self, keep_keys: Sequence[str]) -> None:
        self.keep_keys = tuple(keep_keys)

    def __call__(self, sample: Sample) -> Sample:
        missing = [key for key in self.keep_keys if key not in sample]
        if missing:
            raise Rejected("missing_entry", f"no operation made {', '.join(missing)}")
        kept = {key: sample[key] for key in self.keep_keys}
        for key in BOOKKEEPING:
            if key in sample:
                kept.setdefault(key, sample[key])
        return kept
