"""What may stand in a config is read by something: an option that nobody reads is a promise."""

from __future__ import annotations

import ast
from dataclasses import fields

import pytest

from ppocr.config.general import OFFERED, General
from ppocr.data.settings import LoaderSettings
from ppocr.pipeline.fixed import ProfilerOptions, Retention
from tests.house.house import complain, library

UNREAD = {
    "d2s_train_image_shape": "shapes follow from the data, whatever it says",
    "box_format": "only carries an anchor",
    "kie_det_model_dir": "of configs whose networks are not here",
    "kie_rec_model_dir": "of configs whose networks are not here",
    "num_sections": "one official file carries it, and nothing reads it there either",
}
# which name the options and read none
TABLES = frozenset(f"ppocr/config/{name}.py" for name in ("general", "planned", "forgiven"))


@pytest.fixture(scope="module")
def read() -> set[str]:
    """Every name that the code takes from some object or mapping."""
    found: set[str] = set()
    for source in library():
        if source.name in TABLES:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


@pytest.mark.parametrize("settings", [General, LoaderSettings, ProfilerOptions, Retention])
def test_every_option_is_read(settings, read):
    names = [one.name for one in fields(settings)]
    unread = [name for name in names if name not in read and name not in {*OFFERED, *UNREAD}]
    complain(
        "an option is read by something",
        [f"{settings.__name__}.{name}" for name in unread],
        "read it, take it away, or say in ppocr/config/forgiven.py why it has no effect",
    )


def test_no_excuse_is_out_of_date(read):
    known = {one.name for settings in (General, LoaderSettings) for one in fields(settings)}
    assert [name for name in UNREAD if name in read or name not in known] == []
