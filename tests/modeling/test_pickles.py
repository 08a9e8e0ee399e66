"""Checkpoint files: genuine ones are read, code in them is never run."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.utils import pickles
from ppocr.utils.exits import DataError


def _trained() -> tuple[nn.Layer, paddle.optimizer.Optimizer]:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1D(4))
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(0.1, 5)
    optimizer = paddle.optimizer.AdamW(schedule, parameters=net.parameters())
    net(paddle.ones([2, 3])).sum().backward()
    optimizer.step()
    schedule.step()
    return net, optimizer


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_files_of_paddle_are_read(tmp_path: Path, protocol: int) -> None:
    net, optimizer = _trained()
    paddle.save(net.state_dict(), str(tmp_path / "a.pdparams"), protocol=protocol)
    paddle.save(optimizer.state_dict(), str(tmp_path / "a.pdopt"), protocol=protocol)
    params = pickles.read(tmp_path / "a.pdparams")
    assert list(params) == list(net.state_dict())
    for key, tensor in net.state_dict().items():
        np.testing.assert_array_equal(params[key], tensor.numpy())
    state = pickles.read(tmp_path / "a.pdopt")
    assert set(state) == set(optimizer.state_dict())
    assert state["LR_Scheduler"]["last_epoch"] == 1


def test_what_we_write_is_read_by_paddle(tmp_path: Path) -> None:
    net, optimizer = _trained()
    pickles.write(tmp_path / "a.pdparams", net.state_dict())
    pickles.write(tmp_path / "a.pdopt", optimizer.state_dict())
    other, other_optimizer = _trained()
    other.set_state_dict(paddle.load(str(tmp_path / "a.pdparams")))
    for key, tensor in net.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[key].numpy(), tensor.numpy())
    loaded = paddle.load(str(tmp_path / "a.pdopt"), return_numpy=True)
    moment = next(key for key in loaded if "moment1" in key)
    np.testing.assert_array_equal(loaded[moment], optimizer.state_dict()[moment].numpy())


def test_round_trip_of_plain_values(tmp_path: Path) -> None:
    value = {
        "best_model_dict": {"acc": np.float64(0.5), "best_epoch": 3},
        "list": [1, 2.5, "text", None, (np.arange(3), True)],
        "empty": np.zeros((0, 3), np.float32),
        "wide": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    pickles.write(tmp_path / "x.states", value, protocol=2)
    back = pickles.read(tmp_path / "x.states")
    assert back["best_model_dict"] == value["best_model_dict"]
    np.testing.assert_array_equal(back["list"][4][0], np.arange(3))
    assert back["empty"].shape == (0, 3)
    np.testing.assert_array_equal(back["wide"], value["wide"])


def test_large_arrays_are_cut_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "PIECE_BYTES", 100)
    value = {"w": np.arange(120, dtype=np.float32).reshape(10, 12), "b": np.ones(3, np.float32)}
    pickles.write(tmp_path / "a.pdparams", value, protocol=2)
    with (tmp_path / "a.pdparams").open("rb") as file:
        stored = pickle.load(file)
    assert pickles.PIECES in stored
    assert max(one.nbytes for one in stored.values() if isinstance(one, np.ndarray)) <= 100
    for read in (pickles.read, lambda path: paddle.load(str(path), return_numpy=True)):
        back = read(tmp_path / "a.pdparams")
        np.testing.assert_array_equal(back["w"], value["w"])
        np.testing.assert_array_equal(back["b"], value["b"])


def test_tensors_inside_lists_are_arrays(tmp_path: Path) -> None:
    paddle.save({"ema": [paddle.arange(3)]}, str(tmp_path / "a"))
    np.testing.assert_array_equal(pickles.read(tmp_path / "a")["ema"][0], np.arange(3))


def test_files_of_python_2_are_read() -> None:
    array = np.arange(4, dtype=np.float32)
    data = pickle.dumps(OrderedDict(w=array), protocol=2).replace(b"numpy._core", b"numpy.core")
    np.testing.assert_array_equal(pickles.loads(data)["w"], array)


class _Runs:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, exec, __import__, getattr, open])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_is_refused_by_name(tmp_path: Path, function: object, protocol: int) -> None:
    canary = tmp_path / "canary"
    payload = {"w": np.zeros(2), "x": [_Runs(function, f"touch {canary}")]}
    path = tmp_path / "evil.pdparams"
    path.write_bytes(pickle.dumps(payload, protocol=protocol))
    with pytest.raises(DataError, match="refused .*" + function.__name__):
        pickles.read(path)
    assert not canary.exists()


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"hello", b"PK\x03\x04rest", b"\x80\x04N", b"cos\n"]
)
def test_damaged_files_are_one_error(data: bytes) -> None:
    with pytest.raises(DataError, match="place"):
        pickles.loads(data, "place")


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({pickles.PIECES: 7}),
        pickle.dumps({pickles.PIECES: {"w": {}}}),
        pickle.dumps({pickles.PIECES: {"w": {"slices": ["gone"], "OriginShape": [2]}}}),
        b"\x80\x02" + 5000 * b"]" + 4999 * b"a" + b".",  # a list in a list in a list ...
    ],
)
def test_parts_that_do_not_fit_are_the_same_error(data: bytes) -> None:
    with pytest.raises(DataError, match="place is damaged"):
        pickles.loads(data, "place")


def test_names_that_are_no_mapping_are_none(tmp_path: Path) -> None:
    path = tmp_path / "odd.pdparams"
    path.write_bytes(pickle.dumps({pickles.NAMES: [1]}))
    assert pickles.read_names(path) == {}


def test_every_truncation_is_an_error(tmp_path: Path) -> None:
    pickles.write(tmp_path / "a", {"w": np.arange(50.0), "b": np.ones(2)})
    data = (tmp_path / "a").read_bytes()
    for length in range(0, len(data) - 1, 7):
        with pytest.raises(DataError):
            pickles.loads(data[:length])
