"""Constructor signatures read from source text, so that checking a config imports no model.

A class is found in its module's file, its constructor in the class or in the classes it
inherits from, across modules of the same package. Class facts are literal class attributes.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ppocr.config.hints import ANY, Hint, parse
from ppocr.utils.exits import InternalError

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter: what fits, and what it is when nobody says anything."""

    name: str
    hint: Hint
    default: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What a class takes and what it states about itself."""

    name: str
    module: str
    settings: Mapping[str, Setting]
    facts: Mapping[str, Any] = field(default_factory=dict)
    open: bool = False  # takes **kwargs, as a plug-in may

    @property
    def parts(self) -> Mapping[str, str]:
        """Return the settings that hold sections of another kind, with that kind."""
        return self.facts.get("parts") or {}


@dataclass(frozen=True, slots=True)
class Module:
    """The parsed source of a module."""

    name: str
    path: Path
    tree: ast.Module
    names: Mapping[str, ast.stmt]

    @property
    def package(self) -> str:
        """Return what a relative import of one dot starts from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


@cache
def of(module: str, name: str) -> Signature | None:
    """Return the signature of a class or function, or None if there is no such thing."""
    found = _lookup(module, name)
    if found is None:
        return None
    home, node = found
    if isinstance(node, ast.FunctionDef):
        return Signature(name, home.name, *_of_function(home, node, skip=0))
    if not isinstance(node, ast.ClassDef):
        return None
    settings: Mapping[str, Setting] = {}
    is_open = False
    line = list(_line(home, node))
    for owner, one in line:
        maker = _method(one, "__init__")
        if maker is not None:
            settings, facts, is_open = _of_function(owner, maker, skip=1)
            break
        if _is_dataclass(one):
            settings = _of_dataclass(line)
            break
    return Signature(name, home.name, settings, _facts(line), is_open)


def need(module: str, name: str) -> Signature:
    """Return the signature of something of ours that must be there."""
    found = of(module, name)
    if found is None:
        raise InternalError(f"{module} has no {name}")
    return found


def called(signature: Signature, name: str) -> Signature:
    """Return the same signature under the name a config uses for it."""
    return replace(signature, name=name)


@cache
def source(module: str) -> Module | None:
    """Return a parsed module without importing it, or None if there is no such file."""
    path = _path(module)
    if path is None:
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    names: dict[str, ast.stmt] = {}
    for statement in _statements(tree.body):
        for name in _bound(statement):
            names[name] = statement
    return Module(module, path, tree, names)


