"""Which kinds of components a config names, where their tables are, and the fixed sections."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ppocr.config import signatures
from ppocr.config.registry import Registry
from ppocr.config.signatures import Signature

TABLES: Mapping[str, str] = {
    "Architecture": "ppocr.modeling.architectures:ARCHITECTURES",
    "Transform": "ppocr.modeling.transforms:TRANSFORMS",
    "Backbone": "ppocr.modeling.backbones:BACKBONES",
    "Neck": "ppocr.modeling.necks:NECKS",
    "Head": "ppocr.modeling.heads:HEADS",
    "Loss": "ppocr.losses:LOSSES",
    "PostProcess": "ppocr.postprocess:POSTPROCESSES",
    "Metric": "ppocr.metrics:METRICS",
    "Optimizer": "ppocr.optimizer:OPTIMIZERS",
    "Schedule": "ppocr.optimizer:SCHEDULES",
    "Regularizer": "ppocr.optimizer:REGULARIZERS",
    "Dataset": "ppocr.data:DATASETS",
    "Sampler": "ppocr.data:SAMPLERS",
    "Collate": "ppocr.data:COLLATES",
    "Op": "ppocr.transforms:OPS",
    "Augmenter": "ppocr.transforms:AUGMENTERS",
}
OFFERED_TO = frozenset({"Op", "PostProcess"})
DEFAULT_NAMES = {"Architecture": "BaseModel", "Schedule": "Const"}
FILLED = {"Schedule": ("epochs", "step_each_epoch")}  # the program offers them when it builds
# keys of an entry that are read by what holds it; FIXED has their types
HOLDER_KEYS = {
    "Loss": ("weight", "name"),
    "Architecture": ("pretrained", "freeze_params"),
    "Head": ("Neck", "Head"),
}
REQUIRED = (
    "Global",
    "Architecture",
    "Loss",
    "Optimizer",
    "PostProcess",
    "Metric",
    "Train",
    "Eval",
)
OPTIONAL = ("profiler_options", "wandb")
NO_COMPONENT = "None"  # some official files say so for "no post-process"
FIXED = {
    "loader": ("ppocr.data.settings", "LoaderSettings"),
    "profiler_options": ("ppocr.pipeline.fixed", "ProfilerOptions"),
    "wandb": ("ppocr.pipeline.fixed", "WandbOptions"),
    "Train": ("ppocr.pipeline.fixed", "Mode"),
    "Eval": ("ppocr.pipeline.fixed", "Evaluated"),
    "retention": ("ppocr.pipeline.fixed", "Retention"),
    "Loss": ("ppocr.pipeline.fixed", "OneLoss"),
    "Architecture": ("ppocr.pipeline.fixed", "OneNetwork"),
}


def registry(kind: str) -> Registry:
    """Return the table of a kind of component."""
    module, _, name = TABLES[kind].partition(":")
    return getattr(import_module(module), name)


def fixed_signature(name: str) -> Signature:
    """Return what a section takes whose keys do not depend on a name."""
    return signatures.need(*FIXED[name])
