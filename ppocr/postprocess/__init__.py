"""What a network's arrays mean: boxes, texts, angles. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
        },
    },
)

# the Global values that post-processes may ask for by name
_OFFERED = (
    "character_dict_path",
    "use_space_char",
    "max_text_length",
    "infer_mode",
    "label_list",
    "rm_symbol",
    "valid_set",
    "class_path",
    "img_scale",
    "max_text_nums",
    "num_heads",
    "tcl_len",
)


def build_post_process(
    config: Mapping[str, Any], global_config: Mapping[str, Any] | None = None
) -> Any:
    """Return the post-process that a section names; Global offers it what it asks for."""
    offers = {key: global_config[key] for key in _OFFERED if key in (global_config or {})}
    return POSTPROCESSES.build(config, offers=offers)
