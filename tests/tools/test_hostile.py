"""Files from outside, through the commands: no code runs, nothing outside is read, memory is small.

Each case is a process of its own, whose peak of memory the system tells. It may not even ask for
more than ``CEILING``, so that a mistake ends in a MemoryError, not in a machine that swaps.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from PIL import Image

from ppocr.conversion.page import MOST_LISTED
from ppocr.serving.images import read_pages
from ppocr.utils.exits import DataError
from tests.doctor import material

ROOT = Path(__file__).resolve().parents[2]
GIGABYTE = 1 << 30
CEILING = 6 * GIGABYTE
BOX = [[10, 10], [90, 10], [90, 40], [10, 40]]
LABEL = json.dumps([{"transcription": "x", "points": BOX}])

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by Linux")


@dataclass(frozen=True)
class Ended:
    """How a command ended: status, what it said, and its peak of memory in bytes."""

    status: int
    said: str
    peak: int


def command(*words: object, folder: Path) -> Ended:
    """Run a command of tools/ to its end."""
    log = folder / "said.txt"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ONESPEC_RUNTIME": "off"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *map(str, words)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=_limited,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace")
    assert "Traceback" not in said, said[-3000:]
    return Ended(process.returncode, said, used.ru_maxrss << 10)


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))


def picture(path: Path, side: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((side, side, 3), 220, np.uint8)
    cv2.imwrite(str(path), cv2.rectangle(image, (12, 12), (88, 38), (0, 0, 0), 2))


def endless_row(path: Path, first: str) -> None:
    """Write a file of two gigabytes in one row, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(first.encode())
        file.truncate(2 * GIGABYTE)


def rows_of_nothing(path: Path, first: str) -> None:
    """Write a file whose millions of rows are all wrong."""
    path.write_bytes(first.encode() + b"x\n" * 300_000)


@pytest.mark.parametrize("make", [endless_row, rows_of_nothing])
def test_label_files_without_measure(tmp_path, make):
    data = tmp_path / "data"
    picture(data / "a.png")
    make(data / "det.txt", f"a.png\t{LABEL}\n")
    convert = command(
        "tools/convert_data.py", "--from", "ppocr", "--to", "ppocr", "--input", data / "det.txt",
        "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert convert.status == 0, convert.said
    assert convert.peak < GIGABYTE
    assert (tmp_path / "out" / "det.txt").read_text().startswith("images/a.png\t")
    assert (tmp_path / "out/.conversion/skipped.tsv").read_text().count("\n") <= MOST_LISTED + 2
    make(data / "rec.txt", "a.png\tword\n")
    build = command(
        "tools/dictionary.py", "build", data / "rec.txt", "--output", tmp_path / "dict.txt",
        folder=tmp_path,
    )  # fmt: skip
    assert (build.status, build.peak < GIGABYTE) == (0, True), build.said
    assert (tmp_path / "dict.txt").read_text().split() == sorted("word")


def test_rows_without_measure_split(tmp_path):
    data = tmp_path / "data"
    for number in range(4):
        picture(data / f"{number}.png")
    endless_row(data / "Label.txt", "".join(f"data/{n}.png\t{LABEL}\n" for n in range(4)))
    ended = command(
        "tools/split_data.py", "--trainValTestRatio", "2:1:1", "--datasetRootPath", data,
        "--detRootPath", tmp_path / "det", "--recRootPath", tmp_path / "rec", folder=tmp_path,
    )  # fmt: skip
    assert ended.peak < GIGABYTE, ended.said
    assert ended.status == 0, ended.said
    assert "row too long" in ended.said


def test_a_dictionary_without_measure(tmp_path):
    endless_row(tmp_path / "dict.txt", "a\nb\n")
    ended = command("tools/dictionary.py", "check", tmp_path / "dict.txt", folder=tmp_path)
    assert (ended.status, ended.peak < GIGABYTE) == (65, True), ended.said
    assert "limit" in ended.said


def test_a_config_that_names_such_files_ends_with_a_reason(tmp_path):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 3, tmp_path))
    picture(tmp_path / "a.png")
    endless_row(tmp_path / "train.txt", "a.png\tab\n")
    ended = command(
        "tools/preview_data.py", "-c", path, "-n", 2, "--output", tmp_path / "sheet.png",
        folder=tmp_path,
    )  # fmt: skip
    assert ended.peak < GIGABYTE, ended.said
    assert ended.status in (0, 65), ended.said


