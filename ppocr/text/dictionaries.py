"""Dictionaries as files: what is wrong with one, how two differ, how they are joined.

A line is one character and its place is its class, so the one thing that must never happen
unseen is that a line moves.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ppocr.text import official

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ENOUGH = 200  # samples of a character below which a recogniser seldom learns it well
SHOWN = 10  # so many characters are named in a line
OTHER_ENCODINGS = ("gb18030", "big5", "shift_jis", "cp1252")
SPACES = {" ": "space", "\u3000": "ideographic space U+3000", "\u00a0": "no-break space U+00A0"}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one line of a file: an error keeps the file from being used."""

    line: int
    what: str
    is_error: bool = False


@dataclass(frozen=True)
class Change:
    """How two dictionaries differ; ``str()`` is a line for the log."""

    kept: int
    new: tuple[str, ...]
    dropped: tuple[str, ...]
    moved: int = 0

    def __str__(self) -> str:
        return (
            f"classes: {self.kept} kept, {_counted(self.new)} new, {_counted(self.dropped)} dropped"
        )


def difference(old: Sequence[str], new: Sequence[str]) -> Change:
    """Return how two dictionaries differ; characters that are there twice count twice."""
    before, after = numbered(old), numbered(new)
    places, wanted = {one: place for place, one in enumerate(before)}, set(after)
    return Change(
        kept=len(wanted & places.keys()),
        new=tuple(one[0] for one in after if one not in places),
        dropped=tuple(one[0] for one in before if one not in wanted),
        moved=sum(places.get(one, place) != place for place, one in enumerate(after)),
    )


def numbered(characters: Sequence[str]) -> list[tuple[str, int]]:
    """Return each character with how many equal ones follow: the last one is what is trained."""
    left = Counter(characters)
    found = []
    for one in characters:
        left[one] -= 1
        found.append((one, left[one]))
    return found


def merge(first: Sequence[str], *others: Sequence[str]) -> tuple[str, ...]:
    """Return the first dictionary as it is, with what only the others have behind it, in order."""
    joined = dict.fromkeys(one for other in others for one in other)
    return (*first, *(one for one in joined if one not in set(first)))


def faults(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield number and fault of each line that keeps a dictionary from being used."""
    first: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if line == "":
            yield number, "blank line; a space is written as one space"
        elif line in first:
            yield number, f"{line!r} is already on line {first[line]}"
        else:
            first[line] = number


def remarks(content: bytes) -> list[Remark]:
    """Return everything to say about the bytes of a dictionary file, in the order of its lines."""
    if not content.strip():
        return [Remark(1, "the dictionary is empty", True)]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [Remark(1, "UTF-16; save the file as UTF-8", True)]
    found = _of_bytes(content)
    rows = content.removeprefix(BYTE_ORDER_MARK).removesuffix(b"\n").split(b"\n")
    lines, is_text = [], True
    for number, row in enumerate(rows, 1):
        try:
            lines.append(row.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            is_text = False
            lines.append(f"\0{number}")  # equal to no other line
            what = f"byte {error.start + 1} of the line is not UTF-8{_guess(content)}"
            found.append(Remark(number, what, True))
    found += [Remark(number, what, True) for number, what in faults(lines)]
    if is_text:
        found += [Remark(n, what) for n, one in enumerate(lines, 1) for what in _of_line(one)]
        found += _look_alikes(lines)
    return sorted(found, key=lambda one: (one.line, not one.is_error))


def origin(content: bytes) -> official.Entry | None:
    """Return the official dictionary that these bytes are, wherever they lie."""
    return official.by_sha256(hashlib.sha256(content).hexdigest())


def shown(character: str) -> str:
    """Return a character so that it can be seen: spaces and what has no picture by name."""
    if character in SPACES:
        return SPACES[character]
    if len(character) == 1 and not character.isprintable():
        return f"U+{ord(character):04X}"
    return character


def _counted(characters: Sequence[str]) -> str:
    if not characters:
        return "0"
    more = " ..." if characters[SHOWN:] else ""
    return f"{len(characters)} ({' '.join(map(shown, characters[:SHOWN]))}{more})"


def _of_bytes(content: bytes) -> list[Remark]:
    found = []
    if content.startswith(BYTE_ORDER_MARK):
        what = "a byte order mark; it is left out here, other programs take it for a character"
        found.append(Remark(1, what))
    ends = content.count(b"\n")
    with_return = content.count(b"\r\n")
    if with_return:
        place = content[: content.index(b"\r\n")].count(b"\n") + 1
        what = f"{with_return} of {ends} lines end in CR LF; the CR is left out here"
        found.append(Remark(place, what))
    return found


def _of_line(line: str) -> Iterator[str]:
    if len(line) > 1:
        bare = line.strip(" \t")
        if bare != line and bare:
            yield (
                f"{line!r} has spaces around {bare!r}: they belong to the class, and no text is "
                "written that way; take them away"
            )
        elif len(unicodedata.normalize("NFC", line)) == 1:
            yield f"{line!r} is a letter and a mark; labels in NFC have one character instead"
        else:
            yield f"{line!r} is {len(line)} characters: one class for all of them"
    elif line in SPACES and line != " ":
        yield f"{SPACES[line]}: a character like any other, kept"
    elif line and unicodedata.category(line) in ("Cc", "Cf", "Co", "Cn"):
        yield f"{shown(line)} has no picture (category {unicodedata.category(line)})"


def _look_alikes(lines: Sequence[str]) -> list[Remark]:
    """Return a remark for each character that is another one in full width or compatibility."""
    places = {line: number for number, line in enumerate(lines, 1)}
    found = []
    for line, number in places.items():
        plain = unicodedata.normalize("NFKC", line)
        if len(line) == 1 and plain != line and line not in SPACES and plain in places:
            what = f"{line!r} looks like {plain!r} of line {places[plain]}; labels should use one"
            found.append(Remark(number, what))
    return found


def _guess(content: bytes) -> str:
    """Return which encoding a file that is not UTF-8 may be in, as the end of a sentence."""
    for name in OTHER_ENCODINGS:
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return f"; perhaps {name}: iconv -f {name} -t UTF-8"
    return ""


def coverage(counts: Mapping[str, int], lines: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Return how many of the counted characters a dictionary has, and the others, most first."""
    known = set(lines)
    unknown = {one: count for one, count in counts.items() if one not in known}
    covered = sum(counts.values()) - sum(unknown.values())
    return covered, dict(sorted(unknown.items(), key=lambda pair: (-pair[1], pair[0])))
