"""Samples to a batch: a dict of stacked arrays, or lists where sizes differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ppocr.transforms.normalize import awaiting, finish, finish_into, finished

Batch = dict[str, Any]

PENDING = "normalize"  # what NormalizeImage leaves behind to be done for the whole batch


class Pile:
    """Arrays of one shape and type that become one array where there is room for it."""

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self.parts = parts
        self.shape, self.dtype = (len(parts), *parts[0].shape), parts[0].dtype

    @property
    def nbytes(self) -> int:
        """How many bytes the array will have."""
        return math.prod(self.shape) * self.dtype.itemsize

    def write(self, target: np.ndarray) -> None:
        """Fill ``target``, which has this shape and type."""
        for place, part in enumerate(self.parts):
            target[place] = part  # a part may be a single number

    def array(self) -> np.ndarray:
        """Return the array in memory of its own."""
        target = np.empty(self.shape, self.dtype)
        self.write(target)
        return target


class Pixels(Pile):
    """Images that are normalised when they are written."""

    def __init__(self, samples: Sequence[dict[str, Any]]) -> None:
        self.samples = samples
        self.shape, self.dtype = finished(samples)

    def write(self, target: np.ndarray) -> None:
        """Fill ``target`` with the finished pixels."""
        finish_into(target, self.samples)


class Stack:
    """Stacks every entry; finishes the pixels of ``image`` in one step for the whole batch.

    With ``raw_images`` pixels stay uint8 NHWC where that is possible, and the batch says under
    ``normalize`` what is to be done to them: a quarter of the bytes travels to the device.
    """

    def __init__(self, raw_images: bool = False) -> None:
        self.raw_images = raw_images

    def __call__(self, samples: Sequence[dict[str, Any]]) -> Batch:
        """Return the batch of ``samples``, which all have the same keys."""
        batch = self.later(samples)
        return {key: one.array() if isinstance(one, Pile) else one for key, one in batch.items()}

    def later(self, samples: Sequence[dict[str, Any]]) -> Batch:
        """Return the batch with a `Pile` for each array, which `shared.Sender` writes in place."""
        batch: Batch = {}
        raw = awaiting(samples) if self.raw_images else None
        for key in samples[0]:
            if key == PENDING:
                continue
            if key == "image" and raw is not None:
                batch[key] = piled([sample[key] for sample in samples])
                batch[PENDING] = raw
            elif key == "image" and any(sample.get(PENDING) is not None for sample in samples):
                batch[key] = _pixels(samples)
            else:
                batch[key] = piled([sample[key] for sample in samples])
        return batch


def piled(values: Sequence[Any]) -> Any:
    """Return what becomes one array with a leading batch axis; a list of differing shapes or text.

    Numbers come back as an array at once.
    """
    first = values[0]
    if isinstance(first, np.ndarray):
        alike = all(isinstance(v, np.ndarray) and v.shape == first.shape for v in values)
        if alike and first.dtype != object and all(v.dtype == first.dtype for v in values):
            return Pile(values)
        return np.stack(values) if alike else list(values)
    if isinstance(first, bool | np.bool_):
        return np.asarray(values, np.bool_)
    if isinstance(first, int | np.integer):
        return np.asarray(values, np.int64)
    if isinstance(first, float | np.floating):
        return np.asarray(values, np.float32)
    return list(values)


def _pixels(samples: Sequence[dict[str, Any]]) -> Pixels | list[np.ndarray]:
    """Return the images to be finished, or finished ones in a list when they differ in size."""
    return [finish([sample])[0] for sample in samples] if _differ(samples) else Pixels(samples)


def _differ(samples: Sequence[dict[str, Any]]) -> bool:
    sizes = set()
    for sample in samples:
        todo = sample.get(PENDING)
        target = getattr(todo, "shape", None)
        sizes.add(tuple(target) if target is not None else np.shape(sample["image"]))
    return len(sizes) > 1
