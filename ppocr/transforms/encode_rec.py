"""Labels of recognition and of the direction classifier.

All encoders of texts leave unknown characters out of the label, and refuse a sample with the
reasons "empty", "too_long" and "only_unknown". A text may have `max_text_length` characters,
counted before leaving any out; what is left must fit into a label of `max_text_length` classes,
in which start and end mark take two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from ppocr.text.attention import AttentionCodec
from ppocr.text.charset import Charset
from ppocr.text.ctc import CTCCodec, Encoded
from ppocr.text.nrtr import NRTRCodec
from ppocr.text.sar import SARCodec
from ppocr.text.sequence import SequenceCodec
from ppocr.transforms.base import Rejected, Sample


class CTCLabelEncode:
    """Turns ``label`` (a text) into classes for CTC.

    ``label`` becomes int64 (max_text_length,) padded with 0, ``length`` int64 the number of
    characters, ``label_ace`` int64 (classes,) how often each class occurs (for ACE loss), and
    ``text`` keeps the text as it was.
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
        ids = encode(self.codec, text, self.max_text_length).ids
        label = np.zeros(self.max_text_length, dtype=np.int64)
        label[: len(ids)] = ids
        sample["text"] = text
        sample["label"] = label
        sample["length"] = np.array(len(ids), dtype=np.int64)
        sample["label_ace"] = np.bincount(label, minlength=self.codec.num_classes)
        return sample


class SequenceLabelEncode:
    """Turns ``label`` (a text) into classes between a start and an end mark.

    ``label`` becomes int64 (max_text_length,), ``length`` int64 the number of characters
    without the marks, and ``text`` keeps the text as it was.
    """

    def __init__(self, codec: SequenceCodec, max_text_length: int) -> None:
        self.codec = codec
        self.max_text_length = max_text_length

    def __call__(self, sample: Sample) -> Sample:
        text = sample["label"]
        ids = encode(self.codec, text, self.max_text_length).ids
        sample["text"] = text
        sample["label"] = self.codec.padded(ids, self.max_text_length)
        sample["length"] = np.array(len(ids) - 2, dtype=np.int64)
        return sample


class AttnLabelEncode(SequenceLabelEncode):
    """Labels of the attention head: start mark 0, characters, end mark; padded with 0."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label", "length")
    touches: ClassVar[str] = "nothing"

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
    ) -> None:
        charset = Charset.read(character_dict_path, use_space_char)
        super().__init__(AttentionCodec(charset), max_text_length)


class SARLabelEncode(SequenceLabelEncode):
    """Labels of SAR: start mark, characters, the same mark, padding, in the last classes."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label", "length")
    touches: ClassVar[str] = "nothing"

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
    ) -> None:
        charset = Charset.read(character_dict_path, use_space_char)
        super().__init__(SARCodec(charset), max_text_length)


class NRTRLabelEncode(SequenceLabelEncode):
    """Labels of NRTR: start mark 2, characters from class 4 on, end mark 3; padded with 0."""

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label", "length")
    touches: ClassVar[str] = "nothing"

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
    ) -> None:
        charset = Charset.read(character_dict_path, use_space_char)
        super().__init__(NRTRCodec(charset), max_text_length)


class MultiLabelEncode:
    """Labels for CTC and for the head that guides it, from one text.

    ``label_ctc`` int64 (max_text_length,) padded with 0; the guide's label of the same length
    is ``label_sar``, or ``label_gtc`` with `gtc_encode: NRTRLabelEncode`; ``length`` int64 the
    number of characters; ``text`` keeps the text as it was. A text has to fit into both.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("label_ctc", "label_sar", "label_gtc", "length")
    touches: ClassVar[str] = "nothing"

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        gtc_encode: Literal["SARLabelEncode", "NRTRLabelEncode"] | None = None,
    ) -> None:
        charset = Charset.read(character_dict_path, use_space_char)
        self.max_text_length = max_text_length
        self.codec = CTCCodec(charset)
        is_nrtr = gtc_encode == "NRTRLabelEncode"
        self.guide: SequenceCodec = NRTRCodec(charset) if is_nrtr else SARCodec(charset)
        self.guide_label = "label_gtc" if is_nrtr else "label_sar"

    def __call__(self, sample: Sample) -> Sample:
        text = sample["label"]
        ids = encode(self.guide, text, self.max_text_length).ids
        places = ids[1:-1] - len(self.guide.before)  # the text is looked up once for both
        label = np.zeros(self.max_text_length, dtype=np.int64)
        label[: len(places)] = places + 1
        sample["text"] = text
        sample["label_ctc"] = label
        sample[self.guide_label] = self.guide.padded(ids, self.max_text_length)
        sample["length"] = np.array(len(places), dtype=np.int64)
        return sample


def encode(codec: CTCCodec | SequenceCodec, text: str, max_text_length: int) -> Encoded:
    """Return the classes of a text with the codec's marks; Rejected if it makes no label."""
    if not text:
        raise Rejected("empty", "the label is empty")
    if len(text) > max_text_length:
        raise Rejected("too_long", f"{len(text)} characters, at most {max_text_length}")
    encoded = codec.encode(text)
    if len(encoded.unknown) == len(text):
        raise Rejected("only_unknown", f"no character of {text[:40]!r} is in the dictionary")
    if len(encoded.ids) > max_text_length:
        characters = len(encoded.ids) - codec.marks
        raise Rejected(
            "too_long",
            f"{characters} characters and {codec.marks} marks, at most {max_text_length} together",
        )
    return encoded


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
