"""CTC labelling: class 0 is the blank, class i + 1 is character i.

Alex Graves et al., "Connectionist Temporal Classification", 2006; decoded by best path.
Arrays: N samples, T steps, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from ppocr.text.charset import Charset, turn_round

BLANK = 0


class Encoded(NamedTuple):
    """A text as classes, and what could not be written with them."""

    ids: np.ndarray  # int64 [L]
    unknown: tuple[str, ...]


class CTCCodec:
    """Turns text into classes and best paths into text."""

    marks: ClassVar[int] = 0  # classes of an encoded text that are no characters

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self._characters = np.array(("", *charset.characters), dtype=object)

    @property
    def num_classes(self) -> int:
        """The width of a CTC head: all characters and the blank."""
        return len(self.charset) + 1

    @property
    def classes(self) -> tuple[str, ...]:
        """What each class stands for."""
        return ("blank", *self.charset.characters)

    @property
    def specials(self) -> dict[str, int]:
        """The classes that are not characters."""
        return {"blank": BLANK}

    def encode(self, text: str) -> Encoded:
        """Return the classes of a text (no blanks, not padded) and its unknown characters."""
        places, unknown = self.charset.split(text)
        return Encoded(np.asarray(places, dtype=np.int64) + 1, tuple(unknown))

    def decode(
        self, ids_NT: np.ndarray, probs_NT: np.ndarray | None = None
    ) -> list[tuple[str, float]]:
        """Return text and confidence of each best path.

        Repeated classes count once, blanks not at all. The confidence is the mean
        probability of the steps that gave a character, 0.0 for an empty text, and 1.0
        without probabilities. A class outside the character set is an IndexError.
        """
        kept_NT = self.kept(ids_NT)
        return [
            self._row(ids_NT[row], kept_NT[row], None if probs_NT is None else probs_NT[row])
            for row in range(len(ids_NT))
        ]

    def decode_labels(self, ids_NT: np.ndarray) -> list[tuple[str, float]]:
        """Return the texts of padded labels, in which repeated classes are real."""
        return [self._row(ids, ids != BLANK, None) for ids in np.asarray(ids_NT)]

    @staticmethod
    def kept(ids_NT: np.ndarray) -> np.ndarray:
        """Return which steps give a character: not blank and not the class before."""
        kept_NT = ids_NT != BLANK
        kept_NT[:, 1:] &= ids_NT[:, 1:] != ids_NT[:, :-1]
        return kept_NT

    @staticmethod
    def best_path(probs_NTC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest class of each step and its probability, both [N, T]."""
        ids_NT = probs_NTC.argmax(axis=2)
        return ids_NT, np.take_along_axis(probs_NTC, ids_NT[..., None], axis=2)[..., 0]

    def text_of(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the characters of these classes, in reading order."""
        text = "".join(self._characters[np.asarray(ids, dtype=np.int64)])
        return turn_round(text) if self.charset.reverse else text

    def _row(
        self, ids_T: np.ndarray, kept_T: np.ndarray, probs_T: np.ndarray | None
    ) -> tuple[str, float]:
        ids = ids_T[kept_T]
        if not len(ids):
            return "", 0.0
        score = 1.0 if probs_T is None else float(probs_T[kept_T].mean())
        return self.text_of(ids), score
