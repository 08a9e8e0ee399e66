"""Input from outside: nothing is executed, nothing leaves the root, memory stays small."""

from __future__ import annotations

import json
import resource
import struct
import zlib

import pytest

from ppocr.conversion.page import points_of
from ppocr.conversion.safe import Images
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError
from tests.conversion.conftest import convert, det_rows, picture, rec_rows, skips

BOX = [[10, 10], [110, 10], [110, 40], [10, 40]]
LABEL = json.dumps([{"transcription": "x", "points": BOX}])


@pytest.fixture
def secret(root):
    return picture(root.parent / "secret.jpg")


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "{absolute}", "a/../../secret.jpg", "..\\secret.jpg"]
)
def test_images_outside_the_root_are_refused(root, secret, name):
    picture(root / "a.jpg")
    name = name.format(absolute=secret)
    (root / "det.txt").write_text(f"{name}\t{LABEL}\na.jpg\t{LABEL}\n")
    out = root.parent / "out"
    convert("ppocr", "ppocr", root / "det.txt", out)
    assert list(det_rows(out)) == ["images/a.jpg"]
    assert skips(out)[0][:2] == ("outside the root", f"{root}/det.txt:1")


def test_links_out_of_the_root_are_refused(root, secret):
    (root / "link.jpg").symlink_to(secret)
    with pytest.raises(Rejected, match="--allow-links"):
        Images(root).named("link.jpg")
    assert Images(root, allow_links=True).named("link.jpg").name == "link.jpg"


def test_links_inside_the_output_are_not_followed(root, tmp_path):
    picture(root / "sub/a.jpg")
    (root / "det.txt").write_text(f"sub/a.jpg\t{LABEL}\n")
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / "images").mkdir(parents=True)
    elsewhere.mkdir()
    (out / "images/sub").symlink_to(elsewhere)
    with pytest.raises(Exception, match="is a link out of"):
        convert("ppocr", "ppocr", root / "det.txt", out)
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    ("source", "name"), [("coco", "a.json"), ("labelme", "a.json"), ("label-studio", "a.json")]
)
def test_json_nested_too_deep(root, source, name):
    (root / name).write_text("[" * 200_000)
    with pytest.raises(DataError):
        convert(source, "ppocr", root / name, root.parent / "out")


def test_json_that_would_fill_the_memory_is_refused_unparsed(root):
    (root / "a.json").write_text("[" + "{}," * 4_000_000 + "{}]")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="MB of memory"):
        convert("coco", "ppocr", root / "a.json", root.parent / "out")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_entities_are_refused(root):
    (root / "a.xml").write_text(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]><annotations>&y;&f;</annotations>'
    )
    with pytest.raises(DataError, match="document type"):
        convert("cvat", "ppocr", root / "a.xml", root.parent / "out")


def test_a_picture_bomb_is_told_from_its_header(root):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (root / "bomb.png").write_bytes(content + chunk(b"IEND", b""))
    picture(root / "a.png")
    (root / "det.txt").write_text(f"bomb.png\t{LABEL}\na.png\t{LABEL}\n")
    out = root.parent / "out"
    convert("ppocr", "ppocr", root / "det.txt", out)
    assert skips(out)[0][:2] == ("too large", f"{root}/det.txt:1")


def test_boxes_of_millions_of_pixels_are_not_cut(root):
    picture(root / "a.png")
    far = [[0, 0], [10**8, 0], [10**8, 10**8], [0, 10**8]]
    beside = [[300, 10], [390, 10], [390, 40], [300, 40]]
    regions = [{"transcription": "x", "points": one} for one in (far, beside, BOX)]
    (root / "det.txt").write_text(f"a.png\t{json.dumps(regions)}\n")
    out = root.parent / "out"
    convert("ppocr", "ppocr", root / "det.txt", out)
    assert list(rec_rows(out)) == ["crops/a.png/0003.png"]
    assert [row[0] for row in skips(out)] == ["box outside the image"] * 2


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0], [1, 0], [float("nan"), 1]],
        [[0, 0], [1, 0], [float("inf"), 1]],
        [[0, 0], [1, 0], [10**400, 1]],
        [[0, 0], [1, 0], [True, 1]],
        [[0, 0], [1, 0], ["2", 1]],
        [[0, 0], [1, 0]],
        [[0, 0], [1, 1], [2, 2]],
        [[0, 0, 0], [1, 0, 0], [2, 1, 0]],
        "0,0,1,0",
        None,
    ],
)
def test_points_without_sense_are_refused(points):
    with pytest.raises(Rejected, match="bad points"):
        points_of(points)


def test_labels_are_never_executed(root, tmp_path):
    picture(root / "a.jpg")
    picture(root / "b.jpg")
    target = tmp_path / "executed"
    evil = f"__import__('pathlib').Path('{target}').touch()"
    (root / "Label.txt").write_text(f"root/a.jpg\t{evil}\nroot/b.jpg\t{LABEL}\n")
    (root / "Cache.cach").write_text(f"root/a.jpg\t[{evil}]\n")
    (root / "fileState.txt").write_text(f"{evil}\t1\n")
    convert("ppocrlabel", "ppocr", root, tmp_path / "out")
    assert list(det_rows(tmp_path / "out")) == ["images/b.jpg"]
    assert not target.exists()


def test_stored_names_do_not_leave_the_output(root, tmp_path):
    picture(root / "a.jpg")
    (root / "Label.txt").write_text(f"root/a.jpg\t{LABEL}\n")
    (root / "names.tsv").write_text("a.jpg\t../../a.jpg\n")
    convert("ppocrlabel", "ppocr", root, tmp_path / "deep/out")
    assert list(det_rows(tmp_path / "deep/out")) == ["images/a.jpg"]


def test_texts_that_would_break_a_row_are_left_out(root, tmp_path):
    picture(root / "a.jpg")
    texts = ["tab\there", "two\nlines", "separator\u2028here", "  ", "good"]
    regions = [{"transcription": text, "points": BOX} for text in texts]
    (root / "det.txt").write_text(f"a.jpg\t{json.dumps(regions)}\n")
    convert("ppocr", "ppocr", root / "det.txt", tmp_path / "out")
    assert list(rec_rows(tmp_path / "out").values()) == ["good"]
    assert len(det_rows(tmp_path / "out")["images/a.jpg"]) == 5


def test_archives_and_other_files_are_named(root, tmp_path):
    (root / "a.json").write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(DataError, match="unpack"):
        convert("coco", "ppocr", root / "a.json", tmp_path / "out")
    (root / "not.jpg").write_text("hello")
    (root / "det.txt").write_text(f"not.jpg\t{LABEL}\n")
    with pytest.raises(DataError):
        convert("ppocr", "ppocr", root / "det.txt", tmp_path / "other")
    assert skips(tmp_path / "other")[0][0] == "not an image"
