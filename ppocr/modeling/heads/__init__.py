"""Heads: features in, maps or class scores out."""

from __future__ import annotations

from ppocr.config.registry import Registry

__all__ = ["HEADS"]

HEADS = Registry(
    "Head",
    "ppocr.modeling.heads",
    {
        "any": {
            "AttentionHead": ".rec_att_head",
            "CTCHead": ".rec_ctc_head",
            "ClsHead": ".cls_head",
            "DBHead": ".det_db_head",
            "MultiHead": ".rec_multi_head",
            "NRTRHead": ".rec_nrtr_head",
            "PFHeadLocal": ".det_pf_head_local",
            "SARHead": ".rec_sar_head",
            "Transformer": ".rec_nrtr_head",
        }
    },
    computed=("in_channels", "out_channels", "out_channels_list"),
)
