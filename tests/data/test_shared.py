"""Arrays through shared memory: the same on the other side, and none left behind."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from ppocr.data import shared
from ppocr.data.shared import Receiver, Sender


def batch(seed: int, side: int = 100):
    rng = np.random.default_rng(seed)
    return {
        "image": rng.random((4, 3, side, side)).astype(np.float32),
        "polys": [rng.random((n, 4, 2)) for n in range(3)],
        "text": ["a", "b"],
        "length": np.arange(3),
    }


def same(left, right) -> None:
    assert list(left) == list(right)
    np.testing.assert_array_equal(left["image"], right["image"])
    for one, other in zip(left["polys"], right["polys"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert left["text"] == right["text"]


def test_content_arrives_and_segments_are_used_again():
    sender, receiver = Sender(True), Receiver()
    names = set()
    for seed in range(5):
        content = batch(seed)
        parcel = sender.pack(content)
        assert parcel.segment >= 0
        names.add(parcel.name)
        same(receiver.unpack(parcel), content)
        sender.give_back(parcel.segment)
    assert len(names) == 1
    receiver.close()
    sender.close()
    with pytest.raises(FileNotFoundError):
        SharedMemory(name=names.pop())


def test_a_larger_batch_gets_a_larger_segment():
    sender, receiver = Sender(True), Receiver()
    small, large = batch(1), batch(2, side=200)
    parcel = sender.pack(small)
    receiver.unpack(parcel)
    sender.give_back(parcel.segment)
    parcel = sender.pack(large)
    same(receiver.unpack(parcel), large)
    receiver.close()
    sender.close()


def test_what_was_received_outlives_the_segment():
    sender, receiver = Sender(True), Receiver()
    content = batch(3)
    parcel = sender.pack(content)
    found = receiver.unpack(parcel)
    sender.give_back(parcel.segment)
    sender.pack(batch(4))
    same(found, content)
    receiver.close()
    sender.close()


def test_no_room_means_the_pipe(monkeypatch):
    def full(size: int) -> SharedMemory:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shared, "_reserved", full)
    sender = Sender(True)
    parcel = sender.pack(batch(1))
    assert parcel.segment == -1
    assert not sender.enabled
    same(Receiver().unpack(parcel), batch(1))
