"""Split labelled pages and their line crops into train, val and test.

    python tools/split_data.py --trainValTestRatio 6:2:2 --datasetRootPath pages/ \\
        --detRootPath train_data/det --recRootPath train_data/rec
    python tools/split_data.py --datasetRootPath scans/ --group '(.*)_page\\d+'
    python tools/split_data.py --datasetRootPath pages/ --trainValTestRatio 8:2:0 \\
        --output train_data/mine --config configs/quickstart/det.yml configs/quickstart/rec.yml

Reads PPOCRLabel folders (Label.txt, rec_gt.txt, crop_img/): the one that is named, or all below it.
Where there is no rec_gt.txt the lines are cut out of the pages, as prediction cuts them. What
tools/convert_data.py wrote (det.txt, rec.txt) is split the same way.
Pages and their crops stay on one side, and so do the pages of one document (--group: a regular
expression; pages for which it finds the same in "folder/name of the page" belong together). Parts
are alike in text length and share rare characters. The same --seed gives the same split.

Writes train.txt, val.txt, test.txt with names relative to their folder, the images beside them, and
split.json. Nothing is deleted without --force. With --config, configs of models (one for detection,
one for recognition) are written as det.yml and rec.yml beside those folders: with the new paths,
folders of their own for results, enough epochs for a small set, and, if the config has been trained
here, its weights to start from.

Exit status: 0 done (what was left out is listed); 65 nothing usable, or too few documents; 66 no
label file; 73 there is a split already.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import os
import shlex
from collections.abc import Sequence

from ppocr.conversion import split, stratify
from ppocr.conversion.from_ppocrlabel import LABELS, LINES
from ppocr.conversion.tailor import COMMON_HOME, shown
from ppocr.conversion.to_ppocrlabel import CROPS
from ppocr.utils import exits
from ppocr.utils.logs import say


def main(argv: Sequence[str]) -> int:
    """Return 0 when the split was written."""
    given = parser().parse_args(argv)
    home = Path(given.output or COMMON_HOME)
    options = split.Options(
        _absolute(given.datasetRootPath),
        _absolute(given.detRootPath or home / "det"),
        _absolute(given.recRootPath or home / "rec"),
        stratify.ratios(given.trainValTestRatio),
        given.seed,
        given.group,
        given.detLabelFileName,
        given.recLabelFileName,
        given.recImageDirName,
        given.force,
        tuple(given.config),
    )
    found = split.run(options, given.quiet)
    for line in (*found.told, *found.tally.lines()):
        say(line)
    for config in found.configs:
        file = shlex.quote(shown(config))
        say(f"next: python tools/check_data.py -c {file} --write {file}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command; the flags are those of PPOCRLabel's script, and more."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("--trainValTestRatio", default="6:2:2", help="shares of the three parts [%(default)s]")
    add("--datasetRootPath", required=True, help="PPOCRLabel folder, or a folder of such")
    add("--output", metavar="FOLDER", help=f"home of det/ and rec/ [{COMMON_HOME}]")
    add("--detRootPath", metavar="FOLDER", help="where pages go, if not to det/ of --output")
    add("--recRootPath", metavar="FOLDER", help="where lines go, if not to rec/ of --output")
    add("--config", nargs="+", default=[], metavar="YML", help="configs to write for the parts")
    add("--detLabelFileName", default=LABELS, help="labels of pages [%(default)s]")
    add("--recLabelFileName", default=LINES, help="labels of lines [%(default)s]")
    add("--recImageDirName", default=CROPS, help="folder of the lines [%(default)s]")
    add("--group", default="", metavar="PATTERN", help="what names the document of a page")
    add("--seed", type=int, default=0, help="another number, another split [%(default)s]")
    add("--force", action="store_true", help="replace an earlier split in these folders")
    add("--quiet", action="store_true", help="no progress bar")
    return found


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
