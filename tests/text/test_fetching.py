"""Official dictionaries arrive whole and verified, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from ppocr.text import fetching, official
from ppocr.text.rules import RULES, content
from ppocr.utils.exits import DataError, MissingInput, OutputError, UsageError

NAME = "kazakh_dict"
OFFICIAL = content(RULES["ppocr/utils/dict/kazakh_dict.txt"])


@pytest.fixture
def serve() -> Iterator[tuple[dict[str, bytes], str]]:
    """Yield what a server on this machine gives by path, and its address."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield pages, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _yml(folder: Path, lines: list[str]) -> str:
    path = folder / "inference.yml"
    text = yaml.safe_dump({"PostProcess": {"name": "CTCLabelDecode", "character_dict": lines}})
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_it_is_downloaded_to_its_official_place(serve, tmp_path, monkeypatch) -> None:
    pages, address = serve
    pages["/ppocr/utils/dict/kazakh_dict.txt"] = OFFICIAL
    monkeypatch.setattr(official, "ADDRESS", address + "/{path}")
    monkeypatch.setattr(fetching, "REPOSITORY", tmp_path)
    monkeypatch.setattr(fetching.rules, "RULES", {})
    got = fetching.get(NAME)
    assert got.path == tmp_path / "ppocr/utils/dict/kazakh_dict.txt"
    assert (got.path.read_bytes(), got.lines, got.is_verified) == (OFFICIAL, 42, True)
    pages.clear()
    assert fetching.get(NAME).was_there  # once is enough


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (OFFICIAL + b"x\n", "43 lines instead of 42, 128 bytes instead of 126, SHA-256"),
        (OFFICIAL.replace("Ә".encode(), "Ө".encode()), "SHA-256"),
        (b"<html>no such page</html>", "1 lines instead of 42"),
    ],
)
def test_another_content_is_refused_and_nothing_is_written(serve, tmp_path, data, words) -> None:
    pages, address = serve
    pages["/d.txt"] = data
    target = tmp_path / "d.txt"
    with pytest.raises(DataError, match=words):
        fetching.get(NAME, address=f"{address}/d.txt", output=str(target))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page_says_what_to_do_without_a_network(serve, tmp_path) -> None:
    _, address = serve
    with pytest.raises(MissingInput, match=f"get {NAME} --from FILE"):
        fetching.get(NAME, address=f"{address}/no.txt", output=str(tmp_path / "d.txt"))


def test_what_follows_a_rule_needs_no_network(tmp_path) -> None:
    got = fetching.get(NAME, output=str(tmp_path / "d.txt"))
    assert (got.path.read_bytes(), got.source) == (OFFICIAL, "its rule")


@pytest.mark.parametrize("extra", [[], [" "]], ids=["as it is", "with a space more"])
def test_it_is_taken_out_of_an_inference_yml(tmp_path, extra) -> None:
    lines = [*RULES["ppocr/utils/dict/kazakh_dict.txt"], *extra]
    got = fetching.get(NAME, _yml(tmp_path, lines), output=str(tmp_path / "d.txt"))
    assert got.path.read_bytes() == OFFICIAL


def test_bare_scalars_of_an_inference_yml_are_characters(tmp_path) -> None:
    path = tmp_path / "inference.yml"
    text = "PostProcess:\n  character_dict:\n  - 1\n  - 0x1\n  - y\n  - ~\n  - \u3000\n  - ' '\n"
    path.write_text(text, encoding="utf-8")
    assert fetching.described(path) == ["1", "0x1", "y", "~", "\u3000", " "]


def test_an_inference_yml_of_another_model_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="2 lines instead of 42"):
        fetching.get(NAME, _yml(tmp_path, ["a", "b"]), output=str(tmp_path / "d.txt"))
    empty = tmp_path / "det.yml"
    empty.write_text("PostProcess: {name: DBPostProcess}\n", encoding="utf-8")
    with pytest.raises(DataError, match="no PostProcess.character_dict"):
        fetching.get(NAME, str(empty), output=str(tmp_path / "d.txt"))


def test_one_of_a_later_release_is_checked_as_far_as_it_can_be(tmp_path) -> None:
    target = str(tmp_path / "v5.txt")
    got = fetching.get("ppocrv5_dict", _yml(tmp_path, ["a", "\u3000", "b"]), output=target)
    assert (got.lines, got.is_verified) == (3, False)
    with pytest.raises(DataError, match="'a' is already on line 1"):
        fetching.get("ppocrv5_dict", _yml(tmp_path, ["a", "a"]), output=str(tmp_path / "x.txt"))


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path) -> None:
    target = tmp_path / "d.txt"
    target.write_bytes(b"mine\n")
    with pytest.raises(OutputError, match="--force"):
        fetching.get(NAME, output=str(target))
    assert target.read_bytes() == b"mine\n"
    assert fetching.get(NAME, output=str(target), replace=True).path.read_bytes() == OFFICIAL


def test_an_unknown_name_gets_suggestions() -> None:
    with pytest.raises(UsageError, match="did you mean ppocr_keys_v1"):
        fetching.get("ppocr_keys")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("en_dict", 95),
        ("dict/en_dict", 63),
        ("ppocr/utils/dict/en_dict.txt", 63),
        ("./ppocr/utils/en_dict.txt", 95),
        ("ppocr_keys_v1.txt", 6623),
    ],
)
def test_names_and_paths_lead_to_one_entry(name: str, lines: int) -> None:
    assert official.named(name).lines == lines


def test_every_name_leads_back_to_its_entry() -> None:
    assert all(official.named(one.name) == one for one in official.KNOWN)
    assert len({one.name for one in official.KNOWN}) == len(official.KNOWN)
