"""Several losses of one prediction, weighted and added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paddle import Tensor, nn

from ppocr.config.scalars import number
from ppocr.config.section import named
from ppocr.losses import LOSSES


class CombinedLoss(nn.Layer):
    """{"loss": weighted sum, and every part of every loss under its name}.

    Each entry of ``loss_config_list`` names a loss and, beside its settings, its
    ``weight``. A loss that states its own "loss" counts with that, any other with the sum
    of its parts; one that states nothing else appears under its class's name. Parts of
    the same name get a number.
    """

    parts: ClassVar[dict[str, str]] = {"loss_config_list": "Loss"}
    # the losses of distillation find their labels themselves; single ones read as usual
    hands: ClassVar[dict[str, dict[str, str]]] = {"CTCLoss": {}, "CenterLoss": {}, "ACELoss": {}}

    def __init__(self, loss_config_list: list) -> None:
        super().__init__()
        self.losses = nn.LayerList()
        self.weights: list[float] = []
        for entry in loss_config_list:
            loss, weight = _build(entry)
            self.losses.append(loss)
            self.weights.append(weight)
        reads = [name for loss in self.losses for name in loss.reads]
        self.reads: tuple[str, ...] = tuple(dict.fromkeys(reads))

    def forward(self, predicts: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        total: Any = 0.0
        parts: dict[str, Tensor] = {}
        for loss, weight in zip(self.losses, self.weights, strict=True):
            found = {key: value * weight for key, value in loss(predicts, batch).items()}
            own = found.pop("loss", None)
            total = total + (sum(found.values()) if own is None else own)
            for key, value in (found or {type(loss).__name__: own}).items():
                parts[_free(key, parts)] = value
        return {"loss": total, **parts}


def _build(entry: Any) -> tuple[nn.Layer, float]:
    name, settings = named(entry)
    if not name:
        raise ValueError(f"an entry of loss_config_list names no loss: {entry}")
    section = settings.without("weight", "name")
    section["name"] = name
    # within an entry ``name`` is what the loss is called in the log
    label = settings.get("name")
    computed = {} if label in (None, name) else {"log_name": label}
    weight = settings.get("weight")
    return LOSSES.build(section, computed=computed), 1.0 if weight is None else number(str(weight))


def _free(key: str, taken: Mapping[str, Any]) -> str:
    """Return the key, with a number behind it if it is taken."""
    if key not in taken:
        return key
    return next(
        f"{key}_{count}" for count in range(2, len(taken) + 3) if f"{key}_{count}" not in taken
    )
