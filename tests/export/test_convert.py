"""The .onnx file as the converter left it, and as it is shipped."""

from __future__ import annotations

from onnx import TensorProto, checker, helper

from ppocr.export.convert import drop_unused


def constant(name: str):
    value = helper.make_tensor(name, TensorProto.FLOAT, [1], [1.0])
    return helper.make_node("Constant", [], [name], value=value)


def test_constants_that_nothing_reads_are_dropped_and_those_of_a_branch_are_kept():
    result = helper.make_tensor_value_info("result", TensorProto.FLOAT, [1])
    branches = {
        name: helper.make_graph([helper.make_node("Neg", [read], ["result"])], name, [], [result])
        for name, read in (("then_branch", "one"), ("else_branch", "two"))
    }
    chosen = helper.make_node("If", ["condition"], ["result"], **branches)
    constants = [constant(name) for name in ("nobody", "one", "two", "nothing")]
    condition = helper.make_tensor_value_info("condition", TensorProto.BOOL, [])
    graph = helper.make_graph([*constants, chosen], "graph", [condition], [result])
    assert drop_unused(graph) == 2
    assert [node.output[0] for node in graph.node] == ["one", "two", "result"]
    checker.check_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)]))
