"""How PaddleOCR 3.x and PaddleX spell a pipeline, in ``PreProcess`` and ``PostProcess``.

Their readers know few steps and few keys; what they cannot be told is in the ``Pipeline`` section
only, and :func:`advice` says what the user has to pass to them by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ppocr.pipeline.spec import OpSpec, PipelineSpec
from ppocr.utils.exits import DataError

DEFAULT_NAMES = {
    "det": "PP-OCRv5_mobile_det",
    "rec": "PP-OCRv5_mobile_rec",
    "cls": "PP-LCNet_x0_25_textline_ori",
}
RIGHT_TO_LEFT_NAME = "arabic_PP-OCRv3_mobile_rec"  # names of this family turn text round
READ_STEPS = {
    "det": ("DecodeImage", "DetResizeForTest", "NormalizeImage", "ToCHWImage"),
    "rec": ("DecodeImage", "RecResizeImg"),
}
READ_DECODERS = {"det": "DBPostProcess", "rec": "CTCLabelDecode"}
STRETCHED_STEPS = ("DecodeImage", "ResizeImage", "NormalizeImage", "ToCHWImage")
PADDED_CLASSIFIER = (
    "PaddleOCR 3.x cannot run this model: it stretches a line to one size where this one is padded "
    "(configs/cls/cls_mv3_stretched.yml trains one that it can run); PaddleOCR 2.x and RapidOCR can"
)
FIXED_WIDTH = (
    "PaddleOCR 3.x and RapidOCR cannot run this model: they leave a wide line its own width, and "
    "this network takes {} columns"
)
DECODE_KEYS = ("img_mode", "channel_first")
SHORT_SIDE_PX = 736
DYNAMIC_SHAPES = {  # smallest, usual and largest height and width of a page
    "det": ((32, 32), (736, 736), (4000, 4000)),
}
LINE_WIDTHS_PX = (160, 320, 3200)
LARGEST_BATCH = 8


def model_name(spec: PipelineSpec, given: str | None = None) -> str:
    """Return what stands as ``Global.model_name``: the given name, or one the readers accept."""
    if given:
        return given
    if spec.task == "rec" and spec.specials.get("reverse"):
        return RIGHT_TO_LEFT_NAME
    return DEFAULT_NAMES.get(spec.task, f"ppocr_{spec.task}")


def transform_ops(spec: PipelineSpec) -> list[dict[str, Any]]:
    """Return the steps as those readers spell them; equal entries are those of ``spec.pre``."""
    if is_stretched(spec):
        return _stretched_ops(spec)
    return [{op.name: _settings(spec, op)} for op in spec.pre]


def _settings(spec: PipelineSpec, op: OpSpec) -> dict[str, Any] | None:
    if op.name == "DecodeImage":
        return {key: op.settings[key] for key in DECODE_KEYS if key in op.settings}
    if op.name == "DetResizeForTest":
        return _page_size(op.settings)
    if op.name == "RecResizeImg" and spec.task == "rec":
        return {"image_shape": list(op.settings["image_shape"])}
    return dict(op.settings) or None


def _page_size(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """``resize_long`` is what their readers use as the largest long side."""
    limit, kind = settings.get("limit_side_len"), settings.get("limit_type", "min")
    if settings.get("image_shape") is None and limit is not None and kind == "max":
        return {"resize_long": limit}
    rule = {
        key: value
        for key, value in settings.items()
        if key in ("image_shape", "limit_side_len", "limit_type") and value is not None
    }
    if settings.get("keep_ratio"):
        rule["keep_ratio"] = True
    return rule or None


def is_stretched(spec: PipelineSpec) -> bool:
    """Return whether a classifier is prepared as their classifiers are, so that they can run it.

    That is: RGB, stretched to one size whatever its shape, normalised, channels first.
    """
    decode = spec.op("DecodeImage")
    return (
        spec.task == "cls"
        and [op.name for op in spec.pre] == list(STRETCHED_STEPS)
        and decode is not None
        and decode.settings.get("img_mode") == "RGB"
        and isinstance(spec.post.settings.get("label_list"), list | tuple)
    )


def _stretched_ops(spec: PipelineSpec) -> list[dict[str, Any]]:
    """Their reader decodes to RGB by itself, and knows one order of the axes."""
    _, resize, normalize, to_chw = spec.pre
    kept = {key: normalize.settings[key] for key in ("mean", "std", "scale")}
    return [
        {resize.name: {"size": list(resize.settings["size"])}},
        {normalize.name: {**kept, "order": "", "channel_num": 3}},
        {to_chw.name: None},
    ]


def from_stretched_ops(steps: Sequence[Any], source: str) -> tuple[OpSpec, ...]:
    """Return the steps that the official ones of a classifier stand for."""
    found = {name: settings or {} for step in steps for name, settings in step.items()}
    size = found.get("ResizeImage", {}).get("size")
    normalize = found.get("NormalizeImage")
    if set(found) != set(STRETCHED_STEPS[1:]) or not isinstance(size, list) or not normalize:
        raise DataError(
            f"{source}: only classifiers of lines stretched to one size are known here "
            f"(ResizeImage with a size, NormalizeImage, ToCHWImage), not {', '.join(found)}"
        )
    kept = {key: normalize[key] for key in ("mean", "std", "scale") if key in normalize}
    return (
        OpSpec("DecodeImage", {"img_mode": "RGB", "channel_first": False}),
        OpSpec("ResizeImage", {"size": list(size)}),
        OpSpec("NormalizeImage", {**kept, "order": "hwc"}),
        OpSpec("ToCHWImage"),
    )


def read_post(section: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return name and settings of a ``PostProcess``; that of a classifier is called Topk."""
    settings = dict(section)
    if "Topk" in settings:
        labels = (settings["Topk"] or {}).get("label_list")
        return "ClsPostProcess", {} if labels is None else {"label_list": list(map(str, labels))}
    return settings.pop("name", None), settings


