"""Types read from annotations: what fits, what is converted, how it is spelled."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from ppocr.config.hints import Misfit, convert, fits, parse

ALIASES = {"Size": "tuple[int, int]", "Mode": "Literal['min', 'max']"}


def hint(text: str):
    def resolve(name: str):
        return ast.parse(ALIASES[name], mode="eval").body if name in ALIASES else None

    return parse(ast.parse(text, mode="eval").body, resolve)


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [0, -3, 10**20], [1.5, 1.0, True, "3", None, []]),
        ("float", [0.5, 3, "1e-6", "1./255.", "-2", ".5"], [True, "high", "1/0", "", None]),
        ("bool", [True, False], [0, 1, "true", None]),
        ("str", ["", "x"], [1, None, True, ["x"]]),
        ("list", [[], [1, "a"]], ["abc", {}, 1]),
        ("list[int]", [[], [1]], [[1.5], ["1"], [True], 3]),
        ("Sequence[float]", [[0.1, 1], ["1e-3"]], [["x"], "1"]),
        ("tuple[int, int]", [[1, 2]], [[1], [1, 2, 3], [1, 2.5]]),
        ("tuple[float, ...]", [[], [1, 2, 3.5]], [["a"]]),
        ("dict[str, int]", [{}, {"a": 1}], [{"a": "b"}, [1]]),
        ("Mapping[str, Any]", [{"a": object()}], [[1]]),
        ("Literal['min', 'max']", ["min", "max"], ["mid", 1, None]),
        ("Literal[1, 2]", [1, 2], [True, 3, "1"]),
        ("int | None", [1, None, "None"], ["x", 1.5]),
        ("Optional[float]", [None, 2, "1e-3"], ["x", [1]]),
        ("Union[int, str]", [1, "x"], [1.5, None]),
        ("int | list[int]", [1, [1, 2]], ["1", [1.5]]),
        ("'int'", [1], ["x"]),
        ("typing.Literal['a']", ["a"], ["b"]),
        ("Size", [[1, 2]], [[1]]),
        ("Mode | None", ["min", None], ["mid"]),
        ("Any", [1, None, object()], []),
        ("np.ndarray", [1, "whatever"], []),
        ("Callable[[int], int]", [1, "relu"], []),
        ("int | np.ndarray", [1, "x"], []),
    ],
)
def test_what_fits(annotation: str, good: list[Any], bad: list[Any]):
    for value in good:
        assert fits(value, hint(annotation)), value
    for value in bad:
        assert not fits(value, hint(annotation)), value


def test_conversions():
    assert convert("1./255.", hint("float")) == 1 / 255
    assert convert("1e-6", hint("float | None")) == 1e-6
    assert convert("1./255.", hint("float | str")) == "1./255."
    assert convert(3, hint("float")) == 3
    assert isinstance(convert(3, hint("float")), int)
    assert convert([1, "1e-3"], hint("list[float]")) == [1, 1e-3]
    assert convert([1, 2], hint("tuple[int, int]")) == (1, 2)
    assert convert({"a": "1e-3"}, hint("dict[str, float]")) == {"a": 1e-3}
    assert convert("None", hint("str | None")) == "None"
    assert convert("None", hint("int | None")) is None
    same = [1, 2]
    assert convert(same, hint("list[float]")) is same


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ("int", "int"),
        ("Literal['min', 'max']", "'min' or 'max'"),
        ("int | None", "int or null"),
        ("list[float]", "list of float"),
        ("tuple[int, int]", "list of 2 (int, int)"),
        ("dict[str, int]", "section"),
        ("tuple", "list"),
        ("float | list[float] | None", "float or list of float or null"),
    ],
)
def test_how_it_is_said(annotation: str, words: str):
    assert str(hint(annotation)) == words


def test_a_misfit_is_a_value_error():
    with pytest.raises(Misfit):
        convert("x", hint("int"))
