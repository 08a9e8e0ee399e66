"""Exports of others: without ``inference.yml``, or with one that has no ``Pipeline`` section.

Then the pipeline is what the original's predict scripts do by default, or what the official
sections say. Either way a line tells the user that it was not stored with the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ppocr.backends.base import Backend
from ppocr.pipeline import official
from ppocr.pipeline.spec import BOX_FILTER, POLICY, OpSpec, PipelineSpec, TensorSpec
from ppocr.postprocess import POSTPROCESSES
from ppocr.text.charset import Charset
from ppocr.transforms import OPS
from ppocr.utils.exits import DataError, UsageError
from ppocr.utils.logs import get_logger

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "scale": 1 / 255}
DECODE = OpSpec("DecodeImage", {"img_mode": "BGR", "channel_first": False})
PROBE_WIDTH_PX = 320
STEPS_AND_CLASSES = 3  # axes: lines, time steps, classes
# the original's names of algorithms whose outputs are read without a description
READABLE: Mapping[str, frozenset[str]] = {
    "det": frozenset({"DB", "DB++"}),
    "rec": frozenset({"CRNN", "ROSETTA", "STARNET", "SVTR", "SVTR_LCNET", "SVTR_HGNET", "CTC"}),
}

# The original's flags and defaults (its tools/infer/utility.py), by what they decide here.
DEFAULTS: Mapping[str, Any] = {
    "det_limit_side_len": 960,
    "det_limit_type": "max",
    "det_box_type": "quad",
    "det_db_thresh": 0.3,
    "det_db_box_thresh": 0.6,
    "det_db_unclip_ratio": 1.5,
    "use_dilation": False,
    "det_db_score_mode": "fast",
    "rec_image_shape": (3, 48, 320),
    "rec_char_dict_path": "./ppocr/utils/ppocr_keys_v1.txt",
    "use_space_char": True,
    "cls_image_shape": (3, 48, 192),
    "label_list": ("0", "180"),
}
BOX_FLAGS = {
    "thresh": "det_db_thresh",
    "box_thresh": "det_db_box_thresh",
    "unclip_ratio": "det_db_unclip_ratio",
    "use_dilation": "use_dilation",
    "score_mode": "det_db_score_mode",
    "box_type": "det_box_type",
}


def from_flags(task: str, given: Mapping[str, Any], source: str) -> PipelineSpec:
    """Return the spec of an export without any description: flags, else the original's defaults.

    ``given`` maps the original's flag names to values (None: not given). A UsageError says that
    there is no such task, or that ``det_algorithm`` or ``rec_algorithm`` names a model whose output
    cannot be read without a description.
    """
    makers = {"det": _detector, "rec": _recogniser, "cls": _classifier}
    if task not in makers:
        raise UsageError(f"{source} says nothing about its images; only det, rec and cls can do so")
    algorithm = given.get(f"{task}_algorithm")
    if algorithm is not None and str(algorithm).upper() not in READABLE.get(task, ()):
        raise UsageError(
            f"{source} has no inference.yml, and without one the output of {algorithm} cannot be "
            "read: export it again with this toolkit (tools/export_model.py)"
        )
    flags = {**DEFAULTS, **{key: value for key, value in given.items() if value is not None}}
    get_logger().warning(
        "%s has no inference.yml: images are prepared as the original's predict_%s.py does by "
        "default (flags replace that)%s. Exporting again with this toolkit stores what was trained",
        source,
        task,
        ", and its output is read as that of a CTC model" if task == "rec" else "",
    )
    return makers[task](flags)


def from_official(content: Mapping[str, Any], source: str) -> PipelineSpec:
    """Return the spec that the official sections of an ``inference.yml`` describe."""
    steps = (content.get("PreProcess") or {}).get("transform_ops")
    name, post = official.read_post(content.get("PostProcess") or {})
    if not steps or not name:
        raise DataError(f"{source} needs PreProcess.transform_ops and PostProcess.name")
    characters = post.pop("character_dict", None) or ()
    get_logger().info(
        "%s was written by another program: it is read as PaddleOCR 3.x reads it", source
    )
    last = OpSpec(name, _known_settings(name, post))
    if "Topk" in content["PostProcess"]:
        return _described("cls", official.from_stretched_ops(steps, source), last, source)
    kept = tuple(step for entry in steps if (step := _step(entry, source)) is not None)
    if name == "ClsPostProcess":
        return _described("cls", kept, last, source)
    if not characters and not any("Rec" in step.name for step in kept):
        return _described("det", kept, last, source)
    spec = _described("rec", kept, last, source)
    return _with_characters(spec, tuple(map(str, characters)), {"use_space_char": True})


def settle(spec: PipelineSpec, backend: Backend, described: bool = True) -> PipelineSpec:
    """Return the spec with ``use_space_char`` as the network's number of classes demands.

    Descriptions of others do not say whether a space was added. One small input tells. A spec
    that states its number of classes is returned as it is. A model that nothing describes is read
    as one of CTC; those have a time step for every few columns, unless a transform squeezes lines
    to one width. Decoders that write character after character always have the same number.
    """
    if not spec.characters or "classes" in spec.specials:
        return spec
    free = spec.inputs[0].shape[3] < 0
    steps, classes = _answer(spec, backend, PROBE_WIDTH_PX)
    if not described and free and _answer(spec, backend, 2 * PROBE_WIDTH_PX)[0] == steps:
        get_logger().warning(
            "the model answers with %s steps whatever the width of a line: if it is not one of "
            "CTC, its texts will be wrong; export it again with this toolkit",
            steps,
        )
    extra = classes - len(spec.characters) - 1
    if extra not in (0, 1):
        doubt = "" if described else ", or the model is none of CTC and needs its inference.yml"
        raise DataError(
            f"the model tells {classes} classes apart, its dictionary has {len(spec.characters)} "
            f"characters: it is not the dictionary the model was trained with{doubt}"
        )
    specials = {**spec.specials, "use_space_char": bool(extra), "classes": classes}
    return replace(spec, specials=specials)


def _answer(spec: PipelineSpec, backend: Backend, width: int) -> tuple[int, int]:
    """Return how many steps and classes the network answers with, for a blank line."""
    channels, height, own = spec.inputs[0].shape[1:]
    probe = np.zeros((1, channels, height, width if own < 0 else own), np.float32)
    shape = backend.run([probe])[0].shape
    if len(shape) != STEPS_AND_CLASSES:
        raise DataError(
            f"the model is not one of CTC: its output has {len(shape)} axes, not lines, steps and "
            "classes; it needs its inference.yml"
        )
    return shape[1], shape[2]


def _detector(flags: Mapping[str, Any]) -> PipelineSpec:
    size = {
        "limit_side_len": int(flags["det_limit_side_len"]),
        "limit_type": str(flags["det_limit_type"]),
    }
    post = {key: flags[flag] for key, flag in BOX_FLAGS.items()}
    pre = (
        DECODE,
        OpSpec("DetResizeForTest", size),
        OpSpec("NormalizeImage", {**IMAGENET, "order": "hwc"}),
        OpSpec("ToCHWImage"),
    )
    return _described("det", pre, OpSpec("DBPostProcess", {**post, "max_candidates": 1000}), "")


def _recogniser(flags: Mapping[str, Any]) -> PipelineSpec:
    shape = [int(size) for size in flags["rec_image_shape"]]
    pre = (DECODE, OpSpec("RecResizeImg", {"image_shape": shape, "padding": True}))
    spec = _described("rec", pre, OpSpec("CTCLabelDecode"), "")
    charset = Charset.read(flags["rec_char_dict_path"], use_space_char=False)
    specials = {"use_space_char": bool(flags["use_space_char"]), "reverse": charset.reverse}
    return _with_characters(spec, charset.lines, specials)


def _classifier(flags: Mapping[str, Any]) -> PipelineSpec:
    shape = [int(size) for size in flags["cls_image_shape"]]
    pre = (DECODE, OpSpec("ClsResizeImg", {"image_shape": shape}))
    post = OpSpec("ClsPostProcess", {"label_list": [str(one) for one in flags["label_list"]]})
    return _described("cls", pre, post, "")


def _described(task: str, pre: Sequence[OpSpec], post: OpSpec, source: str) -> PipelineSpec:
    if task == "det":
        shape: tuple[int, ...] = (-1, 3, -1, -1)
    else:
        channels, height, width = _input_shape(pre, source)
        shape = (-1, channels, height, -1 if task == "rec" else width)
    return PipelineSpec(
        task=task,
        pre=tuple(pre),
        inputs=(TensorSpec("image", "float32", shape),),
        outputs=("maps",) if task == "det" else ("probs",),
        post=post,
        batch=POLICY.get(task, "single"),
        specials={"box_filter": dict(BOX_FILTER)} if task == "det" else {},
    )


def _input_shape(pre: Sequence[OpSpec], source: str) -> tuple[int, int, int]:
    """Return (C, H, W) as the step that resizes says."""
    for op in pre:
        if "image_shape" in op.settings:
            channels, height, width = op.settings["image_shape"]
            return channels, height, width
        if op.name == "ResizeImage":
            width, height = op.settings["size"]
            return 3, height, width
    raise DataError(f"{source}: no step of PreProcess has an image_shape")


def _with_characters(
    spec: PipelineSpec, characters: tuple[str, ...], specials: Mapping[str, Any]
) -> PipelineSpec:
    return replace(spec, characters=characters, specials={**spec.specials, **specials})


def _step(entry: Any, source: str) -> OpSpec | None:
    """Return one official step as ours; None for steps that only training needs."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise DataError(f"{source}: {entry!r:.60} is not one step with its settings")
    ((name, settings),) = entry.items()
    if name == "KeepKeys" or name.endswith("LabelEncode"):
        return None
    if not OPS.has(name):
        raise DataError(f"{source}: this toolkit has no step called {name}")
    settings = dict(settings or {})
    if name == "DetResizeForTest" and "resize_long" in settings:
        # their reader takes it for the largest long side, unlike the training code
        return OpSpec(name, {"limit_side_len": settings["resize_long"], "limit_type": "max"})
    known = OPS.signature(name).settings
    return OpSpec(name, {key: value for key, value in settings.items() if key in known})


def _known_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    known = POSTPROCESSES.signature(name).settings
    return {key: value for key, value in settings.items() if key in known}
