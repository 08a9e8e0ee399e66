"""The index of a label file: right for any bytes, small, kept for next time, never believed."""

from __future__ import annotations

import os
import pickle
import stat
import tracemalloc
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data import row_index
from ppocr.data.labels import MAX_ROW_BYTES, LabelFile
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

BOM = row_index.BOM


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """The index of any file is kept, in small pieces."""
    monkeypatch.setattr(row_index, "KEPT_FROM", 1)
    monkeypatch.setenv("PPOCR_CACHE", str(tmp_path / "cache"))


def many(folder: Path, count: int = 2000) -> Path:
    path = folder / "rows.txt"
    path.write_bytes(b"".join(b"img/%05d.png\ttext %d\n" % (n, n * n) for n in range(count)))
    return path


def expected(content: bytes) -> list[tuple[int, bytes]]:
    rows = content.removeprefix(BOM).split(b"\n")
    return [
        (line, row.removesuffix(b"\r"))
        for line, row in enumerate(rows, start=1)
        if len(row) > row_index.BLANK_BYTES or row.strip()
    ]


piece = st.one_of(
    st.sampled_from([b"", b" ", b"\t\r", b" " * 8, b" " * 9, b"\r", b"x", BOM]),
    st.binary(max_size=80),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(piece, max_size=25), st.booleans(), st.booleans(), st.randoms())
def test_rows_and_lines_are_right_for_any_bytes(tmp_path_factory, pieces, marked, ended, chance):
    content = (BOM if marked else b"") + b"\n".join(pieces) + (b"\n" if ended else b"")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_index, "_BLOCK_BYTES", 32)
        patch.setattr(row_index, "BUCKET", 16)
        file = LabelFile(path)
        numbers = list(range(len(file)))
        chance.shuffle(numbers)
        found = {number: (file.place(number), file.raw(number)) for number in numbers}
    wanted = expected(content)
    assert [found[n] for n in sorted(found)] == [(f"{path}:{line}", row) for line, row in wanted]
    lines = content.removeprefix(BOM).count(b"\n") + (not content.endswith(b"\n"))
    assert file.blank == (lines - len(wanted) if content.removeprefix(BOM) else 0)


