"""Which codec belongs to which decoder: the one place that knows how many classes a head has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ppocr.text.attention import AttentionCodec
from ppocr.text.charset import Charset
from ppocr.text.ctc import CTCCodec
from ppocr.text.nrtr import NRTRCodec
from ppocr.text.sar import SARCodec
from ppocr.text.sequence import SequenceCodec

CODECS: Mapping[str, type[CTCCodec] | type[SequenceCodec]] = MappingProxyType(
    {
        "CTCLabelDecode": CTCCodec,
        "AttnLabelDecode": AttentionCodec,
        "SARLabelDecode": SARCodec,
        "NRTRLabelDecode": NRTRCodec,
    }
)


def class_counts(charset: Charset) -> dict[str, int]:
    """Return how many classes each decoder has over the same characters."""
    return {name: codec(charset).num_classes for name, codec in CODECS.items()}
