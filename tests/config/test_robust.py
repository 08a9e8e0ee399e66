"""Whatever stands in a config, the checker answers with problems and never with a traceback."""

from __future__ import annotations

import copy
import random
from typing import Any

from ppocr import config
from ppocr.config import explain
from ppocr.config.section import as_node
from ppocr.pipeline import checks

ODD = (
    *(None, True, 0, -1, 1.5, "", "x", "None", [], [1], ["a", None], [[]], {}, {"a": 1}, {1: 2}),
    *({"name": 5}, {"name": None}, {"name": "DBHead"}),
    *([{"name": "x"}], [{"Op": None}], [{"Op": 3}], [{"type": 3}], [{"type": "Fliplr", "args": 1}]),
)


def spots(value: Any, holder: Any = None, key: Any = None):
    """Yield every place of a config as (holder, key)."""
    if holder is not None:
        yield holder, key
    if isinstance(value, dict):
        inner = list(value.items())
    else:
        inner = list(enumerate(value)) if isinstance(value, list) else []
    for key, one in inner:
        yield from spots(one, value, key)


def test_any_value_anywhere(fixtures):
    draw = random.Random(5)
    for name in ("det.yml", "rec.yml"):
        root = config.load(fixtures / name)
        count = len(list(spots(root)))
        for index in range(draw.randrange(4), count, 4):
            damaged = copy.deepcopy(root)
            holder, key = list(spots(damaged))[index]
            holder[key] = as_node(copy.deepcopy(draw.choice(ODD)))
            report = checks.check(damaged, files=True)
            assert explain.view(report.parts)
            assert explain.as_yaml(damaged, report.parts)
