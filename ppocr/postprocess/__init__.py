"""What a network's arrays mean: boxes, texts, angles. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.config.general import offers
from ppocr.config.registry import Registry

POSTPROCESSES = Registry(
    "PostProcess",
    "ppocr.postprocess",
    {
        "any": {
            "DBPostProcess": ".det_db",
            "DistillationDBPostProcess": ".each_model",
            "CTCLabelDecode": ".rec_ctc",
            "DistillationCTCLabelDecode": ".each_model",
            "ClsPostProcess": ".cls",
            "AttnLabelDecode": ".rec_sequence",
            "SARLabelDecode": ".rec_sequence",
            "DistillationSARLabelDecode": ".each_sequence",
            "NRTRLabelDecode": ".rec_sequence",
        },
    },
)


def build_post_process(
    config: Mapping[str, Any], global_config: Mapping[str, Any] | None = None
) -> Any:
    """Return the post-process that a section names; Global offers it what it asks for."""
    return POSTPROCESSES.build(config, offers=offers({"Global": global_config or {}}))
