"""How many time steps the network of a config has for a line: asked of the network itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from ppocr.config import Section
from ppocr.pipeline.derive import wire
from ppocr.text.ctc import CTCCodec
from ppocr.utils import runtime
from ppocr.utils.exits import OcrError


class Network:
    """The network, built when it is first asked. ``error`` says why it cannot be asked."""

    def __init__(self, config: Section, codec: Any) -> None:
        self.config = config
        self.error = "" if isinstance(codec, CTCCodec) else "the model is not trained with CTC"
        self._model: Any = None
        self._known: dict[tuple[int, int, int], int | None] = {}

    def steps(self, shape: tuple[int, int, int]) -> int | None:
        """Return the number of time steps for lines of (C, H, W); None when it is not known."""
        if self.error:
            return None
        if shape not in self._known:
            self._known[shape] = self._ask(shape)
        return self._known[shape]

    def _ask(self, shape: tuple[int, int, int]) -> int | None:
        try:
            with runtime.quiet_paddle_import():
                import paddle

                from ppocr.modeling.architectures import build_model
        except ImportError as error:
            self.error = f"paddle cannot be imported ({error})"
            return None
        try:
            if self._model is None:
                self._model = build_model(wire(self.config)["Architecture"])
                self._model.eval()
            with paddle.no_grad():
                answer = self._model(paddle.zeros([1, *shape], "float32"))
            return _time_axis(answer)
        except (OcrError, ValueError, RuntimeError, TypeError) as error:
            self.error = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            return None


def _time_axis(answer: Any) -> int | None:
    """Return the length of the time axis of the first output of three axes (N, T, C)."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    for one in answer if isinstance(answer, list | tuple) else [answer]:
        found = _time_axis(one) if isinstance(one, dict | list | tuple) else _steps(one)
        if found is not None:
            return found
    return None


def _steps(tensor: Any) -> int | None:
    shape = np.shape(tensor) if isinstance(tensor, np.ndarray) else tuple(tensor.shape)
    return int(shape[1]) if len(shape) == 3 else None
