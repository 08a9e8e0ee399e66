"""Label a folder with exported models, as a PPOCRLabel project to correct.

    python tools/prelabel.py --image_dir pages/ --det_model_dir inference/det \\
        --rec_model_dir inference/rec --output project/

Writes the images and Cache.cach, from which PPOCRLabel takes its proposals: open the folder,
correct a page, confirm it. Then tools/convert_data.py --from ppocrlabel, or tools/split_data.py.
Which pages to begin with stands in worst_first.tsv: name, lines, lowest and mean score.

--output may be the folder of the images itself. All flags of tools/infer/predict_system.py work;
lines below --drop_score are left out, and none is unless it is given, because a poor proposal is
less work than an empty box. Labels that were corrected are never overwritten without --force.

Exit status: 0 all labelled, 65 some images could not be read (the others are finished), 73 there
are labels already.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence

import cv2

from ppocr.conversion import convert
from ppocr.conversion.files_out import write_rows
from ppocr.conversion.page import Item, Picture, Region, Skip, Source, is_ignored
from ppocr.conversion.page import Page as Labelled
from ppocr.conversion.to_ppocrlabel import PPOCRLabelWriter
from ppocr.serving.images import KEPT_ENDINGS, Page
from ppocr.serving.jobs import UNREADABLE
from ppocr.serving.report import plain_points
from ppocr.serving.system import Line, TextSystem
from ppocr.utils import exits, logs, runtime
from ppocr.utils.exits import DataError, InternalError, UsageError
from ppocr.utils.files import find_images
from ppocr.utils.logs import say
from tools.infer.arguments import Arguments, parse

STAGES = ("det", "cls", "rec")
SCORES = "worst_first.tsv"
UNREAD = "unreadable image"
MODELS = ("det_model_dir", "rec_model_dir", "cls_model_dir")


def main(argv: Sequence[str]) -> int:
    """Return 0 when every page was labelled; a DataError (65) counts those that could not be."""
    own, words = parser().parse_known_args(list(argv))
    given = parse(words, __doc__ or "", STAGES)
    given.given.setdefault("drop_score", 0.0)
    runtime.prepare(announce=False)
    logs.setup(stream=sys.stderr)
    if not given["image_dir"]:
        raise UsageError("--image_dir says which image, PDF or folder to label")
    files = find_images(given["image_dir"])
    output = Path(os.path.abspath(own.output))
    output.mkdir(parents=True, exist_ok=True)
    writer = PPOCRLabelWriter(output, "det", "link" if own.link else "copy", own.force)
    from tools.infer.predict import open_system

    system, read = open_system(given)
    scores: dict[str, list[float]] = {}
    source = Source(_items(files, read, system, scores), len(files))
    summary = convert.run(source, writer, output, _recipe(given), own.force, own.quiet)
    write_rows(output / SCORES, _score_rows(scores))
    for line in (*summary.told, *summary.tally.lines()):
        say(line)
    failed = {skip.place for skip in summary.tally.rows}
    if failed:
        raise DataError(f"{len(failed)} of {len(files)} files gave no labels: {min(failed)} ...")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the flags that predict_system does not have."""
    found = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    found.add_argument("--output", required=True, metavar="FOLDER", help="the project to write")
    found.add_argument("--link", action="store_true", help="hard links to the images, no copies")
    found.add_argument("--force", action="store_true", help="replace labels that are there")
    found.add_argument("--quiet", action="store_true", help="no progress bar")
    return found


def _items(
    files: Sequence[Path],
    read: Callable[[Path], Iterator[Page]],
    system: TextSystem,
    scores: dict[str, list[float]],
) -> Iterator[Item]:
    """Yield each page with what the models found on it; scores are noted on the way."""
    for file in files:
        try:
            for page in read(file):
                lines = system(page.image_HWC).lines
                picture = _picture(page)
                scores[picture.name] = [line.score for line in lines]
                yield Labelled(picture, tuple(map(_region, lines)), str(file), confirmed=False)
        except UNREADABLE as error:
            yield Skip(UNREAD, str(file), str(error))


def _picture(page: Page) -> Picture:
    """Return the image of a page: its file, or a PNG of what PPOCRLabel could not open."""
    if page.number is None and page.path.suffix.lower() in KEPT_ENDINGS:
        return Picture(page.path.name, page.path)
    done, encoded = cv2.imencode(".png", page.image_HWC)
    if not done:
        raise InternalError(f"{page.name} cannot be written as PNG")
    return Picture(f"{page.stem}.png", None, encoded.tobytes())


def _region(line: Line) -> Region:
    points = tuple((x, y) for x, y in plain_points(line.points))
    return Region(points, line.text, is_ignored(line.text))


def _score_rows(scores: dict[str, list[float]]) -> Iterator[str]:
    """Yield name, lines, lowest and mean score; pages without a line come first."""
    rows = [(min(s, default=0.0), sum(s) / max(len(s), 1), n, len(s)) for n, s in scores.items()]
    for lowest, mean, name, count in sorted(rows):
        yield f"{name}\t{count}\t{lowest:.3f}\t{mean:.3f}"


def _recipe(given: Arguments) -> str:
    """Return what decides the labels, as text: another model does not continue this project."""
    return json.dumps({"prelabel": {name: str(given[name]) for name in ("image_dir", *MODELS)}})


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
