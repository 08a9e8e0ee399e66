"""Files from outside, through the commands: no code runs, nothing outside is read, memory is small.

Each case is a process of its own, forked from this one: what it takes is its peak of memory, as the
system tells it, less what it was born with.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import cv2
import lmdb
import numpy as np
import pytest
from PIL import Image

from ppocr.conversion.page import MOST_LISTED
from ppocr.serving.images import read_pages
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import CV_LIMIT, MAX_PIXELS, decode_image
from ppocr.utils import exits
from ppocr.utils.exits import DataError
from tests.doctor import material
from tools import check_data, convert_data, dictionary, preview_data, split_data

GIGABYTE = 1 << 30
BORN_WITH = 150 << 20  # what a command holds before it reads anything
PATIENCE_S = 300
BOX = [[10, 10], [90, 10], [90, 40], [10, 40]]
LABEL = json.dumps([{"transcription": "x", "points": BOX}])

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by Linux")


@dataclass(frozen=True)
class Ended:
    """How a command ended: status, what it said, and the memory it took in bytes."""

    status: int
    said: str
    taken: int

    @property
    def is_small(self) -> bool:
        """Whether the command would have stayed below a gigabyte."""
        return self.taken + BORN_WITH < GIGABYTE


def command(tool: ModuleType, *words: object, folder: Path) -> Ended:
    """Run a command of tools/ to its end in a child of this process."""
    log = folder / "said.txt"
    held = _held()
    child = os.fork()
    if child == 0:
        status = 99
        try:
            signal.alarm(PATIENCE_S)
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, 1)
            os.dup2(file, 2)
            sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            status = exits.run(tool.main, [str(word) for word in words])
        finally:
            os._exit(status)
    _, ended, used = os.wait4(child, 0)
    said = log.read_text(errors="replace")
    assert "Traceback" not in said, said[-3000:]
    return Ended(os.waitstatus_to_exitcode(ended), said, (used.ru_maxrss << 10) - held)


def _held() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def picture(path: Path, side: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((side, side, 3), 220, np.uint8)
    cv2.imwrite(str(path), cv2.rectangle(image, (12, 12), (88, 38), (0, 0, 0), 2))


def endless_row(path: Path, first: str) -> None:
    """Write a file of a gigabyte in one row, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(first.encode())
        file.truncate(GIGABYTE)


def rows_of_nothing(path: Path, first: str) -> None:
    """Write a file whose millions of rows are all wrong."""
    path.write_bytes(first.encode() + b"x\n" * 300_000)


@pytest.mark.parametrize("make", [endless_row, rows_of_nothing])
def test_label_files_without_measure(tmp_path, make):
    data = tmp_path / "data"
    picture(data / "a.png")
    make(data / "det.txt", f"a.png\t{LABEL}\n")
    convert = command(
        convert_data, "--from", "ppocr", "--to", "ppocr", "--input", data / "det.txt",
        "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert convert.status == 0, convert.said
    assert convert.is_small
    assert (tmp_path / "out" / "det.txt").read_text().startswith("images/a.png\t")
    assert (tmp_path / "out/.conversion/skipped.tsv").read_text().count("\n") <= MOST_LISTED + 2
    make(data / "rec.txt", "a.png\tword\n")
    build = command(
        dictionary, "build", data / "rec.txt", "--output", tmp_path / "dict.txt",
        folder=tmp_path,
    )  # fmt: skip
    assert (build.status, build.is_small) == (0, True), build.said
    assert (tmp_path / "dict.txt").read_text().split() == sorted("word")


def test_rows_without_measure_split(tmp_path):
    data = tmp_path / "data"
    for number in range(4):
        picture(data / f"{number}.png")
    endless_row(data / "Label.txt", "".join(f"data/{n}.png\t{LABEL}\n" for n in range(4)))
    ended = command(
        split_data, "--trainValTestRatio", "2:1:1", "--datasetRootPath", data,
        "--detRootPath", tmp_path / "det", "--recRootPath", tmp_path / "rec", folder=tmp_path,
    )  # fmt: skip
    assert ended.is_small, ended.said
    assert ended.status == 0, ended.said
    assert "row too long" in ended.said


def test_a_dictionary_without_measure(tmp_path):
    endless_row(tmp_path / "dict.txt", "a\nb\n")
    ended = command(dictionary, "check", tmp_path / "dict.txt", folder=tmp_path)
    assert (ended.status, ended.is_small) == (65, True), ended.said
    assert "limit" in ended.said


def test_a_config_that_names_such_files_ends_with_a_reason(tmp_path):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 3, tmp_path))
    picture(tmp_path / "a.png")
    endless_row(tmp_path / "train.txt", "a.png\tab\n")
    ended = command(
        preview_data, "-c", path, "-n", 2, "--output", tmp_path / "sheet.png",
        folder=tmp_path,
    )  # fmt: skip
    assert ended.is_small, ended.said
    assert ended.status in (0, 65), ended.said


