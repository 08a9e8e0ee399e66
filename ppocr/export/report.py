"""What to type next: the calls of this toolkit and of other clients for an exported model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr.backends.base import GRAPH_STEM
from ppocr.pipeline import official
from ppocr.pipeline.spec import PipelineSpec

CLIENT_CLASSES = {
    "det": "TextDetection",
    "rec": "TextRecognition",
    "cls": "TextLineOrientationClassification",
}
CLIENT_STAGES = {
    "det": "text_detection",
    "rec": "text_recognition",
    "cls": "textline_orientation",
}


def how_to_use(spec: PipelineSpec, folder: Path, model_name: str | None = None) -> list[str]:
    """Return the lines that are printed after an export."""
    names = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_file()))
    lines = [f"exported to {folder}: {names}"]
    if spec.task in ("det", "rec", "cls"):
        script = f"tools/infer/predict_{spec.task}.py"
        lines.append(f"  here          python {script} --image_dir IMAGES {_flag(spec, folder)}")
    lines += _paddleocr(spec, folder, official.model_name(spec, model_name))
    if (folder / f"{GRAPH_STEM}.onnx").is_file():
        lines += _rapidocr(spec, folder / f"{GRAPH_STEM}.onnx")
    return lines


def _flag(spec: PipelineSpec, folder: Path) -> str:
    return f"--{spec.task}_model_dir {shlex.quote(str(folder))}"


def _paddleocr(spec: PipelineSpec, folder: Path, name: str) -> list[str]:
    advice = official.advice(spec)
    kind = CLIENT_CLASSES.get(spec.task)
    if kind is None or (advice and "cannot run" in advice[0]):
        return [f"  note          {one}" for one in advice]
    arguments = [f'model_name="{name}"', f'model_dir="{folder}"']
    rule = official.size_rule(spec) if spec.task == "det" else None
    if rule is not None and rule[1] == "min":
        arguments.append(f'limit_side_len={rule[0]}, limit_type="min"')
    lines = [f"  PaddleOCR 3   {kind}({', '.join(arguments)}).predict(image)"]
    lines.append(f"                PaddleOCR({_pipeline_arguments(spec, folder, name, rule)})")
    if rule is None or rule[1] != "min":
        lines += [f"  note          {one}" for one in advice]
    return lines


def _pipeline_arguments(
    spec: PipelineSpec, folder: Path, name: str, rule: tuple[int, str] | None
) -> str:
    """Its pipeline ignores the thresholds of inference.yml unless they are given by hand.

    It pads the lines of a batch to the widest one, which changes what is read, unless lines go one
    by one.
    """
    stage = CLIENT_STAGES[spec.task]
    arguments = [f'{stage}_model_name="{name}"', f'{stage}_model_dir="{folder}"']
    if spec.task == "det":
        given = spec.post.settings
        arguments += [
            f"text_det_{key}={given[key]}"
            for key in ("thresh", "box_thresh", "unclip_ratio")
            if key in given
        ]
        if rule is not None:
            arguments.append(f'text_det_limit_side_len={rule[0]}, text_det_limit_type="{rule[1]}"')
    elif spec.task == "rec":
        arguments.append("text_recognition_batch_size=1")
    return ", ".join(arguments)


def _rapidocr(spec: PipelineSpec, graph: Path) -> list[str]:
    """Its detector has defaults of its own for everything; the dictionary is inside the file."""
    stage = {"det": "Det", "rec": "Rec", "cls": "Cls"}.get(spec.task)
    if stage is None or not _is_read_by_rapidocr(spec):
        return []
    settings: dict[str, Any] = {f"{stage}.model_path": str(graph)}
    if spec.task == "det":
        settings.update(_rapidocr_detector(spec))
    elif spec.task == "cls":
        settings["Cls.cls_image_shape"] = list(spec.inputs[0].shape[1:])
    elif spec.task == "rec":
        height, width = spec.inputs[0].shape[2], spec.op("RecResizeImg")
        if width is not None:
            settings["Rec.rec_img_shape"] = [3, height, width.settings["image_shape"][2]]
        settings["Rec.rec_batch_num"] = 1  # the lines of a batch are padded to the widest one
    return [f"  RapidOCR 3    RapidOCR(params={settings})"]


def _is_read_by_rapidocr(spec: PipelineSpec) -> bool:
    """It knows DB, CTC with a width of each line's own, and classifiers of padded lines."""
    if spec.task == "cls":
        return not official.is_stretched(spec)
    return spec.post.name == official.READ_DECODERS[spec.task] and spec.batch != "fixed"


def _rapidocr_detector(spec: PipelineSpec) -> Mapping[str, Any]:
    settings: dict[str, Any] = {}
    normalize = spec.op("NormalizeImage")
    if normalize is not None:
        settings["Det.mean"] = normalize.settings.get("mean")
        settings["Det.std"] = normalize.settings.get("std")
    rule = official.size_rule(spec)
    if rule is not None:
        settings["Det.limit_side_len"], settings["Det.limit_type"] = rule
    for key in ("thresh", "box_thresh", "unclip_ratio", "use_dilation", "score_mode"):
        if key in spec.post.settings:
            settings[f"Det.{key}"] = spec.post.settings[key]
    return settings
