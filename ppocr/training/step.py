"""One optimisation step: forward, loss, backward, update. It knows nothing about epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle

from ppocr.config.errors import ConfigError
from ppocr.data.collate import PENDING
from ppocr.training import ranks
from ppocr.training.precision import Precision
from ppocr.transforms.normalize import Normalization
from ppocr.utils.exits import Diverged

IMAGE = "image"
STATISTICS = ("_mean", "_variance")
PATIENCE = 10  # steps in a row that may fail before the run is given up


class TrainStep:
    """Callable on a batch of numpy arrays; returns the losses as floats, ``loss`` first.

    Which entries of the batch become tensors is decided by what model and loss state they read.
    A step whose loss or gradient is not finite changes nothing, the statistics of BatchNorm
    included: ``skipped`` is then true, and after ten in a row the run ends as Diverged.
    ``predictions`` are those of the last step.
    """

    def __init__(
        self,
        model: Any,
        loss: Any,
        optimizer: Any,
        precision: Precision,
        accumulate: int = 1,
    ) -> None:
        self.model, self.loss, self.optimizer, self.precision = model, loss, optimizer, precision
        self.accumulate = max(1, accumulate)
        self.model_reads: tuple[str, ...] = tuple(getattr(_inner(model), "reads", ()))
        self.loss_reads: tuple[str, ...] = tuple(getattr(loss, "reads", ()))
        self.predictions: Any = None
        self.skipped = False
        self._failed = 0
        self._gathered = 0
        self._parameters = [p for p in model.parameters() if not p.stop_gradient]
        self._statistics = statistics(model)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, float]:
        """Return the losses of this step."""
        tensors = self.tensors(batch)
        before = [one.clone() for one in self._statistics]
        with self.precision.forward():
            extra = {name: tensors[name] for name in self.model_reads}
            image = tensors[IMAGE]
            predictions = self.model(image, extra) if extra else self.model(image)
            terms = self.loss(predictions, tensors)
        total = terms["loss"].mean() if terms["loss"].size > 1 else terms["loss"]
        self.precision.backward(total / self.accumulate if self.accumulate > 1 else total)
        losses, sound = self._numbers({**terms, "loss": total})
        self.predictions = predictions
        if ranks.everybody(sound):
            self._update()
        else:
            for one, value in zip(self._statistics, before, strict=True):
                one.set_value(value)
            self._refuse(losses["loss"], batch)
        return losses

    def state(self) -> dict[str, Any]:
        """Return what the next step needs of those before it, as plain values.

        The loss scale, how many steps have failed in a row, and gradients that wait for others.
        """
        named = _inner(self.model).named_parameters() if self._gathered else ()
        return {
            "scaler": self.precision.state(),
            "failed": self._failed,
            "gathered": self._gathered,
            "gradients": {
                key: one.grad.astype("float32").numpy()
                for key, one in named
                if one.grad is not None
            },
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over saved values."""
        self.precision.load(state.get("scaler", {}))
        self._failed, self._gathered = state.get("failed", 0), state.get("gathered", 0)
        gradients = state.get("gradients", {})
        for key, one in _inner(self.model).named_parameters():
            if key in gradients:
                one.grad = paddle.to_tensor(gradients[key]).astype(one.dtype)

    def _numbers(self, terms: Mapping[str, Any]) -> tuple[dict[str, float], bool]:
        """Return the losses, and whether loss and gradients are finite.

        All of it is fetched from the device at once, because each fetch waits for it.
        """
        tensors = {
            name: (value.mean() if value.size > 1 else value).astype("float32").reshape([])
            for name, value in terms.items()
            if isinstance(value, paddle.Tensor)
        }
        wanted = list(tensors.values())
        if self.precision.scaler is None:  # a scaler looks at the gradients itself
            wanted += self._gradient_sum()
        numbers = paddle.stack(wanted).numpy().tolist()
        fetched = dict(zip(tensors, numbers, strict=False))
        losses = {name: float(fetched.get(name, value)) for name, value in terms.items()}
        return losses, all(map(math.isfinite, [losses["loss"], *numbers[len(tensors) :]]))

    def _gradient_sum(self) -> list[paddle.Tensor]:
        """Return one number that is finite only if every gradient is.

        And the figures of BatchNorm: a ReLU turns what is no number into 0, and the loss looks
        sound over statistics that are lost.
        """
        sums = [p.grad.sum() for p in self._parameters if p.grad is not None]
        sums += [one.sum() for one in self._statistics if one.dtype == paddle.float32]
        return [paddle.add_n(sums).astype("float32").reshape([])] if sums else []

    def _update(self) -> None:
        self._failed, self.skipped = 0, False
        self._gathered += 1
        if self._gathered >= self.accumulate:
            self.precision.update(self.optimizer)
            self.optimizer.clear_grad()
            self._gathered = 0

    def _refuse(self, loss: float, batch: Mapping[str, Any]) -> None:
        self.optimizer.clear_grad()
        self._gathered, self.skipped = 0, True
        self._failed += 1
        if self._failed >= PATIENCE:
            places = ", ".join(map(str, batch.get("place", [])[:8]))
            raise Diverged(
                f"{PATIENCE} steps in a row gave a loss or gradient that is not finite (last loss "
                f"{loss}); try a smaller learning rate or Optimizer.clip_norm_global. "
                f"Samples of the last batch: {places}"
            )

    def tensors(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Return what model and loss read as tensors; everything else of the batch as it is."""
        wanted = {IMAGE, *self.model_reads, *self.loss_reads}
        missing = sorted(name for name in wanted if name not in batch)
        if missing:
            raise ConfigError(
                f"model and loss read {', '.join(missing)}, which Train's KeepKeys does not keep "
                f"(it keeps {', '.join(batch)})"
            )
        tensors = dict(batch)
        for name in wanted:
            tensors[name] = to_tensor(batch[name])
        if batch.get(PENDING) is not None:
            tensors[IMAGE] = normalized(tensors[IMAGE], batch[PENDING])
        return tensors


def normalized(image_NHWC: paddle.Tensor, todo: Normalization) -> paddle.Tensor:
    """Return uint8 images as float32 NCHW, (value * scale - mean) / std, on their device.

    One operation for each of `Normalization.apply`, so the bits are those of the data path.
    """
    mean, std = (
        paddle.to_tensor(np.asarray(values, np.float32).reshape(1, -1, 1, 1))
        for values in (todo.mean, todo.std)
    )
    image = image_NHWC.transpose([0, 3, 1, 2]).astype("float32")
    return (image * todo.scale - mean) / std


def to_tensor(value: Any) -> Any:
    """Return an array as a tensor on the current device; lists of arrays become lists."""
    if isinstance(value, np.ndarray):
        return paddle.to_tensor(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_tensor(one) for one in value]
    return value


def statistics(model: Any) -> list[paddle.Tensor]:
    """Return what a forward pass in training changes: the running figures of BatchNorm."""
    named = (getattr(layer, name, None) for layer in model.sublayers() for name in STATISTICS)
    return [one for one in named if isinstance(one, paddle.Tensor)]


def _inner(model: Any) -> Any:
    return getattr(model, "_layers", model)