def test_a_bomb_is_previewed_as_what_it_is(tmp_path):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 3, tmp_path))
    (tmp_path / "0.png").write_bytes(material.png_that_says(60_000, 60_000))
    jpeg = bytearray(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    start = jpeg.index(b"\xff\xc0") + 5
    jpeg[start : start + 4] = b"\xff\xff\xff\xff"  # 65535 x 65535
    (tmp_path / "1.png").write_bytes(bytes(jpeg))
    ended = command(
        preview_data, "-c", path, "-n", 3, "--output", tmp_path / "sheet.png",
        folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.is_small) == (0, True), ended.said
    assert "2 with something wrong" in ended.said


def test_a_page_of_a_scan_that_says_it_is_huge(tmp_path):
    path = tmp_path / "scan.tif"
    frames = [Image.new("L", (40, 30), 200) for _ in range(2)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    content = bytearray(path.read_bytes())
    width = struct.pack("<HHII", 0x0100, 4, 1, 40)
    second = content.rindex(width)  # the width tag of the last page, the height tag behind it
    struct.pack_into("<I", content, second + 8, 60_000)
    struct.pack_into("<I", content, second + 20, 60_000)
    path.write_bytes(bytes(content))
    pages = read_pages(path)
    assert next(pages).image_HWC.shape == (30, 40, 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="60000 x 60000"):
        next(pages)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_formats_of_unknown_header_have_a_limit_too():
    with pytest.raises(Rejected) as caught:
        decode_image(b"P6 60000 60000 255\n" + bytes(100_000))
    assert caught.value.reason == "too_large"
    assert int(os.environ[CV_LIMIT]) == MAX_PIXELS


PAGE = b"<annotations><image name='a.png'>"
XML: dict[str, Callable[[], bytes]] = {
    "nested": lambda: b"<a>" * 1_000_000,
    "laughing": lambda: b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>',
    "one tag": lambda: b"<annotations><image name='" + b"y" * (40 << 20),
    "comment": lambda: b"<annotations><!--" + b"y" * (40 << 20),
    "attributes": lambda: PAGE + b"<box>" + b"<attribute name='a'>v</attribute>" * 200_000,
    "names": lambda: (
        PAGE
        + b"<box>"
        + b"".join(b"<attribute name='%d'>v</attribute>" % n for n in range(200_000))
    ),
    "points": lambda: PAGE + b"<polygon points='" + b"1,1;" * 2_000_000 + b"'/>",
}


@pytest.mark.parametrize("kind", sorted(XML))
def test_annotations_in_xml(tmp_path, kind):
    picture(tmp_path / "a.png")
    (tmp_path / "a.xml").write_bytes(XML[kind]())
    ended = command(
        convert_data, "--from", "cvat", "--to", "ppocr", "--input", tmp_path / "a.xml",
        "--images", tmp_path, "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.is_small) == (65, True), ended.said


JSON: dict[str, Callable[[], bytes]] = {
    "deep": lambda: b"[" * 1_000_000,
    "digits": lambda: b"[" + b"9" * (40 << 20) + b"]",
    "values": lambda: b"[" + b"0," * 20_000_000 + b"0]",
    "wide letters": lambda: b'["\xf0\x9f\x98\x80' + b"y" * (100 << 20) + b'"]',
}


@pytest.mark.parametrize("kind", sorted(JSON))
def test_annotations_in_json(tmp_path, kind):
    picture(tmp_path / "a.png")
    (tmp_path / "a.json").write_bytes(JSON[kind]())
    ended = command(
        convert_data, "--from", "coco", "--to", "ppocr", "--input",
        tmp_path / "a.json", "--images", tmp_path, "--output", tmp_path / "out", "--quiet",
        folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.is_small) == (65, True), ended.said


class Evil:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_in_the_place_of_labels_is_not_loaded(tmp_path):
    project, canary = tmp_path / "project", tmp_path / "canary"
    picture(project / "a.png")
    (project / "Label.txt").write_text(f"project/a.png\t{LABEL}\n")
    for name in ("Cache.cach", "fileState.txt"):
        (project / name).write_bytes(pickle.dumps(Evil(canary), protocol=0))
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../../escaped.txt", "x")
    for given in (project, tmp_path / "slip.zip"):
        command(
            convert_data, "--from", "ppocrlabel", "--to", "ppocr", "--input", given,
            "--output", tmp_path / "out" / given.name, "--quiet", folder=tmp_path,
        )  # fmt: skip
    assert not canary.exists()
    assert not list(tmp_path.parent.rglob("escaped.txt"))
    assert (tmp_path / "out/project/det.txt").read_text().count("\n") == 1


def test_links_that_lead_out_are_not_followed(tmp_path):
    data, secret = tmp_path / "data", tmp_path / "secret"
    data.mkdir()
    picture(secret / "s.png")
    rows = material.rows_of("rec", 3, data)
    (data / "link.png").symlink_to(secret / "s.png")
    (data / "folder").symlink_to(secret)
    path = material.config(data, "rec", [*rows, "link.png\tab", "folder/s.png\tab"])
    ended = command(
        check_data, "-c", path, "--quiet", "--output", tmp_path / "report", folder=tmp_path
    )
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    kinds = {(row["kind"], row["place"][-2:]) for row in found["rows"]}
    assert kinds == {("outside-root", ":4"), ("outside-root", ":5")}, ended.said


def test_an_lmdb_whose_names_and_labels_have_no_measure(tmp_path):
    source = tmp_path / "set"
    source.mkdir()
    content = cv2.imencode(".png", np.full((32, 100, 3), 200, np.uint8))[1].tobytes()
    with lmdb.open(str(source), map_size=1 << 29) as made, made.begin(write=True) as writer:
        for number, label in enumerate((b"good", b"x" * (100 << 20), b"far away"), start=1):
            writer.put(b"image-%09d" % number, content)
            writer.put(b"label-%09d" % number, label)
        writer.put(b"name-000000001", b"../../" * 10_000_000)
        writer.put(b"name-000000003", b"../../../evil.png")
        writer.put(b"num-samples", b"3")
    ended = command(
        convert_data, "--from", "lmdb", "--to", "ppocr", "--input", source,
        "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.is_small) == (0, True), ended.said
    rows = (tmp_path / "out" / "rec.txt").read_text().splitlines()
    assert [row.split("\t")[1] for row in rows] == ["good", "far away"]
    assert not list(tmp_path.rglob("evil.png"))
