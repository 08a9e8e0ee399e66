"""The house tests find what they are there to find."""

from __future__ import annotations

import ast

import pytest

from tests.house import test_style
from tests.house.house import ROOT, Source, complain, imports, room_of


def source(text: str, path: str = "ppocr/text/new.py") -> Source:
    """A file of the library that exists only here."""
    return Source(ROOT / path, text, ast.parse(text))


def test_imports_are_seen_wherever_they_stand():
    text = (
        "import paddle\n"
        "from . import ctc\n"
        "from ..config import load\n"
        "def f():\n    from ppocr.data import build\n"
        "if TYPE_CHECKING:\n    from ppocr.training import trainer\n"
    )
    names = [name for name, _ in imports(source(text))]
    assert names == ["paddle", "ppocr.text.ctc", "ppocr.config.load", "ppocr.data.build"]
    assert "ppocr.data.build" not in [name for name, _ in imports(source(text), late=False)]


def test_rooms_of_names():
    assert room_of("ppocr.text.ctc.CTCCodec") == "ppocr.text"
    assert room_of("tools.infer.flags") == "tools"
    assert room_of("numpy.linalg") is None


@pytest.mark.parametrize(
    ("handler", "swallowed"),
    [
        ("except:\n    x = 1", True),
        ("except Exception:\n    pass", True),
        ("except Exception:\n    raise ValueError", False),
        ("except KeyError:\n    pass", False),
    ],
)
def test_swallowed_errors_are_recognised(handler, swallowed):
    tree = ast.parse(f"try:\n    work()\n{handler}\n")
    assert test_style._swallows(tree.body[0].handlers[0]) is swallowed


@pytest.mark.parametrize(
    ("test", "text"),
    [
        ("test_no_eval_exec_or_print", '"""D."""\nprint(1)\n'),
        ("test_no_eval_exec_or_print", '"""D."""\neval("1")\n'),
        ("test_files_fit_in_the_head", '"""D."""\n' + "x = 1\n" * 400),
        ("test_functions_fit_on_a_screen", '"""D."""\ndef f():\n' + "    x = 1\n" * 60),
        ("test_every_module_says_what_it_is", "x = 1\n"),
        ("test_everything_public_says_what_comes_back", '"""D."""\ndef f(): ...\n'),
        ("test_no_state_at_module_level", '"""D."""\nx = 1\ndef f():\n    global x\n'),
        ("test_nothing_is_left_for_later", f'"""D."""\n# {"todo".upper()} later\n'),
    ],
)
def test_each_rule_of_style_can_fail(test, text, monkeypatch):
    monkeypatch.setattr(test_style, "library", lambda: (source(text),))
    monkeypatch.setattr(test_style, "sources", lambda *folders: ())
    with pytest.raises(pytest.fail.Exception, match="ppocr/text/new.py"):
        getattr(test_style, test)()


def test_a_complaint_says_rule_place_and_remedy():
    complain("the rule", [], "what to do")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)the rule.*here\.py:3.*what to do"):
        complain("the rule", ["here.py:3"], "what to do")
