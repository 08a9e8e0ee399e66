"""Input that wants to harm: no code runs, nothing outside the root is read, memory stays small.

Each case goes through the command in its own process, with the worker processes of training.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from pathlib import Path

import lmdb
import pytest
import yaml

from tests.doctor import material

ROOT = Path(__file__).resolve().parents[2]
GIGABYTE = 1 << 30
PATIENCE_S = 240


def check(path: Path, *overrides: str) -> tuple[int, dict, int]:
    """Return exit status, report.json and the peak of memory of the command and its workers."""
    folder = path.parent / "report"
    command = [sys.executable, "tools/check_data.py", "-c", str(path), "--quiet"]
    command += ["--output", str(folder), *(["-o", *overrides] if overrides else [])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    watch = _Watch(process.pid)
    watch.start()
    output = process.communicate(timeout=PATIENCE_S)[0].decode()
    watch.done = True
    watch.join()
    assert "Traceback" not in output, output
    report = folder / "report.json"
    assert report.is_file(), output
    return process.returncode, json.loads(report.read_text(encoding="utf-8")), watch.peak


class _Watch(threading.Thread):
    """Adds up the memory that a process and its children hold alone or share (PSS)."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.done = process, 0, False

    def run(self) -> None:
        while not self.done:
            self.peak = max(self.peak, sum(map(_held, _family(self.process))))
            time.sleep(0.1)


def _family(process: int) -> list[int]:
    found = [process]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        found += map(int, children)
    return found


def _held(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)


def kinds(report: dict) -> dict[str, str]:
    """Return the kind of each row that has one, by its line in train.txt."""
    return {row["place"].rpartition(":")[2]: row["kind"] for row in report["rows"]}


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux' /proc")
def test_bombs_take_less_than_a_gigabyte(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "zip.png", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (64 << 20))
    (tmp_path / "bitmap.pbm").write_bytes(b"P4\n30000 30000\n" + b"\0" * 10_000)
    (tmp_path / "bomb.png").write_bytes(material.png_that_says(100_000, 100_000))
    (tmp_path / "large.png").write_bytes(material.png_that_says(12_000, 12_000))
    black = zlib.compress(b"\0" * (3 * 6000 + 1) * 6000, 9)
    (tmp_path / "black.png").write_bytes(_png(6000, 6000, black))
    rows: list[str | bytes] = [*material.rows_of("cls", 4, tmp_path)]
    rows += [f"{name}\t0" for name in ("zip.png", "bitmap.pbm", "bomb.png", "large.png")]
    rows += ["black.png\t0", b"0.png\t" + b"x" * (100 << 20), "[" * 3_000_000 + "\t0"]
    path = material.config(tmp_path, "cls", rows, label_list=["0", "180"])
    status, report, peak = check(path)
    assert status == 65
    assert kinds(report) == {
        "5": "unreadable-image",
        "6": "too-many-pixels",
        "7": "too-many-pixels",
        "8": "huge-image",
        "10": "row-too-long",
        "11": "name-too-long",
    }
    assert peak < GIGABYTE, f"{peak / GIGABYTE:.2f} GB"


def _png(width: int, height: int, data: bytes) -> bytes:
    """Return a PNG whose pixels are given compressed."""
    head = material.png_that_says(width, height)
    start, end = head.index(b"IDAT") - 4, head.index(b"IEND") - 4
    check_sum = zlib.crc32(b"IDAT" + data).to_bytes(4, "big")
    return head[:start] + len(data).to_bytes(4, "big") + b"IDAT" + data + check_sum + head[end:]


def test_labels_run_no_code_and_reach_no_file(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    canary = tmp_path / "canary"
    secret = tmp_path / "secret.png"
    secret.write_bytes(material.encoded(material.picture(128, 96, 9)))
    os.mkfifo(data / "pipe.png")
    order = f"__import__('os').system('touch {canary}')"
    rows = material.rows_of("det", 3, data)
    rows += [
        f"0.png\t{order}",
        f"0.png\t[{{'transcription': {order}, 'points': 1}}]",
        f'0.png\t[{{"transcription": "a", "points": "{order}"}}]',
        f"../secret.png\t{material.page()}",
        f"{secret}\t{material.page()}",
        f"x/../../secret.png\t{material.page()}",
        f"pipe.png\t{material.page()}",
        f"0.png\t{'[' * 39_000}",
    ]
    path = material.config(data, "det", rows)
    status, report, _ = check(path)
    assert status == 65
    assert not canary.exists()
    assert kinds(report) == {
        "4": "not-json",
        "5": "python-not-json",
        "6": "points-not-numbers",
        "7": "outside-root",
        "8": "outside-root",
        "9": "outside-root",
        "10": "not-a-file",
        "11": "json-too-deep",
    }
    assert "secret" not in (data / "report" / "report.html").read_text().replace(
        "../secret.png", ""
    ).replace(str(secret), "")


def test_lmdb_that_lies(tmp_path: Path):
    path = material.config(tmp_path, "cls", [], label_list=["0", "180"])
    content = yaml.safe_load(path.read_text())
    dataset = content["Train"]["dataset"]
    del dataset["label_file_list"]
    dataset.update(name="LMDBDataSet", data_dir=str(tmp_path / "set"))
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    (tmp_path / "set").mkdir()
    with (
        lmdb.open(str(tmp_path / "set"), map_size=1 << 29) as environment,
        environment.begin(write=True) as transaction,
    ):
        image = material.encoded(material.picture())
        transaction.put(b"image-000000001", image)
        transaction.put(b"label-000000001", b"0")
        transaction.put(b"image-000000002", image)
        transaction.put(b"label-000000002", b"x" * (9 << 20))
        transaction.put(b"image-000000003", b"x" * (257 << 20))
        transaction.put(b"label-000000003", b"huge")
        transaction.put(b"label-000000004", b"no image")
        transaction.put(b"image-000000005", image)
        transaction.put(b"label-000000005", b"0")
        transaction.put(b"more", b"keys")
        transaction.put(b"num-samples", b"5")
    status, report, peak = check(path)
    assert status == 65
    assert kinds(report) == {"2": "row-too-long", "3": "file-too-large", "4": "lmdb-missing-key"}
    assert peak < GIGABYTE
    data = tmp_path / "set" / "data.mdb"
    with data.open("r+b") as file:
        file.truncate(data.stat().st_size // 2)
    status, report, _ = check(path)
    assert status == 65
    assert "copy it again" in report["findings"][0]["text"]
