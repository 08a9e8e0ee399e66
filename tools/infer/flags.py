"""The flags of the predict commands: the original's names, and what each of them sets.

No flag has a default that decides a result: what is not given stays as the model was exported.
Each row of ``FLAGS`` names its target:

=========  =======================================================================================
``spec``   a field of the pipeline spec of one stage, ``stage:place``: ``det:post.DBPostProcess.
           thresh``, ``rec:pre.*.image_shape``, ``rec:characters``; see ``overrides.py``
``engine`` how to run: a field of :class:`ppocr.backends.base.Options`, or the engine itself
``input``  which models and images
``output`` what is written, and which of the lines
``none``   accepted because scripts pass it; one line says why it changes nothing
=========  =======================================================================================
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

STAGES = ("det", "cls", "rec")


def true_or_false(text: str) -> bool:
    """Return the truth of what users write: True, false, 1, no ..."""
    word = text.strip().lower()
    if word in ("true", "t", "yes", "y", "1", "on"):
        return True
    if word in ("false", "f", "no", "n", "0", "off"):
        return False
    raise argparse.ArgumentTypeError(f"True or False is expected, not '{text}'")


def values(text: str) -> list[Any]:
    """Return the list that '3, 48, 320', '[8,16]' or "['0','180']" stands for."""
    words = [word.strip().strip("'\"") for word in text.strip().strip("[]()").split(",")]
    if not all(words):
        raise argparse.ArgumentTypeError(f"a list such as 3,48,320 is expected, not '{text}'")
    return [_number(word) for word in words]


def whole(text: str) -> int:
    """Return the whole number that '960' or '960.0' stands for."""
    try:
        number = float(text)
    except ValueError:
        number = 0.5
    if not number.is_integer():
        raise argparse.ArgumentTypeError(f"a whole number is expected, not '{text}'")
    return int(number)


def count(text: str) -> int:
    """Return the whole number from 1 that a text stands for."""
    return _from(whole(text), 1, text)


def natural(text: str) -> int:
    """Return the whole number from 0 that a text stands for."""
    return _from(whole(text), 0, text)


def amount(text: str) -> float:
    """Return the number from 0 that a text stands for."""
    return _from(_real(text), 0, text)


def share(text: str) -> float:
    """Return the number from 0 to 1 that a text stands for."""
    number = _real(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 is expected, not '{text}'")
    return number


def sizes(text: str) -> list[int]:
    """Return the list of whole numbers from 1 that '3, 48, 320' stands for."""
    return [count(str(one)) for one in values(text)]


def words(text: str) -> list[str]:
    """Return the list of words that '0,180' or "['0','180']" stands for."""
    return [str(word) for word in values(text.replace(" ", ""))]


def _number(word: str) -> Any:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a number is expected, not '{text}'") from error


def _from(number: Any, least: int, text: str) -> Any:
    if not number >= least:
        raise argparse.ArgumentTypeError(f"{least} is the least, not '{text}'")
    return number


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: what the user may write, and the one place it goes to."""

    name: str
    kind: Callable[[str], Any]
    target: str  # destination and place: "spec det:post...", "engine threads", "output"
    help: str
    choices: tuple[str, ...] = ()
    default: Any = None

    @property
    def destination(self) -> str:
        return self.target.partition(" ")[0]

    @property
    def place(self) -> str:
        return self.target.partition(" ")[2]

    @property
    def stage(self) -> str:
        """The stage it belongs to, '' when it concerns all of them."""
        for stage in STAGES:
            if self.place.startswith((f"{stage}:", f"{stage} ")):
                return stage
        return ""


def _spec(name: str, kind: Callable[[str], Any], place: str, text: str, *choices: str) -> Flag:
    return Flag(name, kind, f"spec {place}", text, choices)


def _none(name: str, reason: str, kind: Callable[[str], Any] = str) -> Flag:
    return Flag(name, kind, "none", reason)


