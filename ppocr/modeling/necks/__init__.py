"""Necks: what stands between the features of the backbone and the head."""

from __future__ import annotations

from ppocr.config.registry import Registry

__all__ = ["NECKS"]

NECKS = Registry(
    "Neck",
    "ppocr.modeling.necks",
    {
        "any": {
            "DBFPN": ".db_fpn",
            "LKPAN": ".lk_pan",
            "RSEFPN": ".rse_fpn",
            "SequenceEncoder": ".rnn",
        }
    },
    computed=("in_channels",),
)
