"""Label rows: what is accepted, what is refused with which reason, and at what cost."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.labels import LabelFile, decode, locate, parse
from ppocr.data.simple import SimpleDataSet
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput
from tests.data.sets import lines


def write(folder: Path, content: bytes) -> LabelFile:
    path = folder / "rows.txt"
    path.write_bytes(content)
    return LabelFile(path)


def test_rows_keep_their_text_exactly(tmp_path):
    rows = write(tmp_path, "a.png\t hello world \nb.png\tx\u2028y\nc c.png\t中文".encode())
    assert [row.label for row in rows] == [" hello world ", "x\u2028y", "中文"]
    assert [row.paths for row in rows] == [("a.png",), ("b.png",), ("c c.png",)]


def test_places_count_lines_blank_ones_included(tmp_path):
    rows = write(tmp_path, b"a.png\t1\n\n   \nb.png\t2\n")
    assert (len(rows), rows.blank) == (2, 2)
    assert rows[1].place == f"{tmp_path / 'rows.txt'}:4"


def test_bom_and_carriage_returns_are_not_part_of_rows(tmp_path):
    rows = write(tmp_path, b"\xef\xbb\xbfa.png\tone\r\nb.png\ttwo\r\n")
    assert [(row.paths[0], row.label) for row in rows] == [("a.png", "one"), ("b.png", "two")]


def test_an_empty_file_has_no_rows(tmp_path):
    assert len(write(tmp_path, b"")) == 0


def test_utf_16_is_refused_as_a_whole(tmp_path):
    with pytest.raises(DataError, match="UTF-16"):
        write(tmp_path, "a.png\tx\n".encode("utf-16"))


def test_a_missing_file_is_missing_input(tmp_path):
    with pytest.raises(MissingInput, match="nowhere"):
        LabelFile(tmp_path / "nowhere.txt")


def test_a_file_that_changes_under_way_is_noticed(tmp_path):
    rows = write(tmp_path, b"a.png\tx\n")
    (tmp_path / "rows.txt").write_bytes(b"b.png\tlonger\n")
    with pytest.raises(DataError, match="changed"):
        rows[0]


@pytest.mark.parametrize(
    ("raw", "reason", "said"),
    [
        (b"a.png hello", "malformed row", "no tab"),
        (b"\thello", "malformed row", "no path"),
        (b"a.png\tx\ty", "malformed row", "3 fields"),
        (b"a.png\t\xd6\xd0\xce\xc4", "encoding", "gb18030"),
        (b"a.png\tx\0y", "encoding", "NUL"),
        (b"[]\tx", "malformed row", "at least one"),
        (b"[1, 2]\tx", "malformed row", "names"),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_where(raw, reason, said):
    with pytest.raises(Rejected) as caught:
        parse(decode(raw, "rows.txt:7"), "\t", "rows.txt:7")
    assert caught.value.reason == reason
    assert "rows.txt:7" in caught.value.detail
    assert said in caught.value.detail


def test_width_and_height_after_the_label_are_not_part_of_it():
    assert parse("a.png\thello\t320\t48", "\t", "x:1").label == "hello"


def test_a_json_list_offers_several_images():
    row = parse(json.dumps(["a.png", "b.png"]) + "\ttext", "\t", "x:1")
    assert row.paths == ("a.png", "b.png")


def test_a_name_that_begins_with_a_bracket_is_a_name():
    assert parse("[1] scan.png\ttext", "\t", "x:1").paths == ("[1] scan.png",)


def test_another_delimiter():
    row = parse("a.png|hello", "|", "x:1")
    assert (row.paths, row.label) == (("a.png",), "hello")


@pytest.mark.parametrize("name", ["../secret.png", "sub/../../secret.png", "/etc/hostname"])
def test_an_image_outside_the_root_is_refused(tmp_path, name):
    with pytest.raises(Rejected) as caught:
        locate(tmp_path, name, "x:1")
    assert caught.value.reason == "outside data_dir"
    assert locate(tmp_path, name, "x:1", allow_outside=True)


def test_an_absolute_name_below_the_root_is_fine(tmp_path):
    assert locate(tmp_path, str(tmp_path / "a.png"), "x:1") == tmp_path / "a.png"


def test_many_rows_cost_bytes_not_objects(tmp_path):
    count = 50_000
    path = tmp_path / "many.txt"
    path.write_bytes(b"".join(b"images/%06d.png\tsome text here\n" % n for n in range(count)))
    tracemalloc.start()
    rows = LabelFile(path)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == count
    assert kept < 20 * count
    assert rows[count - 1].paths == (f"images/{count - 1:06d}.png",)


line = st.one_of(
    st.binary(max_size=120),
    st.builds(
        lambda path, text, end: f"{path}\t{text}{end}".encode("utf-8", "surrogatepass"),
        st.text(max_size=20),
        st.text(max_size=20),
        st.sampled_from(["", "\r", "\u2028"]),
    ),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(line)
def test_any_row_is_parsed_or_refused(raw):
    found = judged(raw)
    if isinstance(found, Rejected):
        assert found.reason
        assert "x:1" in found.detail
    else:
        assert found.paths
        assert all(found.paths)


def judged(raw: bytes):
    """Return the row, or why it is refused."""
    try:
        return parse(decode(raw, "x:1"), "\t", "x:1")
    except Rejected as rejected:
        return rejected


def test_links_may_not_lead_out_of_the_root(tmp_path):
    root = lines(tmp_path / "set", 2).parent
    outside = lines(tmp_path / "elsewhere", 1).parent
    (root / "out.png").symlink_to(outside / "0.png")
    (root / "folder").symlink_to(outside)
    (root / "inside.png").symlink_to(root / "1.png")
    names = ["out.png", "folder/0.png", "inside.png", "0.png"]
    (root / "rows.txt").write_text("".join(f"{name}\tx\n" for name in names))
    rng = np.random.default_rng(0)
    found = SimpleDataSet(str(root), [str(root / "rows.txt")], [])
    for row in (0, 1):
        with pytest.raises(Rejected, match="outside data_dir.*is a link out of"):
            found.read(row, rng)
    assert all(found.read(row, rng)["image"] for row in (2, 3))
    trusting = SimpleDataSet(str(root), [str(root / "rows.txt")], [], allow_outside_root=True)
    assert all(trusting.read(row, rng)["image"] for row in range(4))


def test_a_linked_folder_whose_label_file_the_config_names_belongs_to_the_root(tmp_path):
    root = tmp_path / "train_data"
    root.mkdir()
    (root / "lines").symlink_to(lines(tmp_path / "elsewhere", 1).parent)
    (root / "other").symlink_to(lines(tmp_path / "secret", 1).parent)
    rows = root / "lines" / "rows.txt"
    rows.write_text("lines/0.png\tx\nother/0.png\tx\n")
    found = SimpleDataSet(str(root), [str(rows)], [])
    rng = np.random.default_rng(0)
    assert found.read(0, rng)["image"]
    with pytest.raises(Rejected, match="outside data_dir"):
        found.read(1, rng)


def test_the_root_itself_may_be_a_link(tmp_path):
    labels = lines(tmp_path / "set", 1)
    (tmp_path / "link").symlink_to(labels.parent)
    found = SimpleDataSet(str(tmp_path / "link"), [str(tmp_path / "link" / "rows.txt")], [])
    assert found.read(0, np.random.default_rng(0))["image"]
