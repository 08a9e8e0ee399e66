"""LMDB sets: read, checked before use, refused when they would invent data."""

from __future__ import annotations

import pickle
from multiprocessing import get_context
from pathlib import Path

import lmdb
import numpy as np
import pytest

from ppocr.data.lmdb_set import LMDBDataSet
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput

RNG = np.random.default_rng(0)


def environment(folder: Path, texts: list[str], count: str | None = None) -> Path:
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 24) as made, made.begin(write=True) as writer:
        for number, text in enumerate(texts, start=1):
            writer.put(b"image-%09d" % number, b"\x89PNG" + bytes(2000))
            writer.put(b"label-%09d" % number, text.encode())
        writer.put(b"num-samples", (str(len(texts)) if count is None else count).encode())
    return folder


def test_samples_of_nested_environments(tmp_path):
    environment(tmp_path / "a" / "deep", ["one", "two"])
    environment(tmp_path / "b", ["three"])
    found = LMDBDataSet(str(tmp_path), [])
    assert [found.read(row, RNG)["label"] for row in range(found.total)] == ["one", "two", "three"]
    assert found.place(2) == f"{tmp_path / 'b'}:1"
    assert found.read(1, RNG)["image"].startswith(b"\x89PNG")


def test_two_sets_and_their_copies_share_a_folder(tmp_path):
    environment(tmp_path / "a", ["one"])
    found = LMDBDataSet(str(tmp_path), [])
    twin = pickle.loads(pickle.dumps(found))
    again = LMDBDataSet(str(tmp_path), [])
    assert [one.read(0, RNG)["label"] for one in (found, twin, again)] == ["one"] * 3


def test_another_process_opens_it_anew(tmp_path):
    environment(tmp_path / "a", ["one"])
    found = LMDBDataSet(str(tmp_path), [])
    found.read(0, RNG)
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_label, (found,)) == "one"


def _label(found: LMDBDataSet) -> str:
    return found.read(0, RNG)["label"]


@pytest.mark.parametrize("count", ["1000", "10000000000", "many", "-3"])
def test_a_count_that_the_keys_do_not_bear_out(tmp_path, count):
    environment(tmp_path / "a", ["one", "two"], count)
    with pytest.raises(DataError, match="num-samples"):
        LMDBDataSet(str(tmp_path), [])


def test_a_file_cut_short_does_not_kill_the_reader(tmp_path):
    folder = environment(tmp_path / "a", ["text"] * 200)
    data = folder / "data.mdb"
    content = data.read_bytes()
    data.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"data\.mdb|LMDB|mdb"):
        LMDBDataSet(str(tmp_path), [])


def test_a_missing_key_is_one_bad_sample(tmp_path):
    folder = environment(tmp_path / "a", ["one", "two", "three"])
    with lmdb.open(str(folder), map_size=1 << 24) as made, made.begin(write=True) as writer:
        writer.delete(b"label-000000002")
        writer.put(b"spare-1", b"")
    found = LMDBDataSet(str(tmp_path), [])
    with pytest.raises(Rejected) as caught:
        found.read(1, RNG)
    assert caught.value.reason == "missing key"
    assert found.read(2, RNG)["label"] == "three"


def test_a_folder_without_lmdb(tmp_path):
    with pytest.raises(MissingInput, match="no LMDB"):
        LMDBDataSet(str(tmp_path), [])
    with pytest.raises(MissingInput, match="no such folder"):
        LMDBDataSet(str(tmp_path / "nowhere"), [])


def test_a_damaged_page_is_said_not_raised(tmp_path):
    folder = environment(tmp_path / "a", ["text"] * 200)
    data = folder / "data.mdb"
    content = bytearray(data.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 + 8 : page * 4096 + 16] = b"\xff" * 8  # flags and bounds of the page
    data.write_bytes(bytes(content))
    with pytest.raises((DataError, Rejected)):
        LMDBDataSet(str(tmp_path), []).read(0, RNG)


@pytest.mark.parametrize("count", ["9" * 5000, "²", "1e3", "", " 2"])
def test_a_count_that_is_no_number(tmp_path, count):
    environment(tmp_path / "a", ["one", "two"], count)
    with pytest.raises(DataError, match="num-samples"):
        LMDBDataSet(str(tmp_path), [])


def test_several_folders_in_their_order(tmp_path):
    environment(tmp_path / "z", ["first"])
    environment(tmp_path / "a", ["second"])
    found = LMDBDataSet([str(tmp_path / "z"), str(tmp_path / "a")], [], ratio_list=[1.0, 2.0])
    assert found.names == [str(tmp_path / "z"), str(tmp_path / "a")]
    rows = [found.row(position, 0, 0, True) for position in range(found.count(True))]
    assert [found.read(row, RNG)["label"] for row in rows] == ["first", "second", "second"]


def test_what_is_in_a_set_is_told_from_other_content_and_not_from_a_copy(tmp_path):
    texts = [f"text {number}" for number in range(600)]
    contents = {
        name: LMDBDataSet(str(environment(tmp_path / name, rows)), []).contents()
        for name, rows in {"a": texts, "copy": texts, "turned": texts[::-1]}.items()
    }
    assert contents["a"] == contents["copy"] != contents["turned"]
    assert contents["a"][0].startswith("600 rows ")
    empty = environment(tmp_path / "none", [])
    assert LMDBDataSet(str(empty), []).contents()[0].startswith("0 rows ")
