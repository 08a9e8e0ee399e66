"""Multiply-accumulates of an exported network, counted in its .onnx file.

Counted are convolutions, matrix products and recurrent layers, from the shapes that their tensors
really have when the graph runs once at the input in question; additions, activations and
normalisations are left out, as is usual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from ppocr.utils.exits import DataError

Shape = tuple[int, ...]


def count(path: Path, feeds: Sequence[np.ndarray]) -> int:
    """Return how many multiply-accumulates one run of the graph takes with these inputs.

    A DataError names an operation inside a branch or loop, which is not counted.
    """
    model = onnx.load(str(path))
    nodes = [node for node in model.graph.node if node.op_type in RULES]
    _refuse_hidden(model.graph, path)
    shapes = {one.name: tuple(one.dims) for one in model.graph.initializer}
    names = {name for node in nodes for name in (*node.input[:3], node.output[0]) if name}
    shapes.update(_run(model, sorted(names - shapes.keys()), feeds))
    return sum(RULES[node.op_type](node, shapes) for node in nodes)


def _run(model: onnx.ModelProto, names: list[str], feeds: Sequence[np.ndarray]) -> dict[str, Shape]:
    """Return the shapes of these tensors after one run."""
    inputs = [one.name for one in model.graph.input]
    given = dict(zip(inputs, feeds, strict=True))
    shapes = {name: tuple(value.shape) for name, value in given.items()}
    wanted = [name for name in names if name not in given]
    already = {one.name for one in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in wanted if n not in already)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    arrays = session.run(wanted, given)
    return shapes | {name: array.shape for name, array in zip(wanted, arrays, strict=True)}


def _refuse_hidden(graph: onnx.GraphProto, path: Path) -> None:
    for node in graph.node:
        for inner in (one.g for one in node.attribute if one.type == onnx.AttributeProto.GRAPH):
            found = sorted({one.op_type for one in inner.node if one.op_type in RULES})
            if found:
                raise DataError(f"{path}: {', '.join(found)} inside {node.op_type} is not counted")
            _refuse_hidden(inner, path)


def _convolution(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Every number of the result takes one filter: kernel times input channels of its group."""
    return _size(shapes[node.output[0]]) * _size(shapes[node.input[1]][1:])


def _transposed(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Every number of the input is spread by one filter."""
    return _size(shapes[node.input[0]]) * _size(shapes[node.input[1]][1:])


def _product(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    return _size(shapes[node.output[0]]) * shapes[node.input[0]][-1]


def _general_product(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    turned = any(one.name == "transA" and one.i for one in node.attribute)
    return _size(shapes[node.output[0]]) * shapes[node.input[0]][0 if turned else -1]


def _recurrent(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Each step of each line multiplies with both matrices of every direction."""
    steps, lines, _ = shapes[node.input[0]]
    return steps * lines * (_size(shapes[node.input[1]]) + _size(shapes[node.input[2]]))


def _size(shape: Shape) -> int:
    return int(np.prod(shape, dtype=np.int64))


RULES: Mapping[str, Callable[[onnx.NodeProto, Mapping[str, Shape]], int]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "MatMul": _product,
    "Gemm": _general_product,
    "LSTM": _recurrent,
    "GRU": _recurrent,
}
