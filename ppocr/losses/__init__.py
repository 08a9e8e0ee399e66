"""Losses: network outputs and a batch in, {"loss": ..., parts ...} out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ppocr.config.registry import Registry
from ppocr.config.section import as_section

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["LOSSES", "build_loss"]

LOSSES = Registry(
    "Loss",
    "ppocr.losses",
    {
        "any": {
            "ACELoss": ".ace_loss",
            "AttentionLoss": ".rec_att_loss",
            "CTCLoss": ".rec_ctc_loss",
            "CenterLoss": ".center_loss",
            "ClsLoss": ".cls_loss",
            "CombinedLoss": ".combined_loss",
            "DBLoss": ".det_db_loss",
            "DistillCTCLogits": ".distillation_pairs",
            "DistillationCTCLoss": ".distillation_each",
            "DistillationDBLoss": ".distillation_each",
            "DistillationDKDLoss": ".distillation_pairs",
            "DistillationDMLLoss": ".distillation_pairs",
            "DistillationDilaDBLoss": ".distillation_each",
            "DistillationDistanceLoss": ".distillation_pairs",
            "DistillationNRTRLoss": ".distillation_each",
            "DistillationSARLoss": ".distillation_each",
            "MultiLoss": ".multi_loss",
            "NRTRLoss": ".rec_nrtr_loss",
            "SARLoss": ".rec_sar_loss",
        }
    },
)


def build_loss(config: Mapping[str, Any]) -> nn.Layer:
    """Return the loss that a ``Loss`` section describes."""
    return LOSSES.build(as_section(config))
