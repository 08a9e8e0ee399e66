"""The likeliest class of an image, by name: the direction of a text line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np


class ClsPostProcess:
    """Names the likeliest class; without names, its number."""

    reads: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[tuple[str, ...]] = ("ClsLabelEncode",)

    def __init__(
        self, label_list: Sequence[str] | Mapping | None = None, key: str | None = None
    ) -> None:
        self.label_list = label_list
        self.key = key

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray] | np.ndarray,
        batch: Mapping[str, Any] | None = None,
    ) -> list[tuple[Any, float]]:
        """Return `(label, score)` of each image from probabilities [N, C]."""
        if isinstance(outputs, Mapping):
            outputs = outputs[self.key] if self.key is not None else list(outputs.values())[-1]
        probs_NC = np.asarray(outputs)
        ids_N = probs_NC.argmax(axis=1)
        return [
            (self.name_of(int(one)), float(probs[one]))
            for one, probs in zip(ids_N, probs_NC, strict=True)
        ]

    def decode_labels(self, ids_N: np.ndarray) -> list[tuple[Any, float]]:
        """Return the names of true classes, with the score 1.0."""
        return [(self.name_of(int(one)), 1.0) for one in ids_N]

    def name_of(self, number: int) -> Any:
        """Return what a class is called; a mapping may have its keys as numbers or text."""
        if self.label_list is None:
            return number
        if isinstance(self.label_list, Mapping) and number not in self.label_list:
            return self.label_list[str(number)]
        return self.label_list[number]
