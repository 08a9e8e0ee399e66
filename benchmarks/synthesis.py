"""Lines and pages that tools/synthesize.py draws in a second, by format and number of processes.

    python benchmarks/synthesis.py
    python benchmarks/synthesis.py --lines 20000 --workers 1 2 4 --config my_lines.yml

Runs the whole command on configs/synth/lines.yml and pages.yml into a temporary folder: plan,
drawing, writing, verification, report; without the preview. The time of starting Python is not in
it, that of starting the drawing processes is. The last column is the CPU time of all processes
together, which other programs on the machine disturb less. Below the table: what one line costs,
step by step, in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.config import load
from ppocr.synthesis.plan import Plan
from ppocr.synthesis.settings import read
from ppocr.synthesis.studio import Artist
from ppocr.utils.exits import run
from ppocr.utils.files import REPOSITORY
from ppocr.utils.logs import say
from ppocr.utils.runtime import processors
from tools import synthesize

LINES, PAGES = (str(REPOSITORY / f"configs/synth/{name}.yml") for name in ("lines", "pages"))


def main(argv: Sequence[str]) -> int:
    """Print one table."""
    given = _parser().parse_args(argv)
    workers = given.workers or sorted({1, processors()})
    say(f"{processors()} processors; {given.lines} lines, {given.pages} pages")
    say("")
    say("| what | format | processes | s | per second | CPU ms each |")
    say("|---|---|---|---|---|---|")
    for count in workers:
        for form in ("files", "lmdb"):
            _row("lines", given.config, form, count, given.lines)
    for crops in ("false", "true") if given.pages else ():
        name = "pages and crops" if crops == "true" else "pages"
        _row(name, PAGES, "files", workers[-1], given.pages, f"Layout.crops={crops}")
    say("")
    for name, cost_ms in costs(given.config, min(given.lines, 1000)).items():
        say(f"{name}: {cost_ms:.2f} ms a line")
    return 0


def seconds(
    config: str, form: str, workers: int, number: int, *overrides: str
) -> tuple[float, float]:
    """Return how long the command takes, and how much CPU time in all its processes."""
    settings = [f"Global.number={number}", f"Global.format={form}", f"Global.workers={workers}"]
    with tempfile.TemporaryDirectory() as folder:
        words = ["-c", config, "--quiet", "--output", folder, "-o", *settings, *overrides]
        start, before = time.perf_counter(), _cpu_s()
        with contextlib.redirect_stdout(io.StringIO()):
            synthesize.main([*words, "Global.preview=0"])
        return time.perf_counter() - start, _cpu_s() - before


def _cpu_s() -> float:
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


def costs(config: str, number: int) -> dict[str, float]:
    """Return milliseconds of CPU time a line: choosing its text and font, drawing it."""
    settings = read(load(config, [f"Global.number={number}"]))
    plan, artist = Plan(settings), Artist(settings)
    start = time.process_time()
    jobs = list(plan)
    planned = time.process_time()
    for job in jobs:
        artist.draw(job)
    drawn = time.process_time()
    per_line = 1000 / max(len(jobs), 1)
    return {"text and font": (planned - start) * per_line, "picture": (drawn - planned) * per_line}


def _row(name: str, config: str, form: str, workers: int, number: int, *overrides: str) -> None:
    took, cpu_s = seconds(config, form, workers, number, *overrides)
    rate, each_ms = number / took, 1000 * cpu_s / number
    say(f"| {name} | {form} | {workers} | {took:.1f} | {rate:.0f} | {each_ms:.1f} |")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config", default=LINES, help="the lines to draw [configs/synth/lines.yml]"
    )
    parser.add_argument("--lines", type=int, default=10000, help="how many [%(default)s]")
    parser.add_argument("--pages", type=int, default=100, help="how many; 0: none [%(default)s]")
    parser.add_argument("--workers", type=int, nargs="+", help="processes; default 1 and all")
    return parser


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:]))
