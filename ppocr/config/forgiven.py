"""Keys that official configs carry although nothing reads them, and keys with a new name.

They are accepted with a note, so that official files run as they are. Everything else
that is unknown is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping

UNREAD = "the original never reads it"

FORGIVEN: Mapping[tuple[str, str], str] = {
    ("PPLCNetV3", "pretrained"): UNREAD + "; weights come from Global.pretrained_model",
    ("ResNet_vd", "disable_se"): UNREAD + "; this backbone has no squeeze-excite layers",
    ("SVTRv2", "local_k"): UNREAD,
    ("AttentionHead", "l2_decay"): UNREAD,
    ("TableMasterHead", "hidden_size"): UNREAD + "; its width is fixed by the backbone",
    ("ClsLoss", "main_indicator"): "it belongs to Metric",
    ("TableMetric", "loc_reg_num"): UNREAD + "; the head decides it",
    ("DBPostProcess", "det_box_type"): UNREAD + "; the setting is called box_type",
    ("Adadelta", "weight_deacy"): UNREAD + "; the setting is called weight_decay",
    ("Adadelta", "momentum"): "Adadelta has no momentum",
    ("Global", "debug"): UNREAD,
    ("Global", "load_static_weights"): UNREAD,
    ("Global", "training_step"): "it only carries an anchor; Optimizer and Head have their own",
    ("Global", "distributed"): "whether a run is distributed follows from how it was launched",
    ("Global", "character_type"): UNREAD + "; the dictionary decides",
}

RENAMED: Mapping[tuple[str, str], str] = {
    ("Global", "pdx_model_name"): "model_name",
}


def reason(owner: str, key: str) -> str:
    """Return why a key is accepted although nothing reads it, or an empty string."""
    return FORGIVEN.get((owner, key), "")


def keys(owner: str) -> list[str]:
    """Return the keys of an owner that are accepted although nothing reads them."""
    return [key for name, key in FORGIVEN if name == owner]


def renamed(owner: str, key: str) -> str:
    """Return the present name of a key, or an empty string."""
    return RENAMED.get((owner, key), "")
