"""Every config of ``configs/``: two steps of training, evaluation, an export that is the same.

Run some of them with ``-k``: ``bash tests/run.sh tests/zoo -k PP-OCRv3``.
"""

from __future__ import annotations

import json
import shutil
from functools import lru_cache
from pathlib import Path

import pytest

from ppocr.config import load
from tests.zoo import life
from tests.zoo.small import Data, overrides

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("det", "rec", "cls")
CONFIGS = sorted(path for task in TASKS for path in (ROOT / "configs" / task).rglob("*.yml"))
# settings of Global that change nothing on a CPU: mixed precision, and what the export is called
ELSEWHERE = frozenset(
    ("use_amp", "amp_level", "use_dynamic_loss_scaling", "scale_loss", "model_name")
)
# for Paddle Lite: one of each kind of network
AS_PDMODEL = ("ch_det_mv3_db_v2.0.yml", "rec_icdar15_train.yml")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_trains_evaluates_and_exports(path, data, tmp_path):
    """Files that differ in paths and dictionaries only are one run, and the first stands for it."""
    first = _runs(data)[_run(path, data)]
    if first != path:
        pytest.skip(f"made small, it is the run of {first.name}")
    kinds = [("json", True)] + [("pdmodel", False)] * (path.name in AS_PDMODEL)
    life.whole(life.begin(path, data, tmp_path), kinds)
    shutil.rmtree(tmp_path)  # checkpoints of large networks


@lru_cache(maxsize=1)
def _runs(data: Data) -> dict[str, Path]:
    """Return the first config of each run."""
    return {_run(path, data): path for path in reversed(CONFIGS)}


@lru_cache(maxsize=len(CONFIGS))
def _run(path: Path, data: Data) -> str:
    """Return everything that a config says once it is small; equal texts are equal runs."""
    small = load(path, overrides(load(path), data, ROOT))
    small["Global"] = {key: one for key, one in small["Global"].items() if key not in ELSEWHERE}
    kind = path.name if path.name in AS_PDMODEL else ""
    return kind + json.dumps(small, sort_keys=True, default=str)


def test_every_task_is_there():
    assert {path.relative_to(ROOT / "configs").parts[0] for path in CONFIGS} >= {"det", "rec"}
