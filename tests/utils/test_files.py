"""Finding, reading, downloading and writing files."""

from __future__ import annotations

import errno
import hashlib
import http.server
import os
import threading
from pathlib import Path

import pytest

from ppocr.utils import files
from ppocr.utils.exits import DataError, MissingInput, OutputError, StorageError, UsageError

CONTENT = os.urandom(3 << 20)


def test_images_of_a_folder(tmp_path):
    for name in ("b.PNG", "a.jpg", "c.txt", "d.pdf", "e.tiff", ".hidden"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    assert [one.name for one in files.find_images(tmp_path)] == [
        "a.jpg",
        "b.PNG",
        "d.pdf",
        "e.tiff",
    ]
    assert files.find_images(tmp_path / "c.txt") == [tmp_path / "c.txt"]


def test_no_images(tmp_path):
    with pytest.raises(MissingInput, match="no such image or folder"):
        files.find_images(tmp_path / "nothing")
    with pytest.raises(MissingInput, match="no image in"):
        files.find_images(tmp_path)


def test_files_below_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.find_file("ppocr/utils/files.py").is_file()
    (tmp_path / "ppocr" / "utils").mkdir(parents=True)
    (tmp_path / "ppocr" / "utils" / "files.py").write_text("mine")
    assert files.find_file("ppocr/utils/files.py").read_text() == "mine"
    with pytest.raises(MissingInput, match="no such file: nowhere.txt"):
        files.find_file("nowhere.txt")


def test_reading(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert files.read_bytes(tmp_path / "x") == b"abc"
    assert files.sha256(tmp_path / "x") == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(MissingInput):
        files.read_bytes(tmp_path / "y")
    with pytest.raises(StorageError):
        files.read_bytes(tmp_path)


def test_atomic_writing(tmp_path):
    path = tmp_path / "deep" / "x.txt"
    with files.atomic_write(path, "w") as file:
        file.write("识别\n")
        assert not path.exists()
        assert Path(file.name).parent == path.parent
    assert path.read_text(encoding="utf-8") == "识别\n"
    assert [one.name for one in path.parent.iterdir()] == ["x.txt"]


def test_a_body_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), files.atomic_write(path) as file:
        file.write(bytes([1 // (len(CONTENT) - len(CONTENT))]))
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, StorageError), (errno.EIO, StorageError), (errno.EROFS, OutputError)],
)
def test_trouble_while_writing(tmp_path, monkeypatch, number, kind):
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fail(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind, match=f"cannot write {path}"), files.atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(OutputError), files.atomic_write(tmp_path / "x" / "y"):
        pass


class Server(http.server.BaseHTTPRequestHandler):
    """Answers /good with the content, /short with half of it, anything else with 404."""

    asked: list[str]

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.split("?")[0] not in ("/a/good.bin", "/b/good.bin", "/short"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if self.path == "/short" else CONTENT)

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("PPOCR_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    running.asked = []
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    running.address = f"http://127.0.0.1:{running.server_address[1]}"
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_downloading_once(server):
    digest = hashlib.sha256(CONTENT).hexdigest()
    first = files.download(f"{server.address}/a/good.bin", digest)
    assert first.name == "good.bin"
    assert first.read_bytes() == CONTENT
    assert files.download(f"{server.address}/a/good.bin", digest.upper()) == first
    assert len(server.asked) == 1
    other = files.download(f"{server.address}/b/good.bin?x=1")
    assert other != first
    first.write_bytes(b"damaged")
    assert files.download(f"{server.address}/a/good.bin", digest).read_bytes() == CONTENT


def test_a_wrong_digest_keeps_nothing(server, tmp_path):
    with pytest.raises(DataError, match="has SHA-256"):
        files.download(f"{server.address}/a/good.bin", "0" * 64, into=tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


def test_what_cannot_be_downloaded(server, tmp_path):
    with pytest.raises(MissingInput, match="cannot download"):
        files.download(f"{server.address}/nothing", into=tmp_path / "here")
    assert len(server.asked) == 1
    with pytest.raises(MissingInput, match="cannot download"):
        files.download(f"{server.address}/short", into=tmp_path / "here")
    assert len(server.asked) == 1 + files.TRIES
    assert not (tmp_path / "here").exists() or list((tmp_path / "here").iterdir()) == []
    for address in ("file:///etc/passwd", "ftp://host/x", "good.bin"):
        with pytest.raises(UsageError):
            files.download(address)
