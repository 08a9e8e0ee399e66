"""MACs by hand; a table that keeps what is written around it."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks import macs, models_table
from ppocr.utils.exits import DataError


def _weights(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def _saved(path, nodes, weights, shape=(1, 3, 8, 10)):
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * len(shape))
    last = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "graph", [image], [last], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path, [np.ones(shape, np.float32)]


def test_convolutions_and_products_are_counted_at_the_size_that_runs(tmp_path):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Conv", ["r", "d"], ["e"], group=4),
        helper.make_node("ConvTranspose", ["e", "t"], ["u"], strides=[2, 2]),
        helper.make_node("MatMul", ["u", "m"], ["y"]),
    ]
    weights = [
        _weights("w", 4, 3, 3, 3),
        _weights("d", 4, 1, 1, 1),
        _weights("t", 4, 2, 2, 2),
        _weights("m", 10, 7),
    ]
    path, feeds = _saved(tmp_path / "a.onnx", nodes, weights)
    first, by_channel = 4 * 4 * 5 * 27, 4 * 4 * 5
    assert macs.count(path, feeds) == first + by_channel + 4 * 4 * 5 * 8 + 2 * 8 * 10 * 7


def test_recurrent_layers_count_every_step_and_direction(tmp_path):
    steps, size, hidden = 6, 5, 3
    weights = [_weights("w", 2, 4 * hidden, size), _weights("r", 2, 4 * hidden, hidden)]
    node = helper.make_node(
        "LSTM", ["x", "w", "r"], ["y"], hidden_size=hidden, direction="bidirectional"
    )
    path, feeds = _saved(tmp_path / "a.onnx", [node], weights, (steps, 2, size))
    assert macs.count(path, feeds) == steps * 2 * 2 * 4 * hidden * (size + hidden)


def test_products_inside_a_branch_are_refused(tmp_path):
    inner = helper.make_graph(
        [helper.make_node("MatMul", ["x", "x"], ["z"])],
        "inner",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )
    yes = numpy_helper.from_array(np.array(True), "yes")
    node = helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)
    path, feeds = _saved(tmp_path / "a.onnx", [node], [yes], (2, 2))
    with pytest.raises(DataError, match="MatMul inside If"):
        macs.count(path, feeds)


ROW = {
    "parameters": 1_463_174,
    "exported": 1_474_000,
    "paddle_bytes": 5_900_000,
    "onnx_bytes": 5_800_000,
    "input": [1, 3, 32, 100],
    "macs": 123_456_789,
}


def test_the_table_stands_between_its_lines(tmp_path):
    document = tmp_path / "models.md"
    document.write_text(f"before\n{models_table.BEGIN}\nold\n{models_table.END}\nafter\n")
    name = "configs/rec/rec_icdar15_train.yml"
    times = {"threads": 2, "runs": 15, "measured": "2026-11-21", "paddle": 1.234, "onnxruntime": 98}
    models_table.write(document, {name: {**ROW, "latency": times}}, {name: "P F1"})
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    row = f"| [rec_icdar15_train](../{name}) | 1.46 | 1.47 | 5.9 | 32 x 100 "
    assert f"{row}| 0.12 | 1.23 | 98.0 | P F1 |" in text
    assert "2 threads, median of 15 runs, 2026-11-21" in text
    models_table.write(document, {name: ROW}, {name: "-"})
    assert "| 0.12 | - | - | - |" in document.read_text()


def test_a_document_without_a_place_for_the_table_is_refused(tmp_path):
    document = tmp_path / "models.md"
    document.write_text("nothing\n")
    with pytest.raises(DataError, match="has no lines"):
        models_table.write(document, {}, {})
    assert document.read_text() == "nothing\n"


def test_what_was_compared_is_what_was_recorded(tmp_path):
    config = tmp_path / "mine.yml"
    config.write_text(
        "Global: {epoch_num: 1}\nLoss: {name: MultiLoss, loss_config_list: [A: , B: ]}\n"
    )
    first, second = tmp_path / "one", tmp_path / "two"
    for place in (first, second):
        for folder in ("models", "forward", "grad", "ops/loss_rec"):
            (place / folder).mkdir(parents=True)
    assert models_table.compared(config, [first, second, tmp_path / "none"]) == "-"
    (first / "models" / "mine.json").write_text("{}")
    for place, case in ((first, "a"), (second, "a"), (second, "b")):
        (place / "forward" / f"mine__{case}.json").write_text("{}")
    (second / "grad" / "mine.json").write_text("{}")
    (first / "ops/loss_rec/a.json").write_text(json.dumps({"config": {"name": "A"}}))
    assert models_table.compared(config, [first, second]) == "P F2 G"
    both = {"name": "MultiLoss", "loss_config_list": [{"A": None}, {"B": {"x": 1}}]}
    (second / "ops/loss_rec/b.json").write_text(json.dumps({"config": both}))
    assert models_table.compared(config, [first, second]) == "P F2 G L"
