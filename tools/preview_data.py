"""Show samples as the network sees them, on one contact sheet.

    python tools/preview_data.py -c configs/det/my.yml -n 16
    python tools/preview_data.py -c configs/rec/my.yml -n 6 --each-op
    python tools/preview_data.py -c my.yml --mode Eval --epoch 3 --output eval.png

Samples go through the transforms of the section, with the random numbers of that seed and epoch:
the sheet is the same every time, and shows what training gets. Detection: boxes (ignored ones in
red), shrink map and threshold map. Recognition: the line with its padding, and the text that the
label stands for; what was lost on the way is in red.

Exit status: 0 written; 2 no such section; 65 the data cannot be used; 66 a file is missing; 73 the
sheet cannot be written; 78 something is wrong with the config.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
from collections.abc import Sequence

from ppocr.utils import exits, files, runtime
from ppocr.utils.logs import say
from tools.program import with_config

MOST = 400


def main(argv: Sequence[str]) -> int:
    """Return 0 after a sheet was written."""
    given = parser().parse_args(argv)
    if not 1 <= given.number <= MOST:
        raise exits.UsageError(f"-n should be 1 to {MOST}, not {given.number}")
    runtime.prepare(announce=False)
    from ppocr.config import general, load
    from ppocr.doctor import preview, sheet
    from ppocr.pipeline import checks
    from ppocr.serving.fonts import FontChain

    overrides = given.opt
    config = load(given.config, overrides)
    checks.ensure(config)
    seed = general.seed(config) if given.seed is None else given.seed
    name = Path(given.config).stem
    path = Path(given.output or Path("output/preview_data") / f"{name}_{given.mode}.png")
    samples = preview.groups(config, given.mode, given.number, seed, given.epoch, given.each_op)
    title = f"{name}: {len(samples)} samples of {given.mode}, epoch {given.epoch}, seed {seed}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic_write(path) as file:
        file.write(sheet.png(samples, title, FontChain(given.font)))
    refused = sum(bool(sample.wrong) for sample in samples)
    say(
        f"{path}: {len(samples)} samples" + (f", {refused} with something wrong" if refused else "")
    )
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = with_config(__doc__)
    found.add_argument("-n", "--number", type=int, default=16, help="how many samples (16)")
    found.add_argument("--each-op", action="store_true", help="show each after every operation")
    found.add_argument("--mode", default="Train", help="the section: Train (default) or Eval")
    found.add_argument("--seed", type=int, help="instead of Global.seed")
    found.add_argument("--epoch", type=int, default=0, help="which epoch to look at, from 0")
    found.add_argument("--font", metavar="FILE", help="a font for the labels")
    found.add_argument(
        "--output", metavar="PNG", help="default output/preview_data/<config>_<mode>.png"
    )
    return found


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
