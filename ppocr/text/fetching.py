"""Getting an official dictionary: by its rule, from its address, or out of an inference.yml.

Wherever the lines come from, the file is written only when size, number of lines and checksum are
those of the official one: one line more or less would move every class behind it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr.text import dictionaries, official, rules
from ppocr.text.official import Entry
from ppocr.utils.exits import DataError, MissingInput, OutputError, UsageError
from ppocr.utils.files import REPOSITORY, atomic_write, download, find_file, read_bytes
from ppocr.utils.yaml_files import read_yaml

DESCRIPTIONS = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Got:
    """A dictionary that is in its place now."""

    path: Path
    lines: int
    sha256: str
    source: str
    is_verified: bool  # compared with a checksum on record
    was_there: bool = False


def get(
    name: str,
    source: str | None = None,
    address: str | None = None,
    output: str | None = None,
    replace: bool = False,
) -> Got:
    """Return where the official dictionary ``name`` is now, having written it if need be.

    It comes from ``source`` (an inference.yml, or a copy of the file), else from ``address``,
    else from its rule or its official address, and goes to ``output`` or its official place. A
    UsageError says that there is no such dictionary, a DataError what is wrong with the content,
    an OutputError that another file is at that place already.
    """
    entry = _entry(name, bool(source and output))
    target = Path(output) if output else REPOSITORY / entry.path
    if source is None and target.is_file() and not fault(entry, target.read_bytes()):
        return _done(entry, target, target.read_bytes(), "already there", was_there=True)
    content, where = _content(entry, source, address)
    if target.is_file() and target.read_bytes() == content:
        return _done(entry, target, content, where, was_there=True)
    if target.exists() and not replace:
        raise OutputError(
            f"{target} is there with other content: python tools/dictionary.py check {target} "
            "says what it is, --force replaces it"
        )
    with atomic_write(target) as file:
        file.write(content)
    return _done(entry, target, content, where)


def fault(entry: Entry, content: bytes) -> str:
    """Return how the bytes of a file differ from an official dictionary, '' if they do not."""
    if not entry.sha256:
        errors = [one for one in dictionaries.remarks(content) if one.is_error]
        return "; ".join(f"line {one.line}: {one.what}" for one in errors[:3])
    digest = hashlib.sha256(content).hexdigest()
    if digest == entry.sha256:
        return ""
    found = []
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if lines != entry.lines:
        found.append(f"{lines} lines instead of {entry.lines}")
    if len(content) != entry.bytes:
        found.append(f"{len(content)} bytes instead of {entry.bytes}")
    return ", ".join([*found, f"SHA-256 {digest} instead of {entry.sha256}"])


def described(path: str | Path) -> list[str]:
    """Return the lines of ``PostProcess.character_dict`` of an inference.yml, each as a text."""
    content = read_yaml(path, as_text=True)  # 1, yes and ~ are characters here
    post: Any = content.get("PostProcess") if isinstance(content, dict) else None
    lines = post.get("character_dict") if isinstance(post, dict) else None
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise DataError(f"{path} has no PostProcess.character_dict: it is of no recogniser")
    return lines


def _entry(name: str, is_free: bool) -> Entry:
    entry = official.named(name)
    if entry is not None:
        return entry
    if is_free:
        return Entry(name)
    close = official.alike(name)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    raise UsageError(
        f"no official dictionary is called {name}{hint} (python tools/dictionary.py list)"
    )


def _content(entry: Entry, source: str | None, address: str | None) -> tuple[bytes, str]:
    """Return the verified bytes, and where they are from."""
    if source is not None:
        found = find_file(source)
        if found.suffix in DESCRIPTIONS:
            return _from_description(entry, found), str(source)
        return _verified(entry, read_bytes(found), str(source)), str(source)
    rule = rules.RULES.get(entry.path)
    if rule is not None and address is None:
        return _verified(entry, rules.content(rule), "its rule"), "its rule"
    where = address or entry.address
    with tempfile.TemporaryDirectory() as folder:
        try:
            content = read_bytes(download(where, into=folder))
        except MissingInput as error:
            raise MissingInput(
                f"{error}. Without a network: get {entry.name} --from FILE, where FILE is the "
                f"{Path(entry.path).name} of any copy of the original, or an inference.yml of a "
                "model that was trained with it; --url names another address"
            ) from error
    return _verified(entry, content, where), where


def _verified(entry: Entry, content: bytes, where: str) -> bytes:
    wrong = fault(entry, content)
    if wrong:
        raise DataError(f"{where} is not {entry.path}: {wrong}. Nothing was written")
    return content


def _from_description(entry: Entry, path: Path) -> bytes:
    """Return the content that a model's description leads to; it may have a space more or less."""
    lines = described(path)
    for candidate in _with_and_without_space(lines):
        content = rules.content(candidate)
        if not fault(entry, content):
            return content
    return _verified(entry, rules.content(lines), str(path))


def _with_and_without_space(lines: list[str]) -> Iterator[list[str]]:
    yield lines
    if lines and lines[-1] == " ":
        yield lines[:-1]
    else:
        yield [*lines, " "]


def _done(entry: Entry, path: Path, content: bytes, source: str, was_there: bool = False) -> Got:
    digest = hashlib.sha256(content).hexdigest()
    return Got(path, content.count(b"\n"), digest, source, bool(entry.sha256), was_there)