def test_a_bomb_is_previewed_as_what_it_is(tmp_path):
    path = material.config(tmp_path, "rec", material.rows_of("rec", 3, tmp_path))
    (tmp_path / "0.png").write_bytes(material.png_that_says(60_000, 60_000))
    jpeg = bytearray(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    start = jpeg.index(b"\xff\xc0") + 5
    jpeg[start : start + 4] = b"\xff\xff\xff\xff"  # 65535 x 65535
    (tmp_path / "1.png").write_bytes(bytes(jpeg))
    ended = command(
        "tools/preview_data.py", "-c", path, "-n", 3, "--output", tmp_path / "sheet.png",
        folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.peak < GIGABYTE) == (0, True), ended.said
    assert "2 with something wrong" in ended.said


PAGE = b"<annotations><image name='a.png'>"


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


def test_formats_of_unknown_header_have_a_limit_too(tmp_path):
    (tmp_path / "huge.ppm").write_bytes(b"P6 60000 60000 255\n" + bytes(100_000))
    code = (
        "from ppocr.transforms.decode import decode_image; from ppocr.transforms.base import "
        f"Rejected\ntry: decode_image(open({str(tmp_path / 'huge.ppm')!r}, 'rb').read())\n"
        "except Rejected as error: print(error.reason)"
    )
    ended = command("-c", code, folder=tmp_path)
    assert (ended.status, ended.said.strip()) == (0, "too_large")
    assert ended.peak < GIGABYTE // 4


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
        "tools/convert_data.py", "--from", "cvat", "--to", "ppocr", "--input", tmp_path / "a.xml",
        "--images", tmp_path, "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.peak < GIGABYTE) == (65, True), ended.said


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
        "tools/convert_data.py", "--from", "coco", "--to", "ppocr", "--input",
        tmp_path / "a.json", "--images", tmp_path, "--output", tmp_path / "out", "--quiet",
        folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.peak < GIGABYTE) == (65, True), ended.said


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
            "tools/convert_data.py", "--from", "ppocrlabel", "--to", "ppocr", "--input", given,
            "--output", tmp_path / "out" / given.name, "--quiet", folder=tmp_path,
        )  # fmt: skip
    assert not canary.exists()
    assert not list(tmp_path.parent.rglob("escaped.txt"))
    assert (tmp_path / "out/project/det.txt").read_text().count("\n") == 1


@pytest.mark.parametrize("where", ["file", "folder"])
def test_links_that_lead_out_are_not_followed(tmp_path, where):
    data = tmp_path / "data"
    data.mkdir()
    picture(tmp_path / "secret" / "s.png")
    rows = material.rows_of("rec", 3, data)
    name = "link.png" if where == "file" else "link/s.png"
    target = tmp_path / "secret" / ("s.png" if where == "file" else "")
    (data / name.split("/")[0]).symlink_to(target)
    path = material.config(data, "rec", [*rows, f"{name}\tab"])
    ended = command("tools/check_data.py", "-c", path, "--quiet", "--output", tmp_path / "report",
                    folder=tmp_path)  # fmt: skip
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [(row["kind"], row["place"][-2:]) for row in found["rows"]] == [("outside-root", ":4")]
    assert ended.status in (0, 65)


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
        "tools/convert_data.py", "--from", "lmdb", "--to", "ppocr", "--input", source,
        "--output", tmp_path / "out", "--quiet", folder=tmp_path,
    )  # fmt: skip
    assert (ended.status, ended.peak < GIGABYTE) == (0, True), ended.said
    rows = (tmp_path / "out" / "rec.txt").read_text().splitlines()
    assert [row.split("\t")[1] for row in rows] == ["good", "far away"]
    assert not list(tmp_path.rglob("evil.png"))
