"""What an unquoted word in a config means: the rules of YAML 1.2, with YAML 1.1's yes and no.

YAML 1.1 reads 1e-3 as text, 1:30 as ninety and 2024-01-01 as a date. Here a number is
what anybody would call a number, and everything else is text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset(f(word) for word in ("true", "yes", "on") for f in (str, str.title, str.upper))
FALSE = frozenset(f(word) for word in ("false", "no", "off") for f in (str, str.title, str.upper))
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*|[1-9][0-9_]*[0-9]|0[0-9]+)\Z")
BASED = re.compile(r"[-+]?0(x[0-9a-fA-F]+|o[0-7]+|b[01]+)\Z")
FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?\Z")
ENDLESS = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z")
NAN = frozenset({".nan", ".NaN", ".NAN"})
VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def typed(text: str) -> Any:
    """Return None, a bool, an int, a float or the text itself."""
    first = text[:1]
    if first.isalpha():
        return _word(text)
    if text in NULLS:
        return None
    if INTEGER.match(text):
        return int(text.replace("_", ""))
    if BASED.match(text):
        return int(text, 0)
    if FLOAT.match(text):
        return float(text)
    if endless := ENDLESS.match(text):
        return float(endless[1] + "inf")
    return float("nan") if text in NAN else text


def number(text: str) -> float:
    """Return the value of '1e-6' or '1./255.'; anything else is a ValueError."""
    top, slash, bottom = text.partition("/")
    try:
        return float(top) / float(bottom) if slash else float(top)
    except ZeroDivisionError as error:
        raise ValueError(f"{text} divides by zero") from error


def expand(text: str, environment: Mapping[str, str] | None = None) -> tuple[str, list[str]]:
    """Return the text with variables replaced, and the names of those that are not set.

    ``${NAME}`` must be set, ``${NAME:-default}`` may be unset or empty, and ``$${`` stands
    for ``${`` itself.
    """
    known = os.environ if environment is None else environment
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        name, fallback = found[1], found[2]
        if name is None:
            return "${"
        if known.get(name):
            return known[name]
        if fallback is not None:
            return fallback
        if name not in known:
            missing.append(name)
        return ""

    return VARIABLE.sub(value, text), missing


def _word(text: str) -> Any:
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    return None if text in NULLS else text
