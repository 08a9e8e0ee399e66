"""Splits PPOCRLabel projects into train, val and test, pages and line crops together.

The crops of a page go where the page goes, and pages of one document stay together. What is written
names images relative to its folder, in a subfolder per project, so that equal names do not meet.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from ppocr.conversion.cut import check_image, checked_text
from ppocr.conversion.files_out import place, row_name, write_rows
from ppocr.conversion.from_ppocrlabel import project_picture
from ppocr.conversion.page import Picture, Skip, Tally
from ppocr.conversion.rows import page_of, ppocr_json
from ppocr.conversion.safe import Images, walk
from ppocr.conversion.stratify import PARTS, assign, features
from ppocr.data.labels import LabelFile, Row
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput, OutputError, UsageError

CROP_NAME = re.compile(r"^(.+)_crop_\d+$")
PLAN = "split.json"


@dataclass(frozen=True, slots=True)
class Options:
    """Where everything is and how to split."""

    dataset: Path
    det: Path
    rec: Path
    shares: tuple[float, float, float]
    seed: int = 0
    group: str = ""  # a regular expression: what it finds in "project/page" names the document
    det_label: str = "Label.txt"
    rec_label: str = "rec_gt.txt"
    crops: str = "crop_img"
    force: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to be written: an image, its label, and the document that it belongs to."""

    picture: Picture
    name: str  # below the folder of its part
    label: str
    group: str
    texts: tuple[str, ...]
    place: str


Find = Callable[[str], str]
Make = Callable[[Row, Images, str, Options, Find, Tally], Sample]


def run(options: Options, quiet: bool = True) -> tuple[list[str], Tally]:
    """Split and write; return what to tell the user and what was left out."""
    roots = (options.det, options.rec)
    if options.det == options.rec:
        raise UsageError("--detRootPath and --recRootPath must be two folders")
    for root in roots:
        _refuse_existing(root, options.force)
    tally = Tally()
    find = _grouping(options.group)
    det = list(_read(options, options.det_label, _page, find, tally))
    rec = list(_read(options, options.rec_label, _line, find, tally))
    if not det and not rec:
        raise DataError(f"nothing in {options.dataset} could be used: " + _reasons(tally))
    parts = _parts(det, rec, options)
    told = []
    with tqdm(total=len(det) + len(rec), desc="copying", unit="", disable=quiet) as bar:
        for root, samples in zip(roots, (det, rec), strict=True):
            if samples:
                told += _write(root, samples, parts, options, tally, bar)
    groups = len(parts)
    told.append(f"{groups} documents, no page and no crop of one in two parts; seed {options.seed}")
    return told, tally


def projects(dataset: Path, labels: Sequence[str]) -> list[Path]:
    """Return the folders that hold a label file, the data set itself or below it, sorted."""
    if not dataset.is_dir():
        raise MissingInput(f"--datasetRootPath: no such folder: {dataset}")
    found = sorted({path.parent for path in walk(dataset) if path.name in labels})
    if not found:
        raise MissingInput(f"no {' or '.join(labels)} in or below {dataset}")
    return found


def _read(options: Options, label: str, make: Make, find: Find, tally: Tally) -> Iterator[Sample]:
    for folder in projects(options.dataset, (options.det_label, options.rec_label)):
        path = folder / label
        if not path.is_file():
            continue
        home = folder.relative_to(options.dataset).as_posix()
        prefix = "" if home == "." else f"{home}/"
        file, images = LabelFile(path), Images(folder)
        for number in range(len(file)):
            try:
                yield make(file[number], images, prefix, options, find, tally)
            except Rejected as error:
                tally.add([Skip.of(error, file.place(number))])


def _page(row: Row, images: Images, prefix: str, _: Options, find: Find, tally: Tally) -> Sample:
    picture = project_picture(images.root, row.paths[0], images)
    page = page_of(row.label, picture, row.place)
    tally.add(page.skipped)
    texts = tuple(region.text for region in page.regions if not region.ignored)
    group = find(prefix + PurePosixPath(picture.name).stem)
    name = row_name(prefix + picture.name)
    return Sample(picture, name, ppocr_json(page.regions), group, texts, row.place)


