"""Backbones: image in, features out (one map, or a list of maps for detection)."""

from __future__ import annotations

from ppocr.config.registry import Registry

__all__ = ["BACKBONES"]

_TEXT_LINE = {
    "MobileNetV1Enhance": ".rec_mv1_enhance",
    "MobileNetV3": ".rec_mobilenet_v3",
    "PPHGNetV2_B4": ".rec_hgnet_v2",
    "PPHGNet_small": ".rec_hgnet",
    "PPLCNetV3": ".rec_lcnet_v3",
    "ResNet": ".rec_resnet_vd",
    "SVTRNet": ".rec_svtrnet",
}

BACKBONES = Registry(
    "Backbone",
    "ppocr.modeling.backbones",
    {
        "det": {
            "MobileNetV3": ".det_mobilenet_v3",
            "PPHGNetV2_B4": ".rec_hgnet_v2",
            "PPHGNet_small": ".rec_hgnet",
            "PPLCNetV3": ".rec_lcnet_v3",
            "ResNet_vd": ".det_resnet_vd",
        },
        "rec": _TEXT_LINE,
        "cls": _TEXT_LINE,
    },
    computed=("in_channels",),
)
