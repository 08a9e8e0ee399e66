"""Draw the quickstart data set: pages of short lines, and line crops.

    python tools/make_quickstart.py
    python tools/make_quickstart.py --output train_data/more --train_pages 1000 --seed 8

A folder that already holds exactly what is asked for is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
from collections.abc import Sequence

from ppocr.synthesis.dataset import Recipe, write
from ppocr.utils import exits
from ppocr.utils.logs import say


def main(argv: Sequence[str]) -> None:
    """Draw the data set, or say that it is there."""
    given = _parser().parse_args(argv)
    recipe = Recipe(given.train_pages, given.val_pages, given.unseen_pages, given.lines, given.seed)
    drawn = write(Path(given.output), recipe, given.workers)
    say(f"{given.output}: {'drawn' if drawn else 'already there'}")


def _parser() -> argparse.ArgumentParser:
    head, _, tail = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head, epilog=tail, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = Recipe()
    parser.add_argument("--output", default="train_data/quickstart", help="[%(default)s]")
    parser.add_argument("--train_pages", type=int, default=usual.train_pages, help="[%(default)s]")
    parser.add_argument("--val_pages", type=int, default=usual.val_pages, help="[%(default)s]")
    parser.add_argument(
        "--unseen_pages", type=int, default=usual.unseen_pages, help="pages to try on [%(default)s]"
    )
    parser.add_argument(
        "--lines", type=int, default=usual.lines, help="line images beside the pages [%(default)s]"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="[%(default)s]")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0: one per core")
    return parser


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
