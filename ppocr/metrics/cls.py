"""Accuracy of classified images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal


class ClsMetric:
    """Share of images whose class is right. `smoothing` is added to their number; the original
    adds 1e-5."""

    reads: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(self, main_indicator: Literal["acc"] = "acc", smoothing: float = 0.0) -> None:
        self.main_indicator = main_indicator
        self.smoothing = smoothing
        self.reset()

    def __call__(
        self, results: Sequence[tuple[Any, float]], batch: Mapping[str, Any]
    ) -> dict[str, float]:
        """Count a batch of `(label, score)` against the names in `batch["text"]`; return its own
        figures."""
        pairs = zip(results, batch["text"], strict=True)
        right = sum(str(label) == str(truth) for (label, *_), truth in pairs)
        self._images += len(results)
        self._right += right
        return self._figures(len(results), right)

    def miss(self, batch: Mapping[str, Any]) -> None:
        """Count images that could not be read: none of them is right."""
        self._images += len(batch["text"])

    def state(self) -> tuple[int, int]:
        """Return everything counted, for the `merge` of another process."""
        return self._images, self._right

    def merge(self, state: tuple[int, int]) -> None:
        """Add what another process counted on other images."""
        images, right = state
        self._images += images
        self._right += right

    def get_metric(self) -> dict[str, float]:
        """Return the accuracy of everything counted, and begin again."""
        figures = self._figures(self._images, self._right)
        self._said = self.explain()
        self._images = self._right = 0
        return figures

    def reset(self) -> None:
        """Forget everything counted."""
        self._images = self._right = 0
        self._said = "no image was compared: the evaluation set gave no sample"

    def explain(self) -> str:
        """Return in words what was counted last."""
        if not self._images:
            return self._said
        return f"{self._right} of {self._images} images are classified right"

    def _figures(self, images: int, right: int) -> dict[str, float]:
        number = images + self.smoothing
        return {"acc": right / number if number else 0.0}
