"""Kill a run at random moments, again and again: it must end in the bits of one left alone.

    python -m tests.faults.chaos --kills 20            CRNN and DB, with 0 and with 2 workers
    python -m tests.faults.chaos --kills 3 --task rec --workers 0 --seed 7

Every killed run is followed by one with ``Global.resume=auto``. The kill (SIGKILL) comes a random
number of steps and a random part of a step after the run has gone on, so it falls into reading,
computing, evaluating and saving alike. Prints one line a combination; exit status 1 if any differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults import tiny
from tests.training.runs import digest

STEPS = 6  # so many a run makes at most before it is killed
SAVING_S = 0.03
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Report:
    """How a run that was killed compares with one that was not."""

    task: str
    workers: int
    kills: int
    steps: int
    seconds: float
    alone: str
    killed: str

    @property
    def same(self) -> bool:
        """Whether weights and optimizer state are equal to the last bit."""
        return self.alone == self.killed

    def line(self) -> str:
        """Return it in one line."""
        verdict = f"same sha256 {self.alone[:16]}" if self.same else "DIFFERENT"
        return (
            f"{self.task}, {self.workers} workers: {self.kills} kills over {self.steps} steps, "
            f"{verdict} ({self.seconds:.0f} s)"
        )


def main(argv: list[str] | None = None) -> int:
    """Return 0 when every run ended in the same bits."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--kills", type=int, default=20)
    found.add_argument("--task", choices=tiny.TASKS, action="append")
    found.add_argument("--workers", type=int, action="append")
    found.add_argument("--seed", type=int, default=1)
    given = found.parse_args(argv)
    same = True
    for task in given.task or tiny.TASKS:
        for workers in given.workers or (0, 2):
            with tempfile.TemporaryDirectory() as place:
                report = chaos(Path(place), task, workers, given.kills, given.seed)
            sys.stdout.write(report.line() + "\n")
            sys.stdout.flush()
            same = same and report.same and report.kills == given.kills
    return 0 if same else 1


def chaos(folder: Path, task: str, workers: int, kills: int, seed: int) -> Report:
    """Return how ``kills`` random kills end."""
    begun, rng = time.monotonic(), random.Random(seed)
    path = tiny.config(folder, task, 12 if task == "rec" else 6)
    options = [
        f"Global.epoch_num={2 * kills + 2}",
        "Global.eval_batch_step=[0,5]",
        "Global.resume=auto",
        "Train.loader.batch_size_per_card=4" if task == "rec" else
        "Train.loader.batch_size_per_card=2",
    ]  # fmt: skip
    log = folder / "log"

    def run(name: str, workers: int) -> int:
        where = [f"Global.save_model_dir={folder / name}", f"Train.loader.num_workers={workers}"]
        return tiny.train(path, *options, *where)

    if tiny.in_child(lambda: run("alone", 0), log) != 0:
        raise AssertionError(log.read_text()[-2000:])
    done = 0
    while done < kills:
        child = tiny.begun(lambda: run("killed", workers), log)
        if not _killed(child, folder / "killed", rng):
            break
        done += 1
    if tiny.in_child(lambda: run("killed", workers), log) != 0:
        raise AssertionError(log.read_text()[-2000:])
    return Report(
        task,
        workers,
        done,
        last_step(folder / "killed"),
        time.monotonic() - begun,
        digest(folder / "alone" / "latest"),
        digest(folder / "killed" / "latest"),
    )


def last_step(folder: Path) -> int:
    """Return the last step that a run has noted, 0 if there is none."""
    try:
        rows = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    for row in reversed(rows):
        try:
            return int(json.loads(row)["step"])
        except ValueError:
            continue  # the half line of a kill
    return 0


def _killed(child: int, folder: Path, rng: random.Random) -> bool:
    """Return whether the run was still there to be killed."""
    noted = (folder / "events.jsonl").stat().st_size if folder.is_dir() else 0
    wanted = rng.randint(1, STEPS)
    first, deadline = None, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        number, _ = os.waitpid(child, os.WNOHANG)
        if number:
            return False
        events = folder / "events.jsonl"
        if first is None and events.is_file() and events.stat().st_size > noted:
            first = last_step(folder)  # what came after the checkpoint has been dropped
        if first is not None and last_step(folder) >= first + wanted:
            break
        time.sleep(0.002)
    time.sleep(rng.uniform(0, SAVING_S))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL


if __name__ == "__main__":
    sys.exit(main())
