"""Samples to a batch: a dict of stacked arrays, or lists where sizes differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ppocr.transforms.normalize import finish, unfinished

Batch = dict[str, Any]

PENDING = "normalize"  # what NormalizeImage leaves behind to be done for the whole batch


class Stack:
    """Stacks every entry; finishes the pixels of ``image`` in one step for the whole batch.

    With ``raw_images`` pixels stay uint8 NHWC where that is possible, and the batch says under
    ``normalize`` what is to be done to them: a quarter of the bytes travels to the device.
    """

    def __init__(self, raw_images: bool = False) -> None:
        self.raw_images = raw_images

    def __call__(self, samples: Sequence[dict[str, Any]]) -> Batch:
        """Return the batch of ``samples``, which all have the same keys."""
        batch: Batch = {}
        raw = unfinished(samples) if self.raw_images else None
        for key in samples[0]:
            if key == PENDING:
                continue
            if key == "image" and raw is not None:
                batch[key], batch[PENDING] = raw
            elif key == "image" and any(sample.get(PENDING) is not None for sample in samples):
                batch[key] = _pixels(samples)
            else:
                batch[key] = stacked([sample[key] for sample in samples])
        return batch


def stacked(values: Sequence[Any]) -> Any:
    """Return one array with a leading batch axis, or the list when shapes differ or it is text."""
    first = values[0]
    if isinstance(first, np.ndarray):
        alike = all(isinstance(v, np.ndarray) and v.shape == first.shape for v in values)
        return np.stack(values) if alike else list(values)
    if isinstance(first, bool | np.bool_):
        return np.asarray(values, np.bool_)
    if isinstance(first, int | np.integer):
        return np.asarray(values, np.int64)
    if isinstance(first, float | np.floating):
        return np.asarray(values, np.float32)
    return list(values)


def _pixels(samples: Sequence[dict[str, Any]]) -> np.ndarray | list[np.ndarray]:
    """Return the finished images as one array, or one array each when they differ in size."""
    finished = [finish([sample])[0] for sample in samples] if _differ(samples) else None
    return finish(samples) if finished is None else finished


def _differ(samples: Sequence[dict[str, Any]]) -> bool:
    sizes = set()
    for sample in samples:
        todo = sample.get(PENDING)
        target = getattr(todo, "shape", None)
        sizes.add(tuple(target) if target is not None else np.shape(sample["image"]))
    return len(sizes) > 1
