"""Character sets: the classes of a recogniser, read from a dictionary or taken from a spec.

A dictionary is a text file in UTF-8; each line is one character and its place is its class.
Nothing but the line end is taken off a line: a space or an ideographic space (U+3000) is a
character like any other, and taking it away would move every class behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ppocr.text import official
from ppocr.text.dictionaries import BYTE_ORDER_MARK, faults
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.files import find_file, read_bytes

DEFAULT_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
MOST_PROBLEMS = 10
MAX_BYTES = 16 << 20  # the largest official dictionary has 80 kB
TRAINED_WITH_IT = (
    "A model that was trained with this very file needs every line as it stands: give it the "
    "lines as character_dict, which are taken unchecked."
)


@dataclass(frozen=True)
class Charset:
    """The characters a recogniser knows, in class order, without any special class."""

    characters: tuple[str, ...]
    reverse: bool = False  # written right to left: decoded text is turned round
    lower: bool = False  # capitals are encoded as small letters
    space_added: bool = False  # the last character is the space of use_space_char
    letters_only: bool = False  # decoded text is without symbols, in small letters

    @classmethod
    def read(
        cls, path: str | Path | None, use_space_char: bool = False, reverse: bool | None = None
    ) -> Charset:
        """Return the characters of a dictionary file; without a path, 0-9a-z in small letters.

        `use_space_char` appends a space even where the file already has one: models of the
        original were trained with both. It has no effect without a path, as in the original.
        A DataError lists blank and repeated lines as file:line; a MissingInput says where
        the dictionary can be had.
        """
        if path is None:
            return cls(tuple(DEFAULT_CHARACTERS), lower=True)
        lines = read_dictionary(path)
        turned = is_right_to_left(path) if reverse is None else reverse
        return cls.of(lines, use_space_char=use_space_char, reverse=turned)

    @classmethod
    def of(
        cls,
        lines: Iterable[str],
        use_space_char: bool = False,
        reverse: bool = False,
        lower: bool = False,
    ) -> Charset:
        """Return the character set of these dictionary lines, as they stand."""
        characters = tuple(lines)
        if use_space_char:
            characters += (" ",)
        return cls(characters, reverse=reverse, lower=lower, space_added=use_space_char)

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the dictionary: the characters without an added space."""
        return self.characters[:-1] if self.space_added else self.characters

    def settings(self) -> dict[str, Any]:
        """Return the settings from which a decoder makes this very set without any file."""
        return {
            "character_dict": list(self.lines),
            "use_space_char": self.space_added,
            "reverse": self.reverse,
            "lower": self.lower,
        }

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each character stands; of two equal ones the later, as in the original."""
        return {character: place for place, character in enumerate(self.characters)}

    @cached_property
    def longest(self) -> int:
        """The length of the longest entry; more than 1 where a line holds several characters."""
        return max(map(len, self.characters), default=0)

    def split(self, text: str) -> tuple[list[int], list[str]]:
        """Return the places of the characters of a text, and those that are not known.

        An entry of several characters is taken before its parts.
        """
        if self.lower:
            text = text.lower()
        if self.longest > 1:
            return self._split_longest_first(text)
        index = self.index
        places = [index[one] for one in text if one in index]
        unknown = [] if len(places) == len(text) else [one for one in text if one not in index]
        return places, unknown

    def comparable(self, text: str) -> str:
        """Return a true text as the decoder would write it: same case, direction and symbols.

        Unknown characters stay: a model that cannot write them is wrong about them.
        """
        if self.lower:
            text = text.lower()
        if self.letters_only:
            text = without_symbols(text)
        return turn_round(text) if self.reverse else text

    def known(self, text: str) -> str:
        """Return the text without the characters that are not in the set."""
        places, _ = self.split(text)
        return "".join(self.characters[place] for place in places)

    def _split_longest_first(self, text: str) -> tuple[list[int], list[str]]:
        places: list[int] = []
        unknown: list[str] = []
        start = 0
        while start < len(text):
            for size in range(min(self.longest, len(text) - start), 0, -1):
                place = self.index.get(text[start : start + size])
                if place is not None:
                    places.append(place)
                    break
            else:
                size = 1
                unknown.append(text[start])
            start += size
        return places, unknown


def charset_of(
    character_dict_path: str | None,
    use_space_char: bool,
    character_dict: Sequence[str] | None = None,
    reverse: bool | None = None,
    lower: bool = False,
    letters_only: bool = False,
) -> Charset:
    """Return the character set that a codec's settings name; lines win over a path.

    The direction follows the path unless `reverse` says otherwise.
    """
    if character_dict is None:
        found = Charset.read(character_dict_path, use_space_char, reverse)
    else:
        turned = is_right_to_left(character_dict_path) if reverse is None else reverse
        found = Charset.of(character_dict, use_space_char, reverse=turned, lower=lower)
    return replace(found, letters_only=letters_only) if letters_only else found


def is_right_to_left(path: str | Path | None) -> bool:
    """Return whether a dictionary is of a script written right to left.

    The original decides by the word "arabic" in the path. It is decided here only; a spec
    stores the answer, because it holds characters and no path.
    """
    return path is not None and "arabic" in str(path)


def read_dictionary(path: str | Path) -> tuple[str, ...]:
    """Return the lines of a dictionary file, checked."""
    lines = decode_lines(read_bytes(find_dictionary(path), MAX_BYTES), str(path))
    problems = [f"{path}:{number}: {what}" for number, what in faults(lines)]
    if problems:
        more = len(problems) - MOST_PROBLEMS
        shown = problems[:MOST_PROBLEMS] + ([f"... and {more} more"] if more > 0 else [])
        raise DataError("\n".join((*shown, TRAINED_WITH_IT)))
    return lines


def find_dictionary(path: str | Path) -> Path:
    """Return the file of a dictionary; a MissingInput says where one can be had."""
    try:
        return find_file(path)
    except MissingInput as error:
        raise MissingInput(_how_to_get(str(path))) from error


def decode_lines(content: bytes, name: str) -> tuple[str, ...]:
    """Return the lines of a file without line ends (LF or CRLF) and byte order mark.

    Only the line feed ends a line: characters such as U+2028 may be classes themselves.
    """
    rows = content.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    if rows[-1] == b"":
        rows.pop()
    lines = []
    for number, row in enumerate(rows, 1):
        try:
            lines.append(row.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise DataError(f"{name}:{number}: not UTF-8 text ({error.reason})") from error
    if not lines:
        raise DataError(f"{name}: the dictionary is empty")
    return tuple(lines)


def turn_round(text: str) -> str:
    """Return right-to-left text in the other order; Latin letters, digits and signs that
    belong to numbers keep their order within a run."""
    pieces: list[str] = []
    run = ""
    for character in text:
        if _keeps_direction(character):
            run += character
            continue
        if run:
            pieces.append(run)
            run = ""
        pieces.append(character)
    if run:
        pieces.append(run)
    return "".join(reversed(pieces))


def without_symbols(text: str) -> str:
    """Return the Latin letters, digits and Chinese characters of a text, in small letters."""
    return "".join(one for one in text.lower() if _is_letter_or_digit(one))


def _is_letter_or_digit(character: str) -> bool:
    return (character.isascii() and character.isalnum()) or "\u4e00" <= character <= "\u9fa5"


def _keeps_direction(character: str) -> bool:
    return (character.isascii() and character.isalnum()) or character in " :*./%+-"


def _how_to_get(path: str) -> str:
    entry = official.find(path)
    text = f"no such dictionary: {path}."
    if entry is None:
        return (
            f"{text} A dictionary is a UTF-8 file with one character a line; "
            "python tools/dictionary.py build makes one from label files."
        )
    known = f" of {entry.lines} lines" if entry.lines else ""
    return (
        f"{text} It is an official dictionary{known} that is not part of this project:\n"
        f"    python tools/dictionary.py get {entry.name}\n"
        "downloads it; where there is no network, add --from inference.yml of a model that "
        "was trained with it"
    )
