"""Every config of ``configs/``: two steps of training, evaluation, an export that is the same.

Run some of them with ``-k``: ``bash tests/run.sh tests/zoo -k PP-OCRv3``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.zoo import life

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("det", "rec", "cls")
CONFIGS = sorted(path for task in TASKS for path in (ROOT / "configs" / task).rglob("*.yml"))
# for Paddle Lite: one of each kind of network
AS_PDMODEL = ("ch_det_mv3_db_v2.0.yml", "rec_icdar15_train.yml")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_trains_evaluates_and_exports(path, data, tmp_path):
    kinds = [("json", True)] + [("pdmodel", False)] * (path.name in AS_PDMODEL)
    life.whole(life.begin(path, data, tmp_path), kinds)
    shutil.rmtree(tmp_path)  # checkpoints of large networks


def test_every_task_is_there():
    assert {path.relative_to(ROOT / "configs").parts[0] for path in CONFIGS} >= {"det", "rec"}
