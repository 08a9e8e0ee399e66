"""Check the data of a config before it costs a training.

    python tools/check_data.py -c configs/rec/my.yml
    python tools/check_data.py -c my.yml -o Train.dataset.data_dir=data --output report/

Looks at every row of the Train and Eval sections with the parser and the transforms of training
and writes report.html (open it in a browser), report.json and rows.tsv. Each recommendation
names the settings (-o) that apply it.

Exit status: 0 nothing would stop a training or ruin it in silence; 65 something would, see the
findings; 66 a file is missing; 73 the report cannot be written; 78 something is wrong with the
config itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import shlex
from collections.abc import Sequence

from ppocr.utils import exits, runtime
from ppocr.utils.logs import say

LEVEL_WORDS = {"stop": "STOPS", "ruin": "RUINS", "warn": "costs", "note": "note "}


def main(argv: Sequence[str]) -> int:
    """Return 0 when the data is fit to train on, 65 when it is not."""
    given = parser().parse_args(argv)
    runtime.prepare(announce=False)
    from ppocr.config import load
    from ppocr.doctor import inspect, report
    from ppocr.pipeline import checks

    overrides = [one for group in given.opt or [] for one in group]
    config = load(given.config, overrides)
    checks.ensure(config)
    folder = Path(given.output or Path("output/check_data") / Path(given.config).stem)
    found = inspect.run(config, given.config, overrides, folder, given.limit, given.quiet)
    page, _ = report.write(found, folder)
    for one in found.findings:
        say(f"{LEVEL_WORDS[one.level]}  {one.title}")
        for override in one.overrides:
            say(f"         -o {shlex.quote(override)}")
        for command in one.commands:
            say(f"         {command}")
    say(f"{'fit to train on' if found.fit else 'not fit to train on'}: see {page}")
    return found.exit_code


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("-c", "--config", required=True, help="the config, a .yml file")
    found.add_argument(
        "-o",
        "--opt",
        nargs="+",
        action="append",
        metavar="KEY=VALUE",
        help="settings that replace those of the config, as for training",
    )
    found.add_argument(
        "--output",
        metavar="FOLDER",
        help="where to write; default output/check_data/<name of the config>",
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
