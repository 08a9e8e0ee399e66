"""Every kind of broken input has its own reason, with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr.doctor.kinds import KINDS
from tests.doctor import material
from tests.doctor.material import BOX, page, region

GOOD_BEFORE = 3  # the bad row is on line 4


def _write(root: Path, name: str, content: bytes) -> None:
    (root / name).write_bytes(content)


def _text_row(row: str | bytes):
    return lambda root: row


def _with_file(name: str, content: bytes, label: str = "ab"):
    def make(root: Path) -> str:
        _write(root, name, content)
        return f"{name}\t{label}"

    return make


def _page_row(label: str):
    return lambda root: f"0.png\t{label}"


def _in_data_dir(root: Path) -> str:
    return f"{root.name}/0.png\tab"


def _other_case(root: Path) -> str:
    material.save(root / "Photo.png", seed=50)
    return "photo.png\tab"


def _folder(root: Path) -> str:
    (root / "folder.png").mkdir()
    return "folder.png\tab"


def _truncated(root: Path) -> str:
    content = material.encoded(material.picture(seed=60), ".jpg")
    _write(root, "cut.jpg", content[: len(content) // 2])
    return "cut.jpg\tab"


def _turned_by_exif(root: Path) -> str:
    content = material.encoded(material.picture(160, 80, seed=70), ".jpg")
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    _write(root, "turned.jpg", content[:2] + segment + content[2:])
    wide = [[100, 10], [150, 10], [150, 40], [100, 40]]
    return f"turned.jpg\t{page(region(wide))}"


def _bow_tie(root: Path) -> str:
    return f"0.png\t{page(region([[10, 10], [60, 30], [60, 10], [10, 30]]))}"


def _points(points: object):
    return _page_row(json.dumps([{"transcription": "a", "points": points}]))


# kind: (task, what makes the row)
CASES = {
    "spaces-for-tab": ("rec", _text_row("0.png  a label")),
    "no-delimiter": ("rec", _text_row("0.png,label")),
    "no-path": ("rec", _text_row("\tlabel")),
    "rows-glued": ("rec", _text_row("0.png\tab1.png\tcd")),
    "extra-delimiter": ("rec", _text_row("0.png\ta\tb")),
    "path-list": ("rec", _text_row("[]\tab")),
    "not-utf8": ("rec", _text_row("0.png\t中文".encode("gb18030"))),
    "nul-byte": ("rec", _text_row(b"0.png\ta\0b")),
    "row-too-long": ("rec", _text_row(b"0.png\t" + b"x" * (5 << 20))),
    "outside-root": ("rec", _text_row("../../etc/passwd\tab")),
    "other-ending": ("rec", _text_row("0.jpg\tab")),
    "other-case": ("rec", _other_case),
    "backslashes": ("rec", _text_row("folder\\0.png\tab")),
    "folder-twice": ("rec", _in_data_dir),
    "edge-of-path": ("rec", _text_row("0.png \tab")),
    "missing-file": ("rec", _text_row("nowhere.png\tab")),
    "name-too-long": ("rec", _text_row("x" * 300 + ".png\tab")),
    "not-a-file": ("rec", _folder),
    "empty-file": ("rec", _with_file("empty.png", b"")),
    "git-lfs-pointer": ("rec", _with_file("p.png", b"version https://git-lfs.github.com/spec/v1")),
    "web-page": ("rec", _with_file("w.png", b"<!DOCTYPE html><title>404</title>")),
    "unreadable-image": ("rec", _with_file("zip.png", b"PK\x03\x04" + b"\0" * 500)),
    "truncated-image": ("rec", _truncated),
    "too-many-pixels": ("rec", _with_file("bomb.png", material.png_that_says(20000, 20000))),
    "huge-image": ("rec", _with_file("big.png", material.png_that_says(9000, 9000))),
    "empty-text": ("rec", _text_row("0.png\t")),
    "text-too-long": ("rec", _text_row("0.png\t" + "x" * 26)),
    "no-known-character": ("rec", _text_row("0.png\t漢字")),
    "unknown-characters": ("rec", _text_row("0.png\tprice €5")),
    "control-character": ("rec", _text_row("0.png\tab\u200bcd")),
    "space-at-edge": ("rec", _text_row("0.png\t ab")),
    "python-not-json": ("det", _page_row("[{'transcription': 'a', 'points': [[1, 2]]}]")),
    "json-cut-short": ("det", _page_row(page()[:-9])),
    "json-too-deep": ("det", _page_row("[" * 30_000)),
    "not-json": ("det", _page_row("hello")),
    "not-a-list": ("det", _page_row('{"a": 1}')),
    "region-not-mapping": ("det", _page_row("[1, 2]")),
    "region-without-key": ("det", _page_row('[{"points": [[1, 2], [3, 4], [5, 6]]}]')),
    "points-not-numbers": ("det", _points([["a", "b"]])),
    "points-not-pairs": ("det", _points([1, 2, 3, 4])),
    "points-not-finite": ("det", _points([[0, 0], [1e60, 0], [5, 5], [0, 5]])),
    "too-many-points": ("det", _page_row("[" * 40_002)),
    "too-few-points": ("det", _points([[10, 10], [50, 10]])),
    "flat-box": ("det", _points([[10, 10], [30, 10], [60, 10], [20, 10]])),
    "crossed-box": ("det", _bow_tie),
    "box-outside": ("det", _points([[400, 10], [460, 10], [460, 30], [400, 30]])),
    "box-twice": ("det", _page_row(page(region(BOX), region(BOX, "again")))),
    "exif-against-boxes": ("det", _turned_by_exif),
    "unknown-class": ("cls", _text_row("0.png\t90")),
}
NOT_REFUSED = {
    "unknown-characters",
    "control-character",
    "space-at-edge",
    "too-few-points",
    "flat-box",
    "crossed-box",
    "box-outside",
    "box-twice",
    "exif-against-boxes",
}


@pytest.mark.parametrize("kind", CASES)
def test_a_bad_row_is_named_with_its_line(kind: str, tmp_path: Path):
    task, make = CASES[kind]
    rows: list[str | bytes] = [*material.rows_of(task, GOOD_BEFORE, tmp_path)]
    rows.append(make(tmp_path))
    rows += material.rows_of(task, 2, tmp_path, GOOD_BEFORE)
    more = {"label_list": ["0", "180"]} if task == "cls" else {}
    _, facts = material.look(material.config(tmp_path, task, rows, **more))
    assert [(one.kind, one.place) for one in facts.troubles] == [
        (kind, f"{tmp_path / 'train.txt'}:{GOOD_BEFORE + 1}")
    ]
    trouble = facts.troubles[0]
    assert trouble.refused == (kind not in NOT_REFUSED)
    assert KINDS[kind].fix
    used = [bool(one) for one in facts.columns["used"]]
    assert used.count(False) == int(trouble.refused), "the good rows stay usable"


def test_reasons_are_distinct():
    assert len(CASES) >= 20
    titles = [kind.title for kind in KINDS.values()]
    assert len(set(titles)) == len(titles)


def test_evaluation_keeps_what_the_model_cannot_write(tmp_path: Path):
    rows = [*material.rows_of("rec", 2, tmp_path), "0.png\t" + "x" * 40]
    _, facts = material.look(material.config(tmp_path, "rec", rows, rows), "Eval")
    assert [(one.kind, one.refused) for one in facts.troubles] == [("text-too-long", False)]
    assert all(facts.columns["used"])


def test_an_error_of_a_transform_is_a_row_not_a_crash(tmp_path: Path, monkeypatch):
    from ppocr.transforms.resize_rec import RecResizeImg

    def fails(self, sample):
        raise ZeroDivisionError("no height")

    monkeypatch.setattr(RecResizeImg, "deferred", fails)
    rows = material.rows_of("rec", 2, tmp_path)
    _, facts = material.look(material.config(tmp_path, "rec", rows))
    assert {one.kind for one in facts.troubles} == {"transform-failed"}
    assert "ZeroDivisionError: no height" in facts.troubles[0].detail