def _path(module: str) -> Path | None:
    """Return the file of a module; only the top package may be looked up by the importer."""
    top, *rest = module.split(".")
    if top == PACKAGE.name:
        base = PACKAGE
    else:
        spec = importlib.util.find_spec(top)
        if spec is None or spec.origin is None:
            return None
        base = Path(spec.origin)
        if base.name != "__init__.py":
            return base if not rest else None
        base = base.parent
    place = base.joinpath(*rest)
    for candidate in (place / "__init__.py", place.with_suffix(".py")):
        if candidate.is_file() and (rest or candidate.name == "__init__.py"):
            return candidate
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those under ``if`` and ``try`` included."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from _statements(statement.body)
            yield from _statements(statement.orelse)
        else:
            yield statement


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.Assign):
        return [one.id for one in statement.targets if isinstance(one, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def _lookup(module: str, name: str, depth: int = 0) -> tuple[Module, ast.stmt] | None:
    """Return where a name is defined, following imports and plain assignments."""
    home = source(module) if depth < 20 else None
    statement = home.names.get(name) if home else None
    if home is None or statement is None:
        return None
    if isinstance(statement, ast.ImportFrom):
        real = next(a.name for a in statement.names if (a.asname or a.name) == name)
        return _lookup(_absolute(home, statement), real, depth + 1)
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
        return _lookup(module, statement.value.id, depth + 1)
    return home, statement


def _absolute(home: Module, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return statement.module or ""
    base = home.package.split(".")
    base = base[: len(base) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def _line(home: Module, node: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the class and those it inherits from, nearest first; foreign ones are left out."""
    yield home, node
    for base in node.bases:
        found = _base(home, base)
        if found is not None and isinstance(found[1], ast.ClassDef):
            yield from _line(found[0], found[1])


def _base(home: Module, base: ast.expr) -> tuple[Module, ast.stmt] | None:
    if isinstance(base, ast.Subscript):
        base = base.value
    if isinstance(base, ast.Name):
        statement = home.names.get(base.id)
        if isinstance(statement, ast.ImportFrom) and not _is_ours(_absolute(home, statement), home):
            return None
        return _lookup(home.name, base.id)
    if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
        statement = home.names.get(base.value.id)
        if isinstance(statement, ast.ImportFrom):
            module = f"{_absolute(home, statement)}.{base.value.id}"
            return _lookup(module, base.attr) if _is_ours(module, home) else None
    return None


def _is_ours(module: str, home: Module) -> bool:
    return module.partition(".")[0] in (home.name.partition(".")[0], PACKAGE.name)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == name:
            return one
    return None


def _of_function(
    home: Module, node: ast.FunctionDef, skip: int
) -> tuple[dict[str, Setting], dict[str, Any], bool]:
    given = node.args
    plain = [*given.posonlyargs, *given.args][skip:]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    pairs = list(zip(plain, [*defaults, *given.defaults], strict=True))
    pairs += list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    settings = {one.arg: _setting(home, one.arg, one.annotation, default) for one, default in pairs}
    return settings, {}, given.kwarg is not None


def _setting(
    home: Module, name: str, annotation: ast.expr | None, default: ast.expr | None
) -> Setting:
    hint = parse(annotation, lambda word: _alias(home, word))
    if default is None:
        return Setting(name, hint, required=True)
    return Setting(name, hint, _value(home, default))


def _alias(home: Module, name: str) -> ast.expr | None:
    """Return what a type alias of the module (or one it imports) stands for."""
    found = _lookup(home.name, name)
    if found and isinstance(found[1], ast.Assign | ast.AnnAssign):
        return found[1].value
    return None


def _value(home: Module, node: ast.expr) -> Any:
    """Return a literal; a name of the module is looked up; anything else is shown as written."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    found = _computed(home, node)
    return Written(ast.unparse(node)) if found is None else found


def _computed(home: Module, node: ast.expr) -> Any:
    """Return the value of a name, a class fact, a sum of these or an immutable wrapper."""
    if isinstance(node, ast.Name):
        found = _lookup(home.name, node.id)
        if found and isinstance(found[1], ast.Assign | ast.AnnAssign) and found[1].value:
            return _value(found[0], found[1].value)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        found = _lookup(home.name, node.value.id)
        if found and isinstance(found[1], ast.ClassDef):
            return _facts(list(_line(found[0], found[1]))).get(node.attr)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _value(home, node.left), _value(home, node.right)
        if isinstance(left, tuple | list) and type(left) is type(right):
            return left + right
    if isinstance(node, ast.Call) and _called(node) in ("MappingProxyType", "frozenset", "tuple"):
        return _value(home, node.args[0]) if node.args else ()
    return None


class Written(str):
    """A default that only Python can compute, as it stands in the source."""

    __slots__ = ()


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_dataclass(node: ast.ClassDef) -> bool:
    names = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return any(getattr(one, "attr", getattr(one, "id", "")) == "dataclass" for one in names)


def _of_dataclass(line: list[tuple[Module, ast.ClassDef]]) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for home, node in reversed(line):
        if not _is_dataclass(node):
            continue
        for one in node.body:
            if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
                continue
            if "ClassVar" in ast.unparse(one.annotation):
                continue
            default = one.value
            if isinstance(default, ast.Call) and _called(default) == "field":
                default = _field_default(default)
            name = one.target.id
            settings[name] = _setting(home, name, one.annotation, default)
    return settings


def _field_default(node: ast.Call) -> ast.expr | None:
    for one in node.keywords:
        if one.arg == "default":
            return one.value
        if one.arg == "default_factory":
            empty = {"list": "[]", "dict": "{}", "tuple": "()"}.get(ast.unparse(one.value))
            return ast.parse(empty or f"{ast.unparse(one.value)}()", mode="eval").body
    return None


def _facts(line: list[tuple[Module, ast.ClassDef]]) -> dict[str, Any]:
    """Return the literal class attributes, the nearest class winning."""
    facts: dict[str, Any] = {}
    for home, node in reversed(line):
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and one.value and isinstance(one.target, ast.Name):
                facts[one.target.id] = _value(home, one.value)
            elif isinstance(one, ast.Assign):
                for target in one.targets:
                    if isinstance(target, ast.Name):
                        facts[target.id] = _value(home, one.value)
    return facts


__all__ = ["ANY", "Setting", "Signature", "Written", "called", "need", "of", "source"]
