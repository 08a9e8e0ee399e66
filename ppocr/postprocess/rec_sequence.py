"""Text from networks that write it character by character: attention, SAR, NRTR.

Arrays: N lines, L steps, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ppocr.text.attention import AttentionCodec
from ppocr.text.charset import charset_of
from ppocr.text.nrtr import NRTRCodec
from ppocr.text.sar import SARCodec
from ppocr.text.sequence import SequenceCodec
from ppocr.utils.exits import DataError

IDS, PROBABILITIES = "ids", "probs"


class SequenceLabelDecode:
    """Reads the likeliest class of each step, up to the end mark."""

    entry: ClassVar[str] = PROBABILITIES  # what a network with several heads calls this output
    # classes that heads of this kind have, beyond or short of those of the labels
    beyond: ClassVar[tuple[int, ...]] = (0,)

    def __init__(self, codec: SequenceCodec) -> None:
        self.codec = codec
        self.charset = codec.charset

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray] | np.ndarray | Sequence[np.ndarray],
        batch: Mapping[str, Any] | None = None,
    ) -> list[tuple[str, float]]:
        """Return `(text, score)` of each line.

        `outputs` are probabilities [N, L, C], or classes and their probabilities, both [N, L],
        as a pair or under the names `ids` and `probs`. A DataError says that the network and
        the dictionary have different classes.
        """
        ids_NL, probs_NL = self._best(outputs)
        return self.codec.decode(ids_NL, probs_NL)

    def decode_labels(self, ids_NL: np.ndarray) -> list[tuple[str, float]]:
        """Return the texts of encoded labels, which lack the unknown characters."""
        return self.codec.decode_labels(ids_NL)

    def _best(self, outputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest class of each step and its probability, both [N, L]."""
        pair = _pair(outputs)
        if pair is not None:
            return pair
        probs_NLC = _as_floats(_entry(outputs, self.entry))
        if probs_NLC.ndim != 3:
            raise DataError(f"a batch of sequences [N, L, C] is read, not {probs_NLC.shape}")
        self._check(probs_NLC.shape[-1])
        ids_NL = probs_NLC.argmax(axis=2)
        return ids_NL, np.take_along_axis(probs_NLC, ids_NL[..., None], axis=2)[..., 0]

    def _check(self, classes: int) -> None:
        expected = [self.codec.num_classes + more for more in self.beyond]
        if classes not in expected:
            marks = self.codec.num_classes - len(self.charset)
            raise DataError(
                f"the network has {classes} classes, but the dictionary gives "
                f"{' or '.join(map(str, expected))} (its {len(self.charset)} characters and "
                f"{marks} marks): it is not the dictionary, or not the use_space_char, that the "
                "model was trained with"
            )


class AttnLabelDecode(SequenceLabelDecode):
    """Text of the attention head.

    What a network writes after the end mark is read, as in the original, unless `stop_at_end`.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[tuple[str, ...]] = ("AttnLabelEncode",)

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
        stop_at_end: bool = False,
    ) -> None:
        charset = charset_of(character_dict_path, use_space_char, character_dict, reverse, lower)
        super().__init__(AttentionCodec(charset, stop_at_end))


class SARLabelDecode(SequenceLabelDecode):
    """Text of SAR.

    `rm_symbol` leaves Latin letters, digits and Chinese characters, in small letters, of what
    is read; a metric compares it with the true text treated in the same way.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[tuple[str, ...]] = ("SARLabelEncode", "MultiLabelEncode")
    entry: ClassVar[str] = "sar"
    beyond: ClassVar[tuple[int, ...]] = (-1, 0)  # padding is never predicted

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
        rm_symbol: bool = False,
    ) -> None:
        charset = charset_of(
            character_dict_path, use_space_char, character_dict, reverse, lower, rm_symbol
        )
        super().__init__(SARCodec(charset))


class NRTRLabelDecode(SequenceLabelDecode):
    """Text of NRTR, whose network writes classes and their probabilities."""

    reads: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[tuple[str, ...]] = ("NRTRLabelEncode",)
    entry: ClassVar[str] = "gtc"
    beyond: ClassVar[tuple[int, ...]] = (0, 1)  # the transformer has one class more

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
    ) -> None:
        charset = charset_of(character_dict_path, use_space_char, character_dict, reverse, lower)
        super().__init__(NRTRCodec(charset))


def _pair(outputs: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return classes and probabilities when the network wrote both, each [N, L]."""
    if isinstance(outputs, Mapping) and IDS in outputs and PROBABILITIES in outputs:
        outputs = (outputs[IDS], outputs[PROBABILITIES])
    if not isinstance(outputs, (list, tuple)) or len(outputs) != 2:
        return None
    ids_NL, probs_NL = np.asarray(outputs[0]), _as_floats(outputs[1])
    if ids_NL.ndim != 2 or ids_NL.shape != probs_NL.shape:
        return None
    return ids_NL.astype(np.int64), probs_NL


def _entry(outputs: Any, name: str) -> Any:
    if isinstance(outputs, Mapping):
        found = [outputs[one] for one in (PROBABILITIES, name) if one in outputs]
        outputs = found[0] if found else list(outputs.values())[-1]
    return outputs[-1] if isinstance(outputs, (list, tuple)) else outputs


def _as_floats(array: Any) -> np.ndarray:
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype == np.float16 else array
