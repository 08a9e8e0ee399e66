"""Arrays through shared memory: the same on the other side, and none left behind."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from ppocr.data import shared
from ppocr.data.collate import Pile, Stack
from ppocr.data.shared import Parcel, Receiver, Sender
from ppocr.transforms.normalize import Normalization


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
    assert not exists(names.pop())  # nothing to be left behind, although both still hold it
    receiver.close()
    sender.close()


def test_a_segment_that_was_never_opened_is_removed_by_its_sender():
    sender = Sender(True)
    name = sender.pack(batch(1)).name
    assert exists(name)
    sender.close()
    assert not exists(name)


def exists(name: str) -> bool:
    try:
        segment = SharedMemory(name=name)
    except FileNotFoundError:
        return False
    segment.close()
    return True


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


def samples(count: int = 3, side: int = 80):
    """Return samples of detection: pixels to be normalised, a map, polygons, bookkeeping."""
    rng = np.random.default_rng(7)
    todo = Normalization("affine", 1 / 255, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), True)
    return [
        {
            "image": rng.integers(0, 256, (side, side, 3), dtype=np.uint8),
            "map": rng.random((side, side)).astype(np.float32),
            "polys": rng.random((number, 4, 2)),
            "ratio": 0.5,
            "index": number,
            "place": f"train.txt:{number}",
            "normalize": todo,
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("raw_images", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_a_batch_stacked_on_its_way_is_the_one_stacked_before(enabled, raw_images):
    collate, sender, receiver = Stack(raw_images), Sender(enabled), Receiver()
    given = samples()
    wanted, later = collate(given), collate.later(given)
    assert isinstance(later["image"], Pile)
    assert not any(isinstance(one, Pile) for one in wanted.values())
    parcel = sender.pack((later, [], 3))
    assert (parcel.segment >= 0) == enabled
    found = receiver.unpack(parcel)[0]
    assert list(found) == list(wanted)
    assert ("normalize" in wanted) == raw_images
    for key in ("image", "map", "ratio", "index"):
        assert found[key].dtype == wanted[key].dtype
        np.testing.assert_array_equal(found[key], wanted[key])
    assert [len(one) for one in found["polys"]] == [0, 1, 2]
    assert found["place"] == wanted["place"]
    receiver.close()
    sender.close()


def test_nothing_of_a_pile_goes_into_a_pipe_unstacked():
    parcel = Sender(False).pack({"nested": [Pile([np.ones(2), np.zeros(2)])]})
    assert isinstance(parcel, Parcel)
    np.testing.assert_array_equal(parcel.content["nested"][0], [[1, 1], [0, 0]])


def test_arrays_of_different_type_or_of_objects_are_stacked_at_once():
    mixed = Stack().later([{"a": np.zeros(2, np.float32)}, {"a": np.zeros(2, np.float64)}])["a"]
    assert mixed.dtype == np.float64
    words = Stack().later([{"a": np.array(["x", None], dtype=object)}] * 2)["a"]
    assert words.dtype == object
    assert words.shape == (2, 2)
