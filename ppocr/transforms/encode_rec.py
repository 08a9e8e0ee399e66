"""Labels of recognition and of the direction classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ppocr.text.charset import Charset
from ppocr.text.ctc import CTCCodec
from ppocr.transforms.base import Rejected, Sample


class CTCLabelEncode:
    """Turns ``label`` (a text) into classes for CTC.

    ``label`` becomes int64 (max_text_length,) padded with 0, ``length`` int64 the number of
    characters, ``label_ace`` int64 (classes,) how often each class occurs (for ACE loss), and
    ``text`` keeps the text as it was. Unknown characters are left out. Rejected: "empty",
    "too_long" (counted before leaving out), "only_unknown".
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label", "length", "label_ace")
    touches: ClassVar[str] = "nothing"

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
    ) -> None:
        self.max_text_length = max_text_length
        self.codec = CTCCodec(Charset.read(character_dict_path, use_space_char))

    def __call__(self, sample: Sample) -> Sample:
        text = sample["label"]
        if not text:
            raise Rejected("empty", "the label is empty")
        if len(text) > self.max_text_length:
            raise Rejected("too_long", f"{len(text)} characters, at most {self.max_text_length}")
        encoded = self.codec.encode(text)
        if not len(encoded.ids):
            raise Rejected("only_unknown", f"no character of {text[:40]!r} is in the dictionary")
        label = np.zeros(self.max_text_length, dtype=np.int64)
        label[: len(encoded.ids)] = encoded.ids
        sample["text"] = text
        sample["label"] = label
        sample["length"] = np.array(len(encoded.ids), dtype=np.int64)
        sample["label_ace"] = np.bincount(label, minlength=self.codec.num_classes)
        return sample


class ClsLabelEncode:
    """Turns ``label`` into its place in ``label_list``; Rejected ("unknown_class") otherwise."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label",)
    touches: ClassVar[str] = "nothing"

    def __init__(self, label_list: Sequence[str | int]) -> None:
        self.label_list = [str(label) for label in label_list]

    def __call__(self, sample: Sample) -> Sample:
        label = str(sample["label"])
        if label not in self.label_list:
            known = ", ".join(self.label_list)
            raise Rejected("unknown_class", f"{label!r} is not one of {known}")
        sample["text"] = label
        sample["label"] = self.label_list.index(label)
        return sample
