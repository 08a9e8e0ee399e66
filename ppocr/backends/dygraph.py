"""The network itself, as it is trained."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ppocr.backends.base import check_feeds


class Dygraph:
    """A built model in evaluation mode, behind the same method as every exported file.

    ``inputs`` are the names of the feeds: the first goes in as the image, the others reach the
    model by name. The model's training state is restored after each call.
    """

    def __init__(self, model: Any, inputs: Sequence[str] = ("image",)) -> None:
        self.model = model
        self.inputs = tuple(inputs)
        self._lock = threading.Lock()

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the outputs in the order the exported graph has them."""
        arrays = check_feeds(feeds, len(self.inputs))
        image, *others = [paddle.to_tensor(array) for array in arrays]
        extra = dict(zip(self.inputs[1:], others, strict=True))
        with self._lock:
            training = self.model.training
            if training:
                self.model.eval()
            try:
                with paddle.no_grad():
                    prediction = self.model(image, extra) if extra else self.model(image)
                    outputs = self.model.as_outputs(prediction)
                    return [tensor.numpy() for tensor in outputs]
            finally:
                if training:
                    self.model.train()