def post_process(spec: PipelineSpec) -> dict[str, Any]:
    """Return ``PostProcess``: name, every setting, and the dictionary without added classes."""
    if is_stretched(spec):
        return {"Topk": {"topk": 1, "label_list": list(spec.post.settings["label_list"])}}
    section = spec.post.section()
    if spec.characters:
        section["character_dict"] = list(spec.characters)
    return section


def hpi(spec: PipelineSpec) -> dict[str, Any] | None:
    """Return ``Hpi``: the range of input sizes their TensorRT runs are prepared for."""
    if spec.task == "det":
        shapes = [[1, 3, height, width] for height, width in DYNAMIC_SHAPES["det"]]
    elif spec.task == "rec" and spec.batch == "own":
        height, trained = spec.inputs[0].shape[2], _trained_width(spec)
        batches, (narrow, *others) = (1, 1, LARGEST_BATCH), LINE_WIDTHS_PX
        widths = (min(narrow, trained or narrow), *others)  # a line is never narrower than trained
        shapes = [[n, 3, height, w] for n, w in zip(batches, widths, strict=True)]
    else:
        return None
    return {
        "backend_configs": {
            "paddle_infer": {"trt_dynamic_shapes": {"x": shapes}},
            "tensorrt": {"dynamic_shapes": {"x": shapes}},
        }
    }


def _trained_width(spec: PipelineSpec) -> int | None:
    op = spec.op("RecResizeImg")
    return None if op is None else int(op.settings["image_shape"][2])


def advice(spec: PipelineSpec) -> list[str]:
    """Return what PaddleOCR 3.x would do differently, one sentence each; nothing if all is read."""
    found = []
    if spec.task == "cls":
        return [] if is_stretched(spec) else [PADDED_CLASSIFIER]
    decoder = READ_DECODERS.get(spec.task)
    unread = [op.name for op in spec.pre if op.name not in READ_STEPS.get(spec.task, ())]
    if decoder is None or unread or spec.post.name != decoder:
        what = ", ".join(unread) or spec.post.name
        return [f"PaddleOCR 3.x cannot run this model: it does not know {what} for {spec.task}"]
    if spec.task == "rec" and spec.batch == "fixed":
        return [FIXED_WIDTH.format(spec.inputs[0].shape[3])]
    if spec.task == "det":
        found += _advice_on_size(spec)
    elif not spec.specials.get("use_space_char"):
        found.append(
            "PaddleOCR 3.x adds a space to every dictionary; this model has no class for it, which "
            "is harmless"
        )
    return found


def size_rule(spec: PipelineSpec) -> tuple[int, str] | None:
    """Return (side length, "min" or "max") of a detector's resize, None for any other rule."""
    op = spec.op("DetResizeForTest")
    if op is None or op.settings.get("image_shape"):
        return None
    limit = op.settings.get("limit_side_len")
    if limit is not None:
        kind = op.settings.get("limit_type", "min")
        return (limit, kind) if kind in ("min", "max") else None
    return None if op.settings.get("resize_long") else (SHORT_SIDE_PX, "min")


def _advice_on_size(spec: PipelineSpec) -> list[str]:
    rule = size_rule(spec)
    op = spec.op("DetResizeForTest")
    if rule is None and op is not None and not op.settings.get("image_shape"):
        return ["PaddleOCR 3.x has no resize of this kind: its boxes will differ slightly"]
    if rule is not None and rule[1] == "min":
        return [
            "PaddleOCR 3.x does not read this resize from inference.yml: "
            f"pass limit_side_len={rule[0]}, limit_type='min'"
        ]
    return []
