"""Converts one graph to ONNX: run as a program of its own, because the converter may abort.

python -m ppocr.export.convert inference.json inference.pdiparams out.onnx metadata.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPSET = 14


def main(arguments: Sequence[str]) -> int:
    """Write the .onnx file and return 0; anything else is told on stderr."""
    import onnx
    import paddle2onnx

    graph, weights, target, metadata = arguments
    # any other optimize_tool installs packages at run time
    paddle2onnx.export(graph, weights, target, opset_version=OPSET, optimize_tool=None)
    model = onnx.load(target)
    drop_unused(model.graph)
    for key, value in json.loads(Path(metadata).read_text(encoding="utf-8")).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, target)
    return 0


def drop_unused(graph: Any) -> int:
    """Return how many constants were removed that no node reads: onnxruntime warns of each."""
    used = _used(graph)
    unused = [
        node for node in graph.node if node.op_type == "Constant" and used.isdisjoint(node.output)
    ]
    for node in unused:
        graph.node.remove(node)
    return len(unused)


def _used(graph: Any) -> set[str]:
    """Return the names that are read in a graph, loops and branches inside it included."""
    found = {one.name for one in graph.output}
    for node in graph.node:
        found.update(node.input)
        for attribute in node.attribute:
            inner = [attribute.g] if attribute.HasField("g") else []
            for each in (*inner, *attribute.graphs):
                found |= _used(each)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
