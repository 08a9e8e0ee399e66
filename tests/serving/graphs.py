"""Two small exported models that need no training and no paddle: .onnx files with a description.

The detector answers where the page is dark; the recogniser answers with one of its characters for
every column, decided by fixed random weights. Both are exact: the same image, the same answer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ppocr.pipeline import store
from ppocr.pipeline.spec import OpSpec, PipelineSpec, TensorSpec

OPSET = 14
CHARACTERS = tuple("0123456789abcdefghijklmnopqrstuvwxyz")
DECODE = OpSpec("DecodeImage", {"img_mode": "BGR", "channel_first": False})


def detector(folder: Path, **post) -> Path:
    """Write a detector of dark areas into ``folder`` and return it."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["gray"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["gray", "slope"], ["steep"]),
        helper.make_node("Sigmoid", ["steep"], ["maps"]),
    ]
    weights = {"slope": np.array(-8.0, np.float32)}
    spec = PipelineSpec(
        task="det",
        pre=(
            DECODE,
            OpSpec("DetResizeForTest", {"limit_side_len": 320, "limit_type": "max"}),
            OpSpec(
                "NormalizeImage",
                {"scale": 1 / 255, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "order": "hwc"},
            ),
            OpSpec("ToCHWImage"),
        ),
        inputs=(TensorSpec("image", "float32", (-1, 3, -1, -1)),),
        outputs=("maps",),
        post=OpSpec(
            "DBPostProcess",
            {"thresh": 0.3, "box_thresh": 0.6, "unclip_ratio": 1.5, "box_type": "quad", **post},
        ),
        batch="single",
        specials={"box_filter": {"min_side_px": 3, "order": "angle"}},
    )
    return _write(folder, nodes, weights, spec, ["N", 3, "H", "W"])


def recogniser(folder: Path, seed: int = 0) -> Path:
    """Write a recogniser of columns into ``folder`` and return it."""
    rng = np.random.default_rng(seed)
    classes = len(CHARACTERS) + 1
    nodes = [
        helper.make_node("AveragePool", ["x"], ["columns"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Transpose", ["columns"], ["ordered"], perm=[0, 3, 1, 2]),
        helper.make_node("Reshape", ["ordered", "flat"], ["features"]),
        helper.make_node("MatMul", ["features", "weight"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probs"], axis=2),
    ]
    weights = {
        "flat": np.array([0, -1, 12], np.int64),
        "weight": rng.normal(0, 4, (12, classes)).astype(np.float32),
    }
    spec = PipelineSpec(
        task="rec",
        pre=(DECODE, OpSpec("RecResizeImg", {"image_shape": [3, 32, 96], "padding": True})),
        inputs=(TensorSpec("image", "float32", (-1, 3, 32, -1)),),
        outputs=("probs",),
        post=OpSpec("CTCLabelDecode"),
        batch="own",
        characters=CHARACTERS,
        specials={"use_space_char": False, "reverse": False, "lower": False, "classes": classes},
    )
    return _write(folder, nodes, weights, spec, ["N", 3, 32, "W"])


def page(seed: int = 0, lines: int = 4) -> np.ndarray:
    """Return a white page with dark bars, two in each row; uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    image_HWC = np.full((60 * lines + 40, 420, 3), 255, np.uint8)
    for row in range(lines):
        for left, right in ((20, 180), (230, 230 + int(rng.integers(60, 160)))):
            top = 30 + 60 * row + int(rng.integers(0, 4))
            bar = rng.integers(0, 60, (24, right - left, 3), np.uint8)
            image_HWC[top : top + 24, left:right] = bar
    return image_HWC


def _write(folder: Path, nodes, weights, spec: PipelineSpec, shape) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(
        nodes,
        spec.task,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(spec.outputs[0], TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.save(model, folder / "inference.onnx")
    store.write(folder, spec)
    return folder