def _line(row: Row, images: Images, prefix: str, options: Options, find: Find, _: Tally) -> Sample:
    try:
        picture = images.named(row.paths[0])
    except Rejected as error:
        if error.reason != "missing image":
            raise
        picture = images.named(f"{options.crops}/{PurePosixPath(row.paths[0]).name}")
    text = checked_text(row.label)
    stem = PurePosixPath(picture.name).stem
    crop = CROP_NAME.match(stem)
    group = find(prefix + (crop[1] if crop else stem))
    name = row_name(prefix + picture.name)
    return Sample(picture, name, text, group, (text,), row.place)


def _grouping(pattern: str) -> Find:
    """Return a function from the name of a page to that of its document."""
    try:
        expression = re.compile(pattern) if pattern else None
    except re.error as error:
        raise UsageError(f"--group {pattern}: not a regular expression: {error}") from None

    def find(name: str) -> str:
        found = expression.search(name) if expression is not None else None
        if found is None:
            return name
        return found[1] if found.re.groups and found[1] is not None else found[0]

    return find


def _parts(det: Sequence[Sample], rec: Sequence[Sample], options: Options) -> dict[str, str]:
    """Return the part of each document; its texts are counted once, from crops if there are."""
    pages: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    for sample in det:
        pages[sample.group] = pages.get(sample.group, 0) + 1
    for sample in rec or det:
        texts.setdefault(sample.group, []).extend(sample.texts)
    names = {*pages, *texts}
    groups = {name: features(pages.get(name, 0), texts.get(name, ())) for name in names}
    return assign(groups, options.shares, options.seed)


def _write(
    root: Path,
    samples: Sequence[Sample],
    parts: dict[str, str],
    options: Options,
    tally: Tally,
    bar: tqdm,
) -> list[str]:
    """Write one root beside itself, then put it in place; return how many rows each part has."""
    root.mkdir(parents=True, exist_ok=True)
    fresh = root / f".split-{os.getpid()}"
    counts = {}
    try:
        for part in PARTS:
            mine = [sample for sample in samples if parts[sample.group] == part]
            rows = _copied(fresh, part, mine, tally, bar)
            if mine:
                counts[part] = write_rows(fresh / f"{part}.txt", rows)
        _write_plan(fresh, samples, parts, options)
        _put_in_place(fresh, root)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return [f"{count} rows in {root / part}.txt" for part, count in counts.items()]


def _copied(
    fresh: Path, part: str, samples: Iterable[Sample], tally: Tally, bar: tqdm
) -> Iterator[str]:
    for sample in samples:
        bar.update()
        try:
            content = sample.picture.read(sample.place)
            check_image(content)
        except Rejected as error:
            tally.add([Skip.of(error, sample.place)])
            continue
        yield f"{place(fresh, f'{part}/{sample.name}', content)}\t{sample.label}"


def _write_plan(
    fresh: Path, samples: Sequence[Sample], parts: dict[str, str], options: Options
) -> None:
    """Write which document went where, with what it takes to do it again."""
    mine = {sample.group: parts[sample.group] for sample in samples}
    plan = {"seed": options.seed, "shares": options.shares, "group": options.group, "parts": mine}
    write_rows(fresh / PLAN, [json.dumps(plan, ensure_ascii=False, indent=1)])


def _outputs() -> list[str]:
    return [*PARTS, *(f"{part}.txt" for part in PARTS), PLAN]


def _refuse_existing(root: Path, force: bool) -> None:
    there = [name for name in _outputs() if (root / name).exists()]
    if there and not force:
        raise OutputError(
            f"{root} already holds {', '.join(there)}; --force replaces exactly these, or choose "
            "other folders"
        )


def _put_in_place(fresh: Path, root: Path) -> None:
    """Exchange the old split, if any, for the new one; the old is deleted last."""
    old = root / f".replaced-{os.getpid()}"
    old.mkdir()
    for name in _outputs():
        if (root / name).exists() or (root / name).is_symlink():
            (root / name).rename(old / name)
    for name in _outputs():
        if (fresh / name).exists():
            (fresh / name).rename(root / name)
    shutil.rmtree(old)


def _reasons(tally: Tally) -> str:
    return "; ".join(tally.lines()) or "the label files are empty"
