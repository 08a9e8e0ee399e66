"""Turn labels of other tools into a training set, and training sets into projects to correct.

    python tools/convert_data.py --from ppocrlabel --to ppocr --input pages/ --output data/
    python tools/convert_data.py --from coco --to ppocr --input a.json --images imgs/ --output data/
    python tools/convert_data.py --from ppocr --to lmdb --input rec.txt --images data --output lmdb/

Pages become det.txt, and their lines are cut as prediction cuts them and become rec.txt (--task
takes only one of them). What cannot be used is left out, counted, and listed with file and line in
OUTPUT/.conversion/skipped.tsv. Run it again after an interruption or with new labels: what is
finished is kept.

Exit status: 0 converted (a summary says what was left out); 2 the command line; 65 nothing could be
used; 66 an input is missing; 73 the output holds something else.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import json
import os
import shlex
from collections.abc import Sequence

from ppocr.conversion import convert
from ppocr.conversion.convert import Writer
from ppocr.conversion.formats import READERS, WRITERS
from ppocr.conversion.journal import FOLDER
from ppocr.conversion.safe import Images, Input
from ppocr.conversion.to_lmdb import LMDBWriter
from ppocr.conversion.to_ppocr import PaddleOCRWriter
from ppocr.conversion.to_ppocrlabel import PPOCRLabelWriter
from ppocr.utils import exits
from ppocr.utils.exits import DataError, MissingInput, UsageError
from ppocr.utils.logs import say


def main(argv: Sequence[str]) -> int:
    """Return 0 when something was converted; a DataError (65) when nothing could be used."""
    given = parser().parse_args(argv)
    source_path, root, output = _paths(given)
    images = Images(root, given.allow_links, output)
    found = Input(source_path, images, given.text_key, given.difficult, given.unconfirmed)
    source = READERS[given.source](found)
    writer = _writer(given, output)
    summary = convert.run(source, writer, output, _recipe(given, root), given.force, given.quiet)
    for line in (*summary.told, *summary.tally.lines()):
        say(line)
    if summary.kept:
        say(f"{summary.kept} items were finished before and kept")
    if summary.tally.rows:
        say(f"everything that was skipped is in {output / FOLDER / 'skipped.tsv'}")
    if not summary.pages and not summary.lines:
        raise DataError(f"nothing in {given.input} could be used; see the reasons above")
    if given.target == "ppocr" and given.copy != "keep":
        say(f"next: python tools/split_data.py --datasetRootPath {shlex.quote(given.output)}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("--from", dest="source", required=True, choices=list(READERS), help="format of the input")
    add("--to", dest="target", required=True, choices=WRITERS, help="format to write")
    add("--input", required=True, metavar="PATH", help="annotation file, or folder of them")
    add("--images", metavar="FOLDER", help="root of the images; default: the folder of the input")
    add("--output", required=True, metavar="FOLDER", help="where to write")
    add(
        "--task",
        default="both",
        choices=("both", "det", "rec"),
        help="write label files of pages, of lines, or both (default)",
    )
    add(
        "--copy",
        default="copy",
        choices=("copy", "link", "keep"),
        help="copy the images, make hard links, or leave them and name them where they are",
    )
    add("--crop-format", default="png", choices=("png", "jpg"), help="of the lines cut out")
    add("--text-key", default="", metavar="NAME", help="field or attribute that holds the text")
    add(
        "--difficult",
        default="ignore",
        choices=("ignore", "use"),
        help="what to do with regions that PPOCRLabel marks as difficult",
    )
    add(
        "--unconfirmed",
        default="skip",
        choices=("skip", "use"),
        help="what to do with pages nobody has confirmed in PPOCRLabel",
    )
    add("--allow-links", action="store_true", help="follow links that lead out of --images")
    add("--force", action="store_true", help="replace what an earlier conversion wrote to --output")
    add("--quiet", action="store_true", help="no progress bar")
    return found


def _paths(given: argparse.Namespace) -> tuple[Path, Path, Path]:
    """Return input, root of the images and output, absolute; errors name what is missing."""
    source = Path(os.path.abspath(given.input))
    if not source.exists():
        raise MissingInput(f"no such file or folder: {given.input}")
    default = source if source.is_dir() else source.parent
    root = Path(os.path.abspath(given.images)) if given.images else default
    if not root.is_dir():
        raise MissingInput(f"--images: no such folder: {root}")
    output = Path(os.path.abspath(given.output))
    if output in (root, source, source.parent if source.is_file() else source):
        raise UsageError(f"--output {given.output} is the folder that is read; choose another one")
    return source, root, output


def _writer(given: argparse.Namespace, output: Path) -> Writer:
    output.mkdir(parents=True, exist_ok=True)
    ending = f".{given.crop_format}"
    if given.target == "lmdb":
        return LMDBWriter(output, given.task, ending)
    if given.target == "ppocrlabel":
        if given.copy == "keep":
            raise UsageError("--copy keep: PPOCRLabel wants the images in its own folder; use link")
        return PPOCRLabelWriter(output, given.task, given.copy, given.force)
    return PaddleOCRWriter(output, given.task, given.copy, ending)


def _recipe(given: argparse.Namespace, root: Path) -> str:
    """Return the options that decide what is written, as text."""
    names = ("source", "target", "task", "copy", "crop_format", "text_key", "difficult")
    values = {name: getattr(given, name) for name in names}
    return json.dumps({**values, "unconfirmed": given.unconfirmed, "images": str(root)})


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
