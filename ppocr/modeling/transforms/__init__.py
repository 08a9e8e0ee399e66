"""Transforms: networks that straighten the image before the backbone sees it."""

from __future__ import annotations

from ppocr.config.registry import Registry

__all__ = ["TRANSFORMS"]

TRANSFORMS = Registry(
    "Transform",
    "ppocr.modeling.transforms",
    {"any": {"STN_ON": ".stn", "TPS": ".tps"}},
    computed=("in_channels",),
)