INPUT = (
    Flag("image_dir", str, "input", "an image, a PDF, or a folder of them"),
    Flag(
        "page_num", natural, "input", "read only the first N pages of a PDF or TIFF (0: all)", (), 0
    ),
    Flag(
        "det_model_dir",
        str,
        "input det:model",
        "exported detector: its folder, or the .onnx/.json file",
    ),
    Flag("rec_model_dir", str, "input rec:model", "exported recogniser: its folder, or the file"),
    Flag(
        "cls_model_dir",
        str,
        "input cls:model",
        "exported direction classifier: its folder, or the file",
    ),
    Flag(
        "use_angle_cls",
        true_or_false,
        "input cls:use",
        "turn crops that stand on their heads",
        (),
        False,
    ),
    Flag("cls_thresh", share, "input cls:thresh", "turn only above this certainty", (), 0.9),
    Flag("use_mp", true_or_false, "input", "share the images among several processes", (), False),
    Flag("total_process_num", count, "input", "how many processes", (), 1),
    Flag("process_id", natural, "input", "which share this process takes (set by --use_mp)", (), 0),
)
ENGINE = (
    Flag(
        "engine",
        str,
        "engine engine",
        "what runs the model; auto goes by the file: .onnx onnxruntime, .xml openvino, else paddle",
        ("auto", "paddle", "onnx", "openvino"),
        "auto",
    ),
    Flag("use_onnx", true_or_false, "engine engine", "the same as --engine onnx", (), False),
    Flag("use_gpu", true_or_false, "engine device", "run on a GPU (default: the CPU)", (), False),
    Flag("use_xpu", true_or_false, "engine device", "run on a Kunlun XPU", (), False),
    Flag("use_npu", true_or_false, "engine device", "run on an Ascend NPU", (), False),
    Flag("use_mlu", true_or_false, "engine device", "run on a Cambricon MLU", (), False),
    Flag("use_gcu", true_or_false, "engine device", "run on an Enflame GCU", (), False),
    Flag("gpu_id", natural, "engine device", "which accelerator", (), 0),
    Flag("precision", str, "engine precision", "numbers inside", ("fp32", "fp16", "int8"), "fp32"),
    Flag(
        "cpu_threads", natural, "engine threads", "threads of one model (0: all real cores)", (), 0
    ),
    Flag("enable_mkldnn", true_or_false, "engine onednn", "oneDNN kernels on the CPU (paddle)"),
    Flag("use_tensorrt", true_or_false, "engine tensorrt", "TensorRT (paddle on a GPU)", (), False),
    Flag("min_subgraph_size", count, "engine min_subgraph_size", "for TensorRT", (), 15),
    Flag("gpu_mem", natural, "engine gpu_memory_mb", "megabytes taken on the GPU at once", (), 500),
    Flag("onnx_providers", words, "engine providers", "providers of onnxruntime, in order"),
    Flag("warmup", true_or_false, "engine warmup", "run once before the clock starts", (), False),
)
OUTPUT = (
    Flag(
        "draw_img_save_dir",
        str,
        "output",
        "folder for drawings and result files",
        (),
        "./inference_results",
    ),
    Flag("drop_score", share, "output", "leave out lines the recogniser scores lower", (), 0.5),
    Flag("vis_font_path", str, "output", "font of the drawings (default: an installed one)"),
    Flag("save_crop_res", true_or_false, "output", "keep the cropped lines as PNG", (), False),
    Flag("crop_res_save_dir", str, "output", "folder for the cropped lines", (), "./output"),
    Flag("show_log", true_or_false, "output", "say what was read, line by line", (), True),
    Flag("save_log_path", str, "output", "also write the log to this file"),
    Flag(
        "benchmark", true_or_false, "output", "print the time of each stage at the end", (), False
    ),
)
DETECTION = (
    _spec(
        "det_limit_side_len",
        count,
        "det:pre.DetResizeForTest.limit_side_len",
        "side length in pixels the page is scaled to; see det_limit_type",
    ),
    _spec(
        "det_limit_type",
        str,
        "det:pre.DetResizeForTest.limit_type",
        "max: scale down to it; min: scale up to it; resize_long: always to it",
        "max",
        "min",
        "resize_long",
    ),
    _spec("det_box_type", str, "det:post.*.box_type", "four corners, or polygons", "quad", "poly"),
    _spec("det_db_thresh", share, "det:post.DBPostProcess.thresh", "pixels above it are text"),
    _spec(
        "det_db_box_thresh",
        share,
        "det:post.DBPostProcess.box_thresh",
        "boxes whose mean is above it are kept",
    ),
    _spec(
        "det_db_unclip_ratio",
        amount,
        "det:post.DBPostProcess.unclip_ratio",
        "how far boxes grow beyond the shrunken text map",
    ),
    _spec(
        "use_dilation",
        true_or_false,
        "det:post.DBPostProcess.use_dilation",
        "thicken the text map first",
    ),
    _spec(
        "det_db_score_mode",
        str,
        "det:post.DBPostProcess.score_mode",
        "score inside the rectangle (fast) or the contour (slow)",
        "fast",
        "slow",
    ),
    _spec(
        "det_east_score_thresh",
        share,
        "det:post.EASTPostProcess.score_thresh",
        "EAST models: pixels above are text",
    ),
    _spec(
        "det_east_cover_thresh",
        share,
        "det:post.EASTPostProcess.cover_thresh",
        "EAST models: boxes above are kept",
    ),
    _spec(
        "det_east_nms_thresh",
        share,
        "det:post.EASTPostProcess.nms_thresh",
        "EAST models: overlap of boxes that are one",
    ),
    _spec(
        "det_sast_score_thresh",
        share,
        "det:post.SASTPostProcess.score_thresh",
        "SAST models: pixels above are text",
    ),
    _spec(
        "det_sast_nms_thresh",
        share,
        "det:post.SASTPostProcess.nms_thresh",
        "SAST models: overlap of boxes that are one",
    ),
    _spec(
        "det_pse_thresh",
        share,
        "det:post.PSEPostProcess.thresh",
        "PSE models: pixels above are text",
    ),
    _spec(
        "det_pse_box_thresh",
        share,
        "det:post.PSEPostProcess.box_thresh",
        "PSE models: boxes above are kept",
    ),
    _spec(
        "det_pse_min_area",
        amount,
        "det:post.PSEPostProcess.min_area",
        "PSE models: smaller areas are left out",
    ),
    _spec(
        "det_pse_scale",
        count,
        "det:post.PSEPostProcess.scale",
        "PSE models: grow at 1/scale of the size",
    ),
    _spec(
        "scales",
        values,
        "det:post.FCEPostProcess.scales",
        "FCE models: strides of the feature maps, as in 8,16,32",
    ),
    _spec("alpha", float, "det:post.FCEPostProcess.alpha", "FCE models: weight of the text region"),
    _spec("beta", float, "det:post.FCEPostProcess.beta", "FCE models: weight of the centre region"),
    _spec(
        "fourier_degree",
        count,
        "det:post.FCEPostProcess.fourier_degree",
        "FCE models: degree of the contour",
    ),
)
CLASSIFICATION = (
    _spec("cls_image_shape", sizes, "cls:pre.*.image_shape", "channels, height, width"),
    _spec("label_list", words, "cls:post.*.label_list", "names of the directions, as in 0,180"),
    Flag("cls_batch_num", count, "engine cls:batch", "crops the classifier takes at once", (), 6),
)
RECOGNITION = (
    _spec(
        "rec_image_shape",
        sizes,
        "rec:pre.*.image_shape",
        "channels, height, width of a line, as in 3,48,320",
    ),
    _spec("rec_char_dict_path", str, "rec:characters", "character list, one on each line"),
    _spec("use_space_char", true_or_false, "rec:specials.use_space_char", "a space is a character"),
    _spec(
        "max_text_length", count, "rec:pre.*.max_text_length", "longest text, where that matters"
    ),
    Flag("rec_batch_num", count, "engine rec:batch", "lines the recogniser takes at once", (), 6),
)
NONE = (
    _none("det_algorithm", "the exported model says itself how its output is decoded"),
    _none("rec_algorithm", "the exported model says itself how its output is decoded"),
    _none("rec_image_inverse", "the exported model says itself how a line is prepared"),
    _none("ir_optim", "graphs are always optimised"),
    _none("max_batch_size", "lines go together as rec_batch_num says"),
    _none("onnx_sess_options", "threads follow from cpu_threads, nothing else is set"),
    _none("use_pdserving", "no command ever read it"),
    _none("return_word_box", "boxes of single words are not computed"),
    _none("e2e_algorithm", "end-to-end models have a command of their own"),
    _none("e2e_model_dir", "end-to-end models have a command of their own"),
    _none("e2e_limit_side_len", "end-to-end models have a command of their own"),
    _none("e2e_limit_type", "end-to-end models have a command of their own"),
    _none("e2e_pgnet_score_thresh", "end-to-end models have a command of their own"),
    _none("e2e_char_dict_path", "end-to-end models have a command of their own"),
    _none("e2e_pgnet_valid_set", "end-to-end models have a command of their own"),
    _none("e2e_pgnet_mode", "end-to-end models have a command of their own"),
    _none("sr_model_dir", "super-resolution models have a command of their own"),
    _none("sr_image_shape", "super-resolution models have a command of their own"),
    _none("sr_batch_num", "super-resolution models have a command of their own"),
)
ALL = (*INPUT, *ENGINE, *OUTPUT, *DETECTION, *CLASSIFICATION, *RECOGNITION, *NONE)
FLAGS: Mapping[str, Flag] = MappingProxyType({flag.name: flag for flag in ALL})
