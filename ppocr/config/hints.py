"""Types of settings, read from source text: what fits, and how to say what does not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ppocr.config.scalars import number

SIMPLE = {"int", "float", "str", "bool"}
LISTS = {
    "list",
    "List",
    "Sequence",
    "Iterable",
    "Collection",
    "MutableSequence",
    "set",
    "frozenset",
}
TUPLES = {"tuple", "Tuple"}
MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "Section"}
WRAPPERS = {"ClassVar", "Final", "Annotated", "Required", "NotRequired"}


class Misfit(ValueError):
    """A value is not what the type asks for."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One type: a simple one, a list, tuple, mapping, choice (Literal), union, none or any."""

    kind: str
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return _spelled(self)

    def takes_none(self) -> bool:
        """Return whether null is a value of this type."""
        return self.kind in ("any", "none") or any(
            one.takes_none() for one in self.args if self.kind == "union"
        )


ANY = Hint("any")
NONE = Hint("none")


def parse(node: ast.expr | None, resolve: Callable[[str], ast.expr | None]) -> Hint:
    """Return the type an annotation stands for; ``resolve`` looks up names of its module.

    What cannot come from a config (arrays, layers, functions) is 'any': the class that
    asks for it has to judge it.
    """
    if node is None:
        return ANY
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return parse(ast.parse(node.value, mode="eval").body, resolve)
        return NONE if node.value is None else ANY
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([parse(node.left, resolve), parse(node.right, resolve)])
    if isinstance(node, ast.Subscript):
        return _subscripted(_last_name(node.value), node.slice, resolve)
    name = _last_name(node)
    if name == "None":
        return NONE
    if name in SIMPLE | LISTS | TUPLES | MAPPINGS:
        return _bare(name)
    alias = resolve(name) if isinstance(node, ast.Name) else None
    return parse(alias, lambda _: None) if alias is not None else ANY


def convert(value: Any, hint: Hint) -> Any:
    """Return the value as the type wants it, or raise a Misfit.

    Whole numbers are floats where floats are asked for; '1e-6' and '1./255.' are too.
    Nothing else is converted: a text is not a number, true is not 1.
    """
    return _CONVERTERS[hint.kind](value, hint)


def fits(value: Any, hint: Hint) -> bool:
    """Return whether a value is, or can be written as, what the type asks for."""
    try:
        convert(value, hint)
    except Misfit:
        return False
    return True


def _int(value: Any, hint: Hint) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Misfit


def _float(value: Any, hint: Hint) -> float:
    if isinstance(value, str):
        try:
            return number(value)
        except ValueError as error:
            raise Misfit from error
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Misfit


def _bool(value: Any, hint: Hint) -> bool:
    if isinstance(value, bool):
        return value
    raise Misfit


def _str(value: Any, hint: Hint) -> str:
    if isinstance(value, str):
        return value
    raise Misfit


def _none(value: Any, hint: Hint) -> None:
    if value is None or value == "None":
        return
    raise Misfit


def _any(value: Any, hint: Hint) -> Any:
    return value


def _list(value: Any, hint: Hint) -> Any:
    if not isinstance(value, list | tuple):
        raise Misfit
    inner = hint.args[0] if hint.args else ANY
    if inner == ANY:
        return value
    converted = [convert(one, inner) for one in value]
    same = all(new is old for new, old in zip(converted, value, strict=True))
    return value if same else converted


def _tuple(value: Any, hint: Hint) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise Misfit
    if not hint.args:
        return tuple(value)
    if hint.args[-1] is Ellipsis:
        return tuple(convert(one, hint.args[0]) for one in value)
    if len(value) != len(hint.args):
        raise Misfit
    return tuple(convert(one, inner) for one, inner in zip(value, hint.args, strict=True))


def _mapping(value: Any, hint: Hint) -> Any:
    if not isinstance(value, Mapping):
        raise Misfit
    inner = hint.args[1] if len(hint.args) > 1 else ANY
    if inner == ANY:
        return value
    converted = {key: convert(one, inner) for key, one in value.items()}
    return value if all(converted[key] is one for key, one in value.items()) else converted


def _choice(value: Any, hint: Hint) -> Any:
    for one in hint.args:
        if one == value and isinstance(one, bool) == isinstance(value, bool):
            return one
    raise Misfit


def _any_of(value: Any, hint: Hint) -> Any:
    """Exact fits come before conversions: '1./255.' stays text where text is welcome."""
    for strict in (True, False):
        for one in hint.args:
            if strict and one.kind == "float" and isinstance(value, str):
                continue
            if strict and one.kind == "none" and value is not None:
                continue
            try:
                return convert(value, one)
            except Misfit:
                continue
    raise Misfit


_CONVERTERS: Mapping[str, Callable[[Any, Hint], Any]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "str": _str,
    "none": _none,
    "any": _any,
    "list": _list,
    "tuple": _tuple,
    "mapping": _mapping,
    "choice": _choice,
    "union": _any_of,
}


def _bare(name: str) -> Hint:
    if name in SIMPLE:
        return Hint(name)
    return Hint("list" if name in LISTS else "tuple" if name in TUPLES else "mapping")


def _subscripted(name: str, inner: ast.expr, resolve: Callable[[str], ast.expr | None]) -> Hint:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        return Hint("choice", tuple(_literal(one) for one in parts))
    if name in WRAPPERS:
        return parse(parts[0], resolve)
    if name == "Optional":
        return _union([parse(parts[0], resolve), NONE])
    if name == "Union":
        return _union([parse(one, resolve) for one in parts])
    if name not in LISTS | TUPLES | MAPPINGS:
        return ANY
    args = tuple(
        Ellipsis if isinstance(one, ast.Constant) and one.value is Ellipsis else parse(one, resolve)
        for one in parts
    )
    return Hint(_bare(name).kind, args)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _union(parts: list[Hint]) -> Hint:
    flat: list[Hint] = []
    for one in parts:
        flat.extend(one.args if one.kind == "union" else [one])
    return ANY if ANY in flat else Hint("union", tuple(dict.fromkeys(flat)))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _spelled(hint: Hint) -> str:
    if hint.kind == "choice":
        return " or ".join(repr(one) for one in hint.args)
    if hint.kind == "union":
        return " or ".join(str(one) for one in hint.args)
    if hint.kind == "none":
        return "null"
    if hint.kind == "mapping":
        return "section"
    if hint.kind in ("list", "tuple") and hint.args:
        return _spelled_list(hint)
    return "list" if hint.kind == "tuple" else hint.kind


def _spelled_list(hint: Hint) -> str:
    inner = [one for one in hint.args if one is not Ellipsis]
    if len(inner) > 1:
        return f"list of {len(inner)} ({', '.join(str(one) for one in inner)})"
    return "list" if inner[0] == ANY else f"list of {inner[0]}"
