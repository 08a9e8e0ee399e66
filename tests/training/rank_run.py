"""``tools/train.py`` that leaves a note of what each process had in the end.

    python -m paddle.distributed.launch --nproc_per_node 2 tests/training/rank_run.py -c FILE

The note goes to ``rank-N.json`` in the folder named by RANK_NOTES.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ppocr.training.setup import Run
from ppocr.training.state import TrainState
from ppocr.utils import dist, exits
from tools.train import main

FOLDER = "RANK_NOTES"


class Noted:
    """Stands for ``Run.fit``: the real one, and then the note."""

    def __init__(self) -> None:
        self.fit = Run.fit

    def __call__(self, run: Run) -> TrainState:
        state = self.fit(run)
        digest, statistics = hashlib.sha256(), hashlib.sha256()
        for key, value in sorted(run.model.state_dict().items()):
            (digest if value.trainable else statistics).update(
                key.encode() + value.numpy().tobytes()
            )
        note = {
            "weights": digest.hexdigest(),
            "statistics": statistics.hexdigest(),
            "step": state.step,
            "best": state.best,
            "losses": state.extra["window"]["loss"],
            "world": dist.world_size(),
        }
        path = Path(os.environ[FOLDER]) / f"rank-{dist.rank()}.json"
        path.write_text(json.dumps(note, default=float), encoding="utf-8")
        return state


if __name__ == "__main__":
    noted = Noted()
    Run.fit = lambda run: noted(run)
    sys.exit(exits.run(main, sys.argv[1:]))
