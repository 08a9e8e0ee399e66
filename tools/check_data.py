"""Check the data of a config before it costs a training.

    python tools/check_data.py -c configs/rec/my.yml
    python tools/check_data.py -c my.yml -o Train.dataset.data_dir=data --output report/
    python tools/check_data.py -c configs/det/my.yml --labels pages/     # before it is split
    python tools/check_data.py -c my.yml --write my.yml                  # and do as it says

Looks at every row of the Train and Eval sections with the parser and the transforms of training
and writes report.html (open it in a browser), report.json and rows.tsv. Each recommendation
names the settings (-o) that apply it; --write puts them all into a config.

Exit status: 0 nothing would stop a training or ruin it in silence, or --write mended all of that;
65 something would, see the findings; 66 a file is missing; 73 the report cannot be written; 78
something is wrong with the config itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ppocr.utils import exits, files, runtime
from ppocr.utils.logs import say
from tools.program import with_config

if TYPE_CHECKING:
    from ppocr.doctor.inspect import Report

LEVEL_WORDS = {"stop": "STOPS", "ruin": "RUINS", "warn": "costs", "note": "note "}
FIRST_PLACES = 3  # of a finding; the report has more, rows.tsv all


def main(argv: Sequence[str]) -> int:
    """Return 0 when the data is fit to train on, 65 when it is not."""
    given = parser().parse_args(argv)
    runtime.prepare(announce=False)
    from ppocr.config import load
    from ppocr.doctor import folder as labels
    from ppocr.doctor import inspect, report
    from ppocr.pipeline import checks

    overrides = list(given.opt)
    config = load(given.config, overrides)
    if given.labels:
        task = str((config.get("Architecture") or {}).get("model_type"))
        overrides += labels.settings(given.labels, task, _folder(given))
        config = load(given.config, overrides)
    checks.ensure(config)
    if given.labels:
        config.pop("Eval", None)  # there is none before the split
    folder = _folder(given)
    found = inspect.run(config, given.config, overrides, folder, given.limit, given.quiet)
    page, _ = report.write(found, folder)
    _say_findings(found)
    if given.write:
        return _write(found, given.write, page)
    say(f"{'fit to train on' if found.fit else 'not fit to train on'}: see {page}")
    if found.command() and not given.labels:
        say(f"with everything that is recommended:\n  {found.command()}")
    if given.labels and found.fit:
        words = ["--datasetRootPath", given.labels, "--config", given.config]
        say(f"next: python tools/split_data.py {shlex.join(words)}")
    return found.exit_code


def _folder(given: argparse.Namespace) -> Path:
    """Return where the report goes; with what a written config names, it lies beside that."""
    if given.output:
        return Path(given.output)
    if given.write:
        return Path(given.write).with_name(f"{Path(given.write).stem}_check")
    return Path("output/check_data") / Path(given.config).stem


def _say_findings(found: Report) -> None:
    for one in found.findings:
        say(f"{LEVEL_WORDS[one.level]}  {one.title}")
        for place in one.places[:FIRST_PLACES]:
            say(f"         at {place}")
        for override in one.overrides:
            say(f"         -o {shlex.quote(override)}")
        for command in one.commands:
            say(f"         {command}")


def _write(found: Report, target: str, page: Path) -> int:
    """Write the config with everything recommended; return 0 when that mends what is grave."""
    from ppocr.config.rewrite import rewritten

    text = rewritten(found.case.path, found.settings())
    with files.atomic_write(Path(target), "w") as file:
        file.write(text)
    say(f"{target}: written, with {len(found.recommended())} settings that are recommended above")
    if found.unmended:
        left = "; ".join(one.title for one in found.unmended)
        say(f"not fit to train on yet, no setting mends this: {left}. See {page}")
        return found.exit_code
    say(f"fit to train on: python tools/train.py -c {shlex.quote(target)}; the report is {page}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = with_config(__doc__)
    found.add_argument(
        "--labels",
        metavar="FOLDER",
        help="look at this PPOCRLabel folder (or label file) in place of the config's Train and "
        "Eval sets: labels that are not split yet",
    )
    found.add_argument(
        "--write", metavar="FILE", help="write the config with everything recommended, may be -c's"
    )
    found.add_argument(
        "--output",
        metavar="FOLDER",
        help="where to write the report; default output/check_data/<name of the config>, with "
        "--write <name of the file>_check beside it",
    )
    found.add_argument(
        "--limit",
        type=int,
        default=0,
        metavar="N",
        help="look at N rows of each set, drawn at random by Global.seed (default: all)",
    )
    found.add_argument("--quiet", action="store_true", help="no progress bar")
    return found


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
