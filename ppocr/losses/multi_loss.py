"""Losses of a network with a CTC head and a guiding head.

Hu et al., GTC, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast

from paddle import Tensor, nn

from ppocr.config.section import named
from ppocr.losses import LOSSES

# which of the head's outputs each loss judges
OUTPUTS = {"CTCLoss": "ctc", "SARLoss": "sar", "NRTRLoss": "gtc"}


class MultiLoss(nn.Layer):
    """{"loss": weighted sum, and every loss under its name}.

    Each loss of ``loss_config_list`` gets the output and the label that belong to it, by
    name; ``weight_1`` weighs CTC, ``weight_2`` the guide.
    """

    parts: ClassVar[dict[str, str]] = {"loss_config_list": "Loss"}
    judges: ClassVar[dict[str, str]] = OUTPUTS
    # what the entries that a loss reads are called in the batch
    hands: ClassVar[dict[str, dict[str, str]]] = {
        "CTCLoss": {"label": "label_ctc"},
        "SARLoss": {"label": "label_sar"},
        "NRTRLoss": {"label": "label_gtc"},
    }

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
        parts: dict[str, Tensor] = {}
        for name, loss in zip(self.names, self.losses, strict=True):
            handed = {own: batch[given] for own, given in self.hands[name].items()}
            result = loss(predicts[OUTPUTS[name]], {**batch, **handed})
            parts[name] = result["loss"] * self.weights[name]
        return {"loss": cast(Tensor, sum(parts.values())), **parts}

    def _reads(self) -> dict[str, None]:
        """Return the names that the losses read, once each, as the batch calls them."""
        found: dict[str, None] = {}
        for name, loss in zip(self.names, self.losses, strict=True):
            for one in cast(tuple[str, ...], loss.reads):
                found[self.hands[name].get(one, one)] = None
        return found