def test_the_index_grows_with_the_bytes_of_a_file_not_with_its_rows(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_bytes(b"a\tb\n" * 500_000)
    tracemalloc.start()
    file = LabelFile(path)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(file) == 500_000
    assert size < 40 * path.stat().st_size / row_index.BUCKET + 20_000
    assert file[499_999].place == f"{path}:500000"


def test_lines_without_end_take_no_more_memory_than_a_row_may_have(tmp_path):
    path = tmp_path / "rows.txt"
    with path.open("wb") as out:
        out.write(b"a.png\tone\n")
        out.truncate(1 << 30)  # a row of zeros, without a disk full of them
    tracemalloc.start()
    file = LabelFile(path)
    with pytest.raises(Rejected, match="row too long"):
        file[1]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file[0].label == "one"
    assert len(file) == 2
    assert peak < 8 * MAX_ROW_BYTES


def test_a_large_file_is_read_through_once(tmp_path, kept, monkeypatch):
    path = many(tmp_path)
    first = LabelFile(path)
    beside = tmp_path / ".rows.txt.index"
    assert beside.stat().st_size < path.stat().st_size / 50
    monkeypatch.setattr(row_index, "scan", None)
    again = LabelFile(path)
    assert [row.label for row in again] == [row.label for row in first]
    assert again.place(1999) == f"{path}:2000"


@pytest.mark.parametrize("change", ["grown", "touched", "rewritten"])
def test_an_index_of_an_earlier_state_is_not_used(tmp_path, kept, change):
    path = many(tmp_path)
    LabelFile(path)
    before = path.stat()
    content = path.read_bytes()
    if change == "grown":
        path.write_bytes(content + b"new.png\tnew\n")
    if change == "touched":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    if change == "rewritten":  # to the same size, with the time set back
        path.write_bytes(b"x" + content[1:-2] + b"\n\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    file = LabelFile(path)
    assert file._index.kept is None
    assert [row.paths[0] for row in file] == [
        line.split("\t")[0] for line in path.read_text().split("\n") if line
    ]


@pytest.mark.parametrize("damage", ["cut", "flipped", "no header", "not ours", "empty", "marks"])
def test_a_damaged_index_is_made_anew_and_that_is_said(tmp_path, kept, caplog, damage):
    path = many(tmp_path)
    labels = [row.label for row in LabelFile(path)]
    beside = tmp_path / ".rows.txt.index"
    content = bytearray(beside.read_bytes())
    if damage == "flipped":
        content[-20] ^= 1
    elif damage == "marks":
        content = content.replace(b'"rows": 2000', b'"rows": 20')
    else:
        content = {"cut": content[:-8], "no header": content[:20], "not ours": b"[]"}.get(
            damage, b""
        )
    beside.write_bytes(bytes(content))
    with caplog.at_level("INFO"):
        file = LabelFile(path)
    assert [row.label for row in file] == labels
    assert "is damaged" in caplog.text
    assert LabelFile(path)._index.kept == beside


def test_where_the_folder_cannot_be_written_the_cache_keeps_it(tmp_path, kept, monkeypatch):
    path = many(tmp_path)
    place = row_index._places
    monkeypatch.setattr(
        row_index, "_places", lambda one: [tmp_path / "rows.txt" / "no folder", place(one)[1]]
    )
    LabelFile(path)
    assert LabelFile(path)._index.kept == place(path)[1]
    assert place(path)[1].is_relative_to(tmp_path / "cache")


def test_where_nothing_can_be_written_it_is_made_each_time(tmp_path, kept, monkeypatch, caplog):
    path = many(tmp_path)
    monkeypatch.setattr(row_index, "_places", lambda one: [tmp_path / "rows.txt" / "nowhere"])
    with caplog.at_level("INFO"):
        assert len(LabelFile(path)) == 2000
    assert "made at each start" in caplog.text


def test_an_index_that_lies_is_found_out_when_rows_are_read(tmp_path, kept):
    path = many(tmp_path)
    known = row_index.identity(path)
    truth = row_index.scan(path, known.size)
    marks = truth.marks.copy()
    marks[0, 1:] += 3
    lie = row_index.RowIndex(known.size, truth.rows, 0, marks)
    row_index._keep(path, lie, known, row_index._digest(path, known.size))
    file = LabelFile(path)
    with pytest.raises(DataError, match=r"delete that"):
        list(file)


def test_a_pipe_in_the_place_of_an_index_is_not_opened(tmp_path, kept):
    path = many(tmp_path)
    os.mkfifo(tmp_path / ".rows.txt.index")
    assert len(LabelFile(path)) == 2000


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_not_a_file_is_no_label_file(tmp_path, kind):
    path = tmp_path / "rows.txt"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(DataError, match="not a file"):
        LabelFile(path)


def test_several_processes_may_make_it_at_once(tmp_path, kept):
    path = many(tmp_path)
    context = get_context("fork")
    with context.Pool(4) as pool:
        assert pool.map(_rows, [path] * 16) == [2000] * 16
    left = [one.name for one in tmp_path.iterdir() if "tmp" in one.name]
    assert not left
    assert LabelFile(path)._index.kept is not None


def _rows(path: Path) -> int:
    return len(LabelFile(path))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_reads_with_its_own_file(tmp_path, method):
    file = LabelFile(many(tmp_path))
    assert file[3].label == "text 9"
    assert len(pickle.dumps(file)) < 3000
    with get_context(method).Pool(1) as pool:
        assert pool.apply(_label, (file, 1999)) == f"text {1999 * 1999}"


def _label(file: LabelFile, number: int) -> str:
    return file[number].label


def test_a_file_cut_off_while_it_is_read_ends_the_run_not_the_process(tmp_path):
    path = many(tmp_path)
    file = LabelFile(path)
    assert file[0].label
    os.truncate(path, 100)
    with pytest.raises(DataError, match="changed"):
        file[1500]


def test_a_row_that_is_not_there(tmp_path):
    file = LabelFile(many(tmp_path, 3))
    for number in (3, -1):
        with pytest.raises(IndexError):
            file[number]


def test_the_index_is_not_a_secret_nor_a_program(tmp_path, kept):
    LabelFile(many(tmp_path))
    content = (tmp_path / ".rows.txt.index").read_bytes()
    head, _, marks = content.partition(b"}\n")
    assert head.startswith(b"ppocr row index 1\n{")
    assert len(marks) % 24 == 0
    offsets = np.frombuffer(marks, "<i8").reshape(3, -1)[0]
    assert (offsets // row_index.BUCKET == np.arange(len(offsets))).all()
    assert not stat.S_IMODE((tmp_path / ".rows.txt.index").stat().st_mode) & 0o111
