"""Head for connectionist temporal classification.

Graves et al., Connectionist Temporal Classification, 2006.
"""

from __future__ import annotations

from typing import Any, ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.classes import Rows
from ppocr.modeling.layers.init import uniform_by_fan
from ppocr.modeling.layers.linear import Linear


class CTCHead(nn.Layer):
    """Logits (N, T, classes) in training, probabilities of the same shape in evaluation.

    ``mid_channels`` puts a second linear layer between. ``fc_decay`` is the L2 penalty of
    the linear layers' own. With ``return_feats`` the result is (input features, logits).
    """

    outputs: ClassVar[tuple[str, ...]] = ("probs",)
    gives: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        fc_decay: float = 0.0004,
        mid_channels: int | None = None,
        return_feats: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.mid_channels = mid_channels
        self.return_feats = return_feats
        if mid_channels is None:
            self.fc = _linear(in_channels, out_channels, fc_decay)
        else:
            self.fc1 = _linear(in_channels, mid_channels, fc_decay)
            self.fc2 = _linear(mid_channels, out_channels, fc_decay)

    def class_rows(self) -> dict[str, Rows]:
        """Return where the rows of characters are; blank stands before them."""
        last = "fc" if self.mid_channels is None else "fc2"
        return {f"{last}.weight": Rows(1, 1), f"{last}.bias": Rows(0, 1)}

    def forward(self, x_NTC: Tensor, targets: Any = None) -> Tensor | tuple[Tensor, Tensor]:
        if self.mid_channels is None:
            logits_NTC = self.fc(x_NTC)
        else:
            x_NTC = self.fc1(x_NTC)
            logits_NTC = self.fc2(x_NTC)
        if not self.training:
            return F.softmax(logits_NTC, axis=2)
        return (x_NTC, logits_NTC) if self.return_feats else logits_NTC


def _linear(in_channels: int, out_channels: int, decay: float) -> Linear:
    return Linear(
        in_channels,
        out_channels,
        weight_attr=uniform_by_fan(in_channels, decay),
        bias_attr=uniform_by_fan(in_channels, decay),
    )
