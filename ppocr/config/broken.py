"""Why a text is no YAML, in the words of the one who wrote it and at the line to be mended.

A parser stumbles where a rule is first broken, which is often the line below the slip.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from ppocr.config.errors import Place, Problem

INVALID = "is not valid YAML: "
KEY = re.compile(r"(?:[^\s#].*?):(?:\s|$)")  # a colon counts where white space follows it
HAS_VALUE = re.compile(r":\s+[^\s#&]")
GLUED = re.compile(r"[^\s:]:[^\s:/\\]")
NO_BREAK, WIDE_COLON = "\u00a0", "\uff1a"
ESCAPES = ("unknown escape", "hexdecimal", "invalid Unicode")
LOST = ("mapping values are not allowed", "could not find expected ':'", "expected key")


def explained(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """Return what the parser found, in one line, at the place where the reader should look."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        position = getattr(error, "position", 0)
        return Problem(Place(file, text.count("\n", 0, position) + 1), INVALID + what)
    lines = text.splitlines()
    line, told = _told(what, mark.line, getattr(error, "context_mark", None), lines)
    return Problem(Place(file, line + 1), INVALID + told)


def _told(what: str, number: int, begun: Any, lines: list[str]) -> tuple[int, str]:
    """Return the line to mend, counted from 0, and what is wrong with it."""
    line = _line(lines, number)
    bare = line.strip()
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return number, "indentation must be spaces, this line begins with a tab"
    if any(word in what for word in ESCAPES):
        return number, f"in double quotes a backslash begins an escape ({what}); quote with '...'"
    if "end of stream" in what and begun is not None:
        return begun.line, "a quotation that begins here does not end"
    if "expected ','" in what and begun is not None:
        before = f" before line {number + 1}" if number > begun.line else ""
        return begun.line, f"a bracket that opens here lacks a comma or its end{before}"
    if "'-' indicator" in what:
        missing = "a space after its dash" if bare.startswith("-") else "a dash before it"
        return number, f"this line stands in a list: it needs {missing}"
    if "cannot start any token" in what or "alphabetic or numeric" in what:
        return number, f"a value that begins with such a sign needs quotes: {bare}"
    if any(word in what for word in LOST):
        return _lost(what, number, lines)
    return number, what


def _lost(what: str, number: int, lines: list[str]) -> tuple[int, str]:
    """Return the same where keys and values have got mixed up: the line itself or the one above."""
    above = next((n for n in range(number - 1, -1, -1) if _bare(lines, n)), number)
    for one in (number, above):
        if slip := _slip(_bare(lines, one)):
            return one, slip
    if len(re.findall(r":\s", _line(lines, number))) > 1:
        return number, "a value in which a colon and a space occur needs quotes"
    deeper = _indent(lines, number) - _indent(lines, above)
    if deeper > 0 and HAS_VALUE.search(_line(lines, above)):
        return number, f"this line is indented deeper than line {above + 1}, which has a value"
    if deeper:
        return number, "its indentation fits no section above it"
    return number, what


def _slip(bare: str) -> str:
    """Return what keeps a line from being 'key: value', or an empty string."""
    if not bare or KEY.match(bare) and NO_BREAK not in bare or bare.startswith(("- ", "[", "{")):
        return ""
    if NO_BREAK in bare:
        return "there is a no-break space in it (U+00A0), which is no space to YAML"
    if WIDE_COLON in bare:
        return f"'{bare}' has a wide colon ({WIDE_COLON}) where ': ' belongs"
    if GLUED.search(bare):
        return f"a space belongs after the colon of '{bare}'"
    return "" if bare[-1] in ",]}" else f"'{bare}' should be a key and a colon"


def _line(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _bare(lines: list[str], number: int) -> str:
    """Return a line without its comment and the space around it."""
    return re.split(r"(?:^|\s)#", _line(lines, number))[0].strip(" \t")


def _indent(lines: list[str], number: int) -> int:
    line = _line(lines, number)
    return len(line) - len(line.lstrip(" "))
