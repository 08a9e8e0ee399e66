"""Text from the class probabilities of a CTC recogniser.

Arrays: N lines, T steps, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ppocr.text.charset import charset_of
from ppocr.text.ctc import CTCCodec
from ppocr.text.words import Word, words_of
from ppocr.utils.exits import DataError

PROBABILITIES = ("probs", "ctc")  # what the output of a CTC head is called


class CTCLabelDecode:
    """Reads the best path of each line; the classes are the lines of a dictionary."""

    reads: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[tuple[str, ...]] = ("CTCLabelEncode", "MultiLabelEncode")

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
    ) -> None:
        self.charset = charset_of(
            character_dict_path, use_space_char, character_dict, reverse, lower
        )
        self.codec = CTCCodec(self.charset)

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray] | np.ndarray | Sequence[np.ndarray],
        batch: Mapping[str, Any] | None = None,
    ) -> list[tuple[str, float]]:
        """Return `(text, score)` of each line from probabilities [N, T, C].

        A DataError says that the network and the dictionary have different classes.
        """
        return self.codec.decode(*self.codec.best_path(self._probabilities(outputs)))

    def decode_words(
        self,
        outputs: Mapping[str, np.ndarray] | np.ndarray,
        wh_ratios: Sequence[float],
        max_wh_ratio: float,
    ) -> list[tuple[str, float, float, list[Word]]]:
        """Return text, score, number of steps that show the line, and words of each line.

        `wh_ratios` are width / height of the lines, `max_wh_ratio` that of the batch they
        were padded to: a narrow line fills only the first of its steps.
        """
        ids_NT, probs_NT = self.codec.best_path(self._probabilities(outputs))
        kept_NT = self.codec.kept(ids_NT)
        results = []
        for row, (text, score) in enumerate(self.codec.decode(ids_NT, probs_NT)):
            read = "".join(self.charset.characters[one - 1] for one in ids_NT[row, kept_NT[row]])
            words = words_of(read, np.flatnonzero(kept_NT[row]).tolist())
            steps = ids_NT.shape[1] * (wh_ratios[row] / max_wh_ratio)
            results.append((text, score, steps, words))
        return results

    def decode_labels(self, ids_NT: np.ndarray) -> list[tuple[str, float]]:
        """Return the texts of encoded labels, which lack the unknown characters."""
        return self.codec.decode_labels(ids_NT)

    def _probabilities(self, outputs: Any) -> np.ndarray:
        if isinstance(outputs, Mapping):
            found = [outputs[name] for name in PROBABILITIES if name in outputs]
            outputs = found[0] if found else list(outputs.values())
        if isinstance(outputs, (list, tuple)):
            outputs = outputs[-1]
        probs_NTC = np.asarray(outputs)
        if probs_NTC.dtype == np.float16:
            probs_NTC = probs_NTC.astype(np.float32)
        classes = self.codec.num_classes
        if probs_NTC.shape[-1] != classes:
            raise DataError(
                f"the network has {probs_NTC.shape[-1]} classes, but the dictionary gives "
                f"{classes} (its {len(self.charset)} characters and the blank): it is not the "
                "dictionary, or not the use_space_char, that the model was trained with"
            )
        return probs_NTC
