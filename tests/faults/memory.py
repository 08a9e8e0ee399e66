"""Resident memory over many tiny epochs: it has to be flat.

    python -m tests.faults.memory --epochs 500
    python -m tests.faults.memory --epochs 60 --task det --workers 2

Trains with evaluation and a checkpoint every epoch, as ``tools/train.py`` does, and fits a line
through the resident size after the first fifth of the steps. Exit status 1 when it rises by
1 MB per 100 steps or more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ppocr.utils import runtime
from tests.faults import tiny

LIMIT_MB = 1.0  # per 100 steps
WARM = 0.2  # of the steps, in which caches fill
PAGE_BYTES = 4096


def main(argv: list[str] | None = None) -> int:
    """Return 0 when memory is flat."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--epochs", type=int, default=500)
    found.add_argument("--task", choices=tiny.TASKS, default="rec")
    found.add_argument("--workers", type=int, default=0)
    given = found.parse_args(argv)
    runtime.prepare(announce=False)
    with tempfile.TemporaryDirectory() as place:
        sizes = measured(Path(place), given.task, given.epochs, given.workers)
    rise = slope(sizes)
    sys.stdout.write(
        f"{given.task}, {given.workers} workers, {given.epochs} epochs, {len(sizes)} steps: "
        f"{sizes[0]:.0f} MB at first, {sizes[-1]:.0f} MB at last, "
        f"{rise:+.3f} MB per 100 steps after warm-up\n"
    )
    return 0 if rise < LIMIT_MB else 1


def measured(folder: Path, task: str, epochs: int, workers: int) -> list[float]:
    """Return the resident size after each step, in MB."""
    from ppocr.training import hooks, setup

    class Sizes(hooks.Hook):
        def __init__(self) -> None:
            self.found: list[float] = []

        def stepped(self, state, batch, news) -> None:
            self.found.append(resident_mb())

    sizes, standard = Sizes(), setup.standard_hooks
    setup.standard_hooks = lambda run: [*standard(run), sizes]
    try:
        status = tiny.train(
            tiny.config(folder, task),
            f"Global.epoch_num={epochs}",
            "Global.eval_batch_epoch=1",
            "Global.save_epoch_step=1000000",
            f"Train.loader.num_workers={workers}",
        )
    finally:
        setup.standard_hooks = standard
    if status != 0:
        raise AssertionError(f"the run ended with {status}")
    return sizes.found


def resident_mb() -> float:
    """Return the resident size of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 2**20


def slope(sizes: list[float]) -> float:
    """Return how many MB per 100 steps a line through the sizes rises after warm-up."""
    import numpy as np

    begun = int(len(sizes) * WARM)
    rest = np.asarray(sizes[begun:])
    return float(np.polyfit(np.arange(len(rest)), rest, 1)[0] * 100)


if __name__ == "__main__":
    sys.exit(main())
