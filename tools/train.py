"""Train a model.

    python tools/train.py -c configs/det/det_mv3_db.yml
    python tools/train.py -c my.yml -o Global.epoch_num=20 Optimizer.lr.learning_rate=5e-4
    python tools/train.py -c my.yml -o Global.checkpoints=output/my/latest      # go on
    python tools/train.py -c my.yml -o Global.pretrained_model=best_accuracy    # start from weights
    python -m paddle.distributed.launch --gpus 0,1 tools/train.py -c my.yml     # several cards
    python tools/train.py -c my.yml --dry-run       # does it work, how long, how much memory
    python tools/train.py -c my.yml --sanity        # can it learn one batch by heart

Leaves in Global.save_model_dir: latest.* after every epoch, best_accuracy.* at every best
evaluation, iter_epoch_N.* every save_epoch_step epochs (weights .pdparams, optimizer .pdopt,
progress .states), train.log, config.yml (with the origin of every value), metrics.jsonl.

--dry-run and --sanity leave nothing behind.

Exit status: 0 trained; 1 --sanity: the batch was not learnt (what is suspicious is said); 65 data
or weights cannot be used; 66 a file is missing; 73 the output folder is taken or not writable; 74
disk full; 75 stopped by a signal, checkpoint saved; 76 the loss is not finite any more; 78
something is wrong with the config (all of it is listed).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import shlex
from collections.abc import Sequence

from ppocr.utils import dist, exits, logs, runtime
from ppocr.utils.checkpoints import BEST, LATEST, exists
from tools.program import running

SANITY_STEPS = 200
NOT_LEARNT = 1
WEIGHTS = frozenset({"Global.pretrained_model", "Global.checkpoints"})


def main(argv: Sequence[str]) -> int:
    """Return 0 after a training run."""
    given = _own_parser().parse_args(argv)
    runtime.prepare(enabled=not given.no_runtime)
    with runtime.quiet_paddle_import():
        from ppocr.training import rehearsal, sanity, settings, setup

    overrides = [*given.opt, *profiler_overrides(given.profiler_options or "")]
    chosen = settings.read(given.config, overrides)
    if given.dry_run:
        lines = rehearsal.dry_run(chosen)
        if dist.is_main():
            logs.say("\n".join(lines))
    elif given.sanity is not None:
        verdict = sanity.sanity(chosen, given.sanity)
        logs.say("\n".join(verdict.lines))
        return 0 if verdict.passed else NOT_LEARNT
    else:
        setup.train(chosen)
        if dist.is_main():
            resumed = bool(chosen.general.checkpoints)
            logs.say(f"next: {export_command(given.config, given.opt, chosen.folder, resumed)}")
    return 0


def _own_parser() -> argparse.ArgumentParser:
    """Return the parser of this command: the shared one, and what is tried before training."""
    found = running(__doc__)
    tried = found.add_mutually_exclusive_group()
    tried.add_argument(
        "--sanity",
        nargs="?",
        type=int,
        const=SANITY_STEPS,
        metavar="STEPS",
        help=f"train on one batch, at most so many steps ({SANITY_STEPS}): is it learnt?",
    )
    tried.add_argument(
        "--dry-run",
        "--dry_run",
        action="store_true",
        help="build everything, take two steps, say what memory, disk and time it will take",
    )
    return found


def export_command(config: str, given: Sequence[str], folder: Path, resumed: bool = False) -> str:
    """Return the command that exports what was trained with these settings.

    A run that was ``resumed`` names where it began, perhaps in its file, and that would win.
    """
    weights = folder / (BEST if exists(folder / BEST) else LATEST)
    settings = [one for one in given if one.partition("=")[0].strip() not in WEIGHTS]
    settings += ["Global.checkpoints=null"] if resumed else []
    words = map(shlex.quote, [*settings, f"Global.pretrained_model={weights}"])
    return f"python tools/export_model.py -c {shlex.quote(config)} -o {' '.join(words)}"


def profiler_overrides(text: str) -> list[str]:
    """Return ``k=v;k=v`` as settings of the section profiler_options."""
    return [f"profiler_options.{one.strip()}" for one in text.split(";") if one.strip()]


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
