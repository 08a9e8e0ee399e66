"""Keys that configs for the original carry although nothing reads them, and keys with a new name.

They are accepted, so that such files run as they are: without a word when the value asks for
nothing (``Global.debug: false``), else with a note. Everything else that is unknown is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNREAD = "the original never reads it"


@dataclass(frozen=True, slots=True)
class Forgiven:
    """Why nothing reads a key, and the values that ask for nothing that would not happen."""

    why: str
    idle: tuple[Any, ...] = ()


FORGIVEN: Mapping[tuple[str, str], Forgiven] = {
    ("PPLCNetV3", "pretrained"): Forgiven(
        UNREAD + "; weights come from Global.pretrained_model", (False,)
    ),
    ("ResNet_vd", "disable_se"): Forgiven(
        UNREAD + "; this backbone has no squeeze-excite layers", (True,)
    ),
    ("SVTRv2", "local_k"): Forgiven(UNREAD),
    ("AttentionHead", "l2_decay"): Forgiven(
        UNREAD + "; Optimizer.regularizer decays the weights of the head too", (1e-5,)
    ),
    ("TableMasterHead", "hidden_size"): Forgiven(UNREAD + "; its width is fixed by the backbone"),
    ("ClsLoss", "main_indicator"): Forgiven("it belongs to Metric"),
    ("TableMetric", "loc_reg_num"): Forgiven(UNREAD + "; the head decides it"),
    ("DBPostProcess", "det_box_type"): Forgiven(
        UNREAD + "; the setting is called box_type", ("quad",)
    ),
    ("Adadelta", "weight_deacy"): Forgiven(UNREAD + "; the setting is called weight_decay"),
    ("Adadelta", "momentum"): Forgiven("Adadelta has no momentum"),
    ("Global", "debug"): Forgiven(UNREAD, (False,)),
    ("Global", "load_static_weights"): Forgiven(UNREAD, (False,)),
    ("Global", "training_step"): Forgiven(
        "it only carries an anchor; Optimizer and Head have their own"
    ),
    ("Global", "distributed"): Forgiven(
        "whether a run is distributed follows from how it was launched", (True,)
    ),
    ("Global", "character_type"): Forgiven(UNREAD + "; the dictionary decides"),
    ("Global", "log_ranks"): Forgiven(
        "the first process writes the log, --log_dir of the launcher has the others",
        ("0", 0, ["0"]),
    ),
    ("Global", "uniform_output_enabled"): Forgiven(
        "files are always laid out the same way; tools/export_model.py exports the best weights",
        (False,),
    ),
    ("Global", "infer_visual_type"): Forgiven(
        "drawings take a font that has the characters", ("EN",)
    ),
    ("Global", "save_visual"): Forgiven("no command here enlarges pictures"),
    ("profiler_options", "state"): Forgiven("processor and device are both measured", ("All",)),
    ("profiler_options", "sorted_key"): Forgiven(UNREAD, ("total",)),
    ("profiler_options", "tracer_option"): Forgiven(UNREAD, ("Default",)),
    ("profiler_options", "profile_path"): Forgiven(
        "with timer_only=false a trace goes to profiler_log/"
    ),
}

RENAMED: Mapping[tuple[str, str], str] = {
    ("Global", "pdx_model_name"): "model_name",
}


def reason(owner: str, key: str) -> str:
    """Return why a key is accepted although nothing reads it, or an empty string."""
    found = FORGIVEN.get((owner, key))
    return found.why if found else ""


def idle(owner: str, key: str, value: Any) -> bool:
    """Return whether a value of such a key asks for nothing: no word about it is needed."""
    return value is None or value in FORGIVEN[owner, key].idle


def keys(owner: str) -> list[str]:
    """Return the keys of an owner that are accepted although nothing reads them."""
    return [key for name, key in FORGIVEN if name == owner]


def renamed(owner: str, key: str) -> str:
    """Return the present name of a key, or an empty string."""
    return RENAMED.get((owner, key), "")
