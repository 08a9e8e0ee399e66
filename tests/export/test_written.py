"""Paddle's writer says nothing of a full disk: what it left there is compared with the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import paddle
import pytest
from paddle import nn

from ppocr.export import static
from ppocr.export.remembered import Remembered
from ppocr.pipeline.spec import TensorSpec
from ppocr.utils.exits import StorageError

INPUTS = [TensorSpec("image", "float32", (-1, 3, 8, 8))]


class Tiny(nn.Layer):
    """A network with weights, statistics, a constant, and a part that evaluation leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(3, 130, 1)
        self.norm = nn.BatchNorm2D(130)
        self.guide = nn.Linear(130, 2)
        self.register_buffer("shift", paddle.arange(130.0).reshape([1, 130, 1, 1]), False)

    def forward(self, image, data=None):
        return self.norm(self.conv(image) + self.shift)

    def as_outputs(self, prediction):
        return [prediction]


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "half is there": (".pdiparams", lambda content: content[: len(content) // 2]),
    "the last byte is lost": (".pdiparams", lambda content: content[:-1]),
    "the last tensor is lost": (".pdiparams", lambda content: content[: -4 * 130 - 24]),
    "a block is zero": (".pdiparams", lambda content: content[:-900] + bytes(300) + content[-600:]),
    "a bit is flipped": (".pdiparams", lambda content: content[:-7] + b"\x55" + content[-6:]),
    "there is more": (".pdiparams", lambda content: content + b"\0"),
    "nothing is there": (".pdiparams", lambda content: b""),
    "the graph has no end": (".json", lambda content: content[:-1]),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pir", [True, False], ids=["json", "pdmodel"])
def test_a_write_that_failed_unnoticed_is_a_storage_error(tmp_path, monkeypatch, pir, damage):
    ending, spoiled = DAMAGES[damage]
    if ending == ".json" and not pir:
        ending, spoiled = ".pdmodel", lambda content: content[: len(content) // 2]
    write = paddle.jit.save

    def save(traced, prefix):
        write(traced, prefix)
        path = Path(prefix + ending)
        content = path.read_bytes()
        path.write_bytes(spoiled(content))
        assert path.read_bytes() != content

    monkeypatch.setattr(paddle.jit, "save", save)
    with pytest.raises(StorageError, match="was not written"):
        static.save(Tiny(), INPUTS, tmp_path, pir)


@pytest.mark.parametrize("pir", [True, False], ids=["json", "pdmodel"])
def test_what_is_whole_passes_and_holds_what_the_graph_uses(tmp_path, pir):
    model = Tiny()
    graph = static.save(model, INPUTS, tmp_path, pir)
    assert {path.name for path in tmp_path.iterdir()} == {graph.name, "inference.pdiparams"}
    kept = [one for key, one in model.to_static_state_dict().items() if "guide" not in key]
    numbers = 4 * sum(int(one.size) for one in kept)
    assert numbers < (tmp_path / "inference.pdiparams").stat().st_size < numbers + 40 * len(kept)


class Counting:
    """A backend that says how often it was run."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, feeds):
        self.runs += 1
        return [feeds[0] + self.runs]


def test_a_remembered_answer_is_that_of_the_same_input_and_nobody_can_change_it():
    import numpy as np

    inner = Counting()
    backend = Remembered(inner)
    zeros = np.zeros((2, 3), np.float32)
    (first,) = backend.run([zeros])
    first += 5
    np.testing.assert_array_equal(backend.run([zeros.copy()])[0], zeros + 1)
    others = [zeros.T, zeros.astype(np.float64), zeros + 1, zeros[:1]]
    for count, other in enumerate(others, start=2):
        np.testing.assert_array_equal(backend.run([other])[0], other + count)
    assert inner.runs == 1 + len(others)
