"""Draw text lines or pages to train on: from fonts, backgrounds and texts, or to fill gaps.

    python tools/synthesize.py -c configs/synth/lines.yml --dry-run
    python tools/synthesize.py -c configs/synth/lines.yml
    python tools/synthesize.py -c configs/synth/lines_gaps.yml -o Gaps.labels=[data/train.txt]
    python tools/synthesize.py -c configs/synth/pages.yml -o Global.number=500 Global.format=lmdb

Writes label files and pictures as training reads them (or LMDB), preview.png with some samples
and report.json with what was counted: characters before and after, fonts, texts that were not
used and why. The same seed gives the same files, whatever the number of processes. A run that was
stopped goes on where it was when the command is given again; a larger Global.number adds samples.

--dry-run draws the preview and writes nothing else.

Exit status: 0 drawn; 65 texts, fonts or pictures cannot be used; 66 a file or folder is missing;
73 the output holds something else (--force replaces it); 78 something is wrong with the config.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
from collections.abc import Sequence

import cv2
import numpy as np

from ppocr.config import load
from ppocr.conversion import convert, from_synthesis, synthesis_report
from ppocr.conversion.convert import Writer
from ppocr.conversion.to_lmdb import LMDBWriter
from ppocr.conversion.to_ppocr import PaddleOCRWriter
from ppocr.doctor import sheet
from ppocr.synthesis.plan import Plan
from ppocr.synthesis.settings import Settings, read
from ppocr.synthesis.studio import Artist, Studio
from ppocr.transforms.base import Rejected
from ppocr.utils import exits, files
from ppocr.utils.exits import DataError
from ppocr.utils.logs import say
from tools import program

PREVIEW = "preview.png"
BOX_BGR = (60, 170, 40)


def main(argv: Sequence[str]) -> int:
    """Return 0 when everything was drawn; a DataError (65) when nothing was."""
    given = parser().parse_args(argv)
    output_too = [f"Global.output={given.output}"] if given.output else []
    root = load(given.config, [*given.opt, *output_too])
    settings = read(root)
    plan = Plan(settings, given.quiet)
    output = Path(settings.general.output)
    with Studio(settings) as studio:
        title = f"{Path(given.config).stem}: seed {settings.general.seed}, {len(plan)} in all"
        if given.dry_run:
            say(f"{_preview(output, title, plan, studio.artist)}: nothing else was written")
            say(_planned(plan))
            for line in synthesis_report.left_out(plan):
                say(line)
            return 0
        output.mkdir(parents=True, exist_ok=True)
        writer = _writer(settings, output)
        source = from_synthesis.source(plan, studio)
        recipe = from_synthesis.recipe(root, settings, plan)
        done = convert.run(source, writer, output, recipe, given.force, given.quiet, "drawing")
        found = synthesis_report.report(plan, synthesis_report.read_back(output, plan), done)
        report = synthesis_report.write(output, found)
        told = [*done.told, *synthesis_report.said(found, plan)]  # before the preview draws texts
        preview = _preview(output, title, plan, studio.artist)
    above = settings.general.data_dir
    for path in synthesis_report.seen_from(Path(above), output) if above else ():
        say(f"{path}: the same rows for data_dir: {above}")
    for line in told:
        say(line)
    if done.kept:
        say(f"{done.kept} samples were finished before and kept")
    say(f"look at {preview}; what was counted is in {report}")
    if not found["lines"]:
        raise DataError("nothing was drawn; see the reasons above")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = program.with_config(__doc__)
    found.add_argument("--output", metavar="FOLDER", help="instead of Global.output")
    found.add_argument("--dry-run", action="store_true", help="draw the preview and stop")
    found.add_argument("--force", action="store_true", help="begin anew in a folder with samples")
    found.add_argument("--quiet", action="store_true", help="no progress bar")
    return found


def _writer(settings: Settings, output: Path) -> Writer:
    task = "rec"
    if settings.is_pages:
        task = "both" if settings.layout.get("crops") else "det"
    if settings.general.format == "lmdb":
        return LMDBWriter(output, task, ".jpg")
    return PaddleOCRWriter(output, task, "copy", ".jpg")


def _planned(plan: Plan) -> str:
    gaps = plan.gap_lines
    if plan.settings.is_pages:
        return f"would draw {len(plan)} pages with {len(plan.fonts.faces)} fonts"
    need = plan.need
    filled = f", {len(gaps)} of them for {len(need.missing)} characters" if gaps and need else ""
    return f"would draw {len(plan)} lines with {len(plan.fonts.faces)} fonts{filled}"


def _preview(output: Path, title: str, plan: Plan, artist: Artist) -> Path:
    """Write the contact sheet of samples from all over the plan and return its path."""
    count = min(plan.settings.general.preview, len(plan))
    numbers = np.unique(np.linspace(0, max(len(plan) - 1, 0), count).astype(int)) if count else ()
    groups = []
    for number in numbers:
        job = plan.job(int(number))
        name = plan.fonts.faces[job.font].name if job.font >= 0 else "page"
        group = sheet.Group(place=f"{int(number)}  {name}", text=job.text)
        try:
            drawn = artist.draw(job)
            if drawn.rejected is not None:
                raise drawn.rejected
        except Rejected as rejected:
            group.wrong = str(rejected)
        else:
            group.tiles.append(sheet.Tile(_framed(drawn.content, drawn.regions)))
            if drawn.regions:
                group.text = f"{len(drawn.regions)} lines"
        groups.append(group)
    path = output / PREVIEW
    with files.atomic_write(path) as file:
        file.write(sheet.png(groups, title, plan.fonts))
    return path


def _framed(content: bytes, regions: Sequence) -> np.ndarray:
    """Return the picture with a frame around each line of a page."""
    image_HWC = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    for one in regions:
        cv2.polylines(image_HWC, [np.array(one.corners, np.int32)], True, BOX_BGR, 2)
    return image_HWC


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
