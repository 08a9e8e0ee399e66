"""Evaluate a checkpoint on the Eval section of its config.

    python tools/eval.py -c configs/rec/my.yml -o Global.checkpoints=output/my/best_accuracy

Prints what the checkpoint remembers of its best evaluation, then what is measured now:
the metrics, their twins `..._as_deployed` (the same network output as prediction would give it),
fps, and how many samples were evaluated and rejected. Samples that cannot be read end the
evaluation: a metric over the rest would be another metric.

    python tools/eval.py -c ... -o ... --report output/my/errors

writes report.html (confused characters, accuracy by length, width, character and source, the
worst samples with pictures; for detection missed and spurious boxes drawn, recall and precision
by size), report.json with the same figures and every mistake, and two lists to work through:
relabel.tsv and add.tsv. See docs/error_report.md.

Exit status: 0 evaluated; 65 data or weights cannot be used; 66 a file is missing; 78 something is
wrong with the config.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

from collections.abc import Mapping, Sequence
from typing import Any

from ppocr.mistakes import report
from ppocr.mistakes.found import Watch
from ppocr.mistakes.watch import watch_for
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils import exits, logs, runtime
from tools.program import running


def main(argv: Sequence[str]) -> int:
    """Return 0 after an evaluation."""
    words = running(__doc__)
    words.add_argument("--report", metavar="DIR", help="write an error report into this folder")
    given = words.parse_args(argv)
    runtime.prepare(enabled=not given.no_runtime)
    with runtime.quiet_paddle_import():
        from ppocr.training import evaluation, settings

    chosen = settings.read(given.config, given.opt)
    watches: list[Watch] = []

    def watcher(metric: Any, spec: PipelineSpec) -> Watch:
        watches.append(watch_for(metric, spec))
        return watches[0]

    stored, measured = evaluation.evaluate(chosen, watcher if given.report else None)
    if stored:
        show("metric in ckpt", stored)
    show("metric eval", measured)
    if watches:
        values = chosen.general
        origin = f"{values.checkpoints or values.pretrained_model} on Eval of {given.config}"
        name = Path(given.config).name
        page = report.write(watches[0].found(), measured, name, origin, Path(given.report))
        logs.say(f"error report: {page}")
    return 0


def show(title: str, values: Mapping[str, Any]) -> None:
    """Log a block of values, one a line."""
    logger = logs.get_logger()
    logger.info("%s ***************", title)
    for name, value in values.items():
        logger.info("%s:%s", name, value)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
