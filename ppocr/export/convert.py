"""Converts one graph to ONNX: run as a program of its own, because the converter may abort.

python -m ppocr.export.convert inference.json inference.pdiparams out.onnx metadata.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

OPSET = 14


def main(arguments: Sequence[str]) -> int:
    """Write the .onnx file and return 0; anything else is told on stderr."""
    import onnx
    import paddle2onnx

    graph, weights, target, metadata = arguments
    # any other optimize_tool installs packages at run time
    paddle2onnx.export(graph, weights, target, opset_version=OPSET, optimize_tool=None)
    model = onnx.load(target)
    for key, value in json.loads(Path(metadata).read_text(encoding="utf-8")).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
