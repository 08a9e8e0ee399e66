"""What labelling schemes with start and end marks share: text written one character a step.

Arrays: N samples, L steps.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ppocr.text.charset import Charset, turn_round, without_symbols
from ppocr.text.ctc import Encoded


class SequenceCodec:
    """Turns text into classes between a start and an end mark, and classes into text.

    `before` and `after` name the classes that stand before and after the characters; each
    scheme says which of them is `start`, `end` and `padding`, and which one is shown where
    the network says that it cannot name a character.
    """

    marks: ClassVar[int] = 2  # classes of an encoded text that are no characters
    before: ClassVar[tuple[str, ...]] = ()
    after: ClassVar[tuple[str, ...]] = ()
    start_name: ClassVar[str]
    end_name: ClassVar[str]
    padding_name: ClassVar[str]
    unknown_name: ClassVar[str | None] = None

    def __init__(self, charset: Charset, stops: bool = True) -> None:
        self.charset = charset
        self.stops = stops  # nothing that a network writes after the end mark is read
        shown = {self.unknown_name}
        names = [name if name in shown else "" for name in self.classes_before_and_after()]
        first = len(self.before)
        written = (*names[:first], *charset.characters, *names[first:])
        self._characters = np.array(written, dtype=object)
        self._is_written = np.array([bool(one) for one in written])
        self.start = self.place(self.start_name)
        self.end = self.place(self.end_name)
        self.padding = self.place(self.padding_name)

    @classmethod
    def classes_before_and_after(cls) -> tuple[str, ...]:
        """Return the names of all classes that are not characters, in their order."""
        return (*cls.before, *cls.after)

    def place(self, name: str) -> int:
        """Return the class of a mark."""
        if name in self.before:
            return self.before.index(name)
        return len(self.before) + len(self.charset) + self.after.index(name)

    @property
    def num_classes(self) -> int:
        """How many classes there are: characters, marks and padding."""
        return len(self._characters)

    @property
    def classes(self) -> tuple[str, ...]:
        """What each class stands for."""
        return (*self.before, *self.charset.characters, *self.after)

    @property
    def specials(self) -> dict[str, int]:
        """The classes that are not characters."""
        return {name: self.place(name) for name in self.classes_before_and_after()}

    def encode(self, text: str) -> Encoded:
        """Return start mark, classes and end mark of a text, and its unknown characters."""
        places, unknown = self.charset.split(text)
        ids = np.empty(len(places) + self.marks, dtype=np.int64)
        ids[0], ids[-1] = self.start, self.end
        ids[1:-1] = places
        ids[1:-1] += len(self.before)
        return Encoded(ids, tuple(unknown))

    def padded(self, ids: np.ndarray, length: int) -> np.ndarray:
        """Return encoded classes filled up to `length`, int64; longer ones are a ValueError."""
        if len(ids) > length:
            raise ValueError(f"{len(ids)} classes do not fit into {length}")
        label = np.full(length, self.padding, dtype=np.int64)
        label[: len(ids)] = ids
        return label

    def decode(
        self, ids_NL: np.ndarray, probs_NL: np.ndarray | None = None
    ) -> list[tuple[str, float]]:
        """Return text and confidence of each sequence that a network wrote.

        The confidence is the mean probability of the steps that gave a character, 0.0 for an
        empty text, and 1.0 without probabilities.
        """
        ids_NL = np.asarray(ids_NL)
        return self._rows(ids_NL, self._kept(ids_NL, self.stops), probs_NL)

    def decode_labels(self, ids_NL: np.ndarray) -> list[tuple[str, float]]:
        """Return the texts of padded labels, with confidence 1.0."""
        ids_NL = np.asarray(ids_NL)[:, 1:]  # what stands first is the start mark
        return self._rows(ids_NL, self._kept(ids_NL, stops=True), None)

    def text_of(self, ids: np.ndarray) -> str:
        """Return the characters of these classes, in reading order."""
        text = "".join(self._characters[np.asarray(ids, dtype=np.int64)])
        if self.charset.letters_only:
            text = without_symbols(text)
        return turn_round(text) if self.charset.reverse else text

    def _kept(self, ids_NL: np.ndarray, stops: bool) -> np.ndarray:
        """Return which steps give a character; a class that nothing stands for gives none."""
        known_NL = (ids_NL >= 0) & (ids_NL < self.num_classes)
        kept_NL = known_NL & self._is_written[np.where(known_NL, ids_NL, self.padding)]
        if stops:
            kept_NL &= ~np.logical_or.accumulate(ids_NL == self.end, axis=1)
        return kept_NL

    def _rows(
        self, ids_NL: np.ndarray, kept_NL: np.ndarray, probs_NL: np.ndarray | None
    ) -> list[tuple[str, float]]:
        found = []
        for row, kept_L in enumerate(kept_NL):
            if not kept_L.any():
                found.append(("", 0.0))
                continue
            score = 1.0 if probs_NL is None else float(probs_NL[row][kept_L].mean())
            found.append((self.text_of(ids_NL[row][kept_L]), score))
        return found
