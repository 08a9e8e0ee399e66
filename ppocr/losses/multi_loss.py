"""Losses of a network with a CTC head and a guiding head.

Hu et al., GTC, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from paddle import Tensor, nn

from ppocr.config.section import named
from ppocr.losses import LOSSES

# which of the head's outputs each loss judges, and what its label is called in the batch
OUTPUTS = {"CTCLoss": "ctc", "SARLoss": "sar", "NRTRLoss": "gtc"}
LABELS = {"ctc": "label_ctc", "sar": "label_sar", "gtc": "label_gtc"}


class MultiLoss(nn.Layer):
    """{"loss": weighted sum, and every loss under its name}.

    Each loss of ``loss_config_list`` gets the output and the label that belong to it, by
    name; ``weight_1`` weighs CTC, ``weight_2`` the guide.
    """

    parts: ClassVar[dict[str, str]] = {"loss_config_list": "Loss"}

    def __init__(
        self,
        loss_config_list: list,
        weight_1: float = 1.0,
        weight_2: float = 1.0,
        gtc_loss: str | None = None,
    ) -> None:
        super().__init__()
        self.names: list[str] = []
        self.losses = nn.LayerList()
        for entry in loss_config_list:
            name, section = named(entry)
            if name not in OUTPUTS:
                raise ValueError(
                    f"loss_config_list takes {', '.join(OUTPUTS)}, not {name or entry}"
                )
            section = section.without()
            section["name"] = name
            self.losses.append(LOSSES.build(section))
            self.names.append(name)
        self.weights = {"CTCLoss": weight_1, "SARLoss": weight_2, "NRTRLoss": weight_2}
        self.reads: tuple[str, ...] = tuple(self._reads())

    def forward(
        self, predicts: Mapping[str, Tensor], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        parts = {}
        for name, loss in zip(self.names, self.losses, strict=True):
            output = OUTPUTS[name]
            own = {**batch, "label": batch[LABELS[output]]}
            parts[name] = loss(predicts[output], own)["loss"] * self.weights[name]
        return {"loss": sum(parts.values()), **parts}

    def _reads(self) -> dict[str, None]:
        """Return the names that the losses read, once each, as the batch calls them."""
        found: dict[str, None] = {}
        for name, loss in zip(self.names, self.losses, strict=True):
            for one in loss.reads:
                found[LABELS[OUTPUTS[name]] if one == "label" else one] = None
        return found
