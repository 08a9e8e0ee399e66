"""Splits PPOCRLabel projects into train, val and test, pages and line crops together.

The crops of a page go where the page goes, and pages of one document stay together. Lines of a
project that has none cut out yet are cut as prediction cuts them. What is written names images
relative to its folder, in a subfolder per project, so that equal names do not meet.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from ppocr.conversion import tailor
from ppocr.conversion.cut import check_image, checked_text, prepare
from ppocr.conversion.files_out import place, row_name, write_rows
from ppocr.conversion.from_ppocrlabel import LABELS, LINES, project_picture
from ppocr.conversion.page import Page, Picture, Skip, Tally
from ppocr.conversion.rows import page_of, ppocr_json
from ppocr.conversion.safe import Images, walk
from ppocr.conversion.stratify import PARTS, assign, features
from ppocr.conversion.to_ppocr import CROPS, DET, REC
from ppocr.conversion.to_ppocrlabel import CROPS as PROJECT_CROPS
from ppocr.data.labels import LabelFile, Row
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput, OutputError, UsageError

CROP_NAME = re.compile(r"^(.+)_crop_\d+$")
PLAN = "split.json"
CROP_ENDING = ".png"


@dataclass(frozen=True, slots=True)
class Options:
    """Where everything is and how to split."""

    dataset: Path
    det: Path
    rec: Path
    shares: tuple[float, float, float]
    seed: int = 0
    group: str = ""  # a regular expression: what it finds in "project/page" names the document
    det_label: str = LABELS
    rec_label: str = LINES
    crops: str = PROJECT_CROPS
    force: bool = False
    configs: tuple[str, ...] = ()  # to be written for the parts

    @property
    def roots(self) -> dict[str, Path]:
        """Where the parts of each task go."""
        return {"det": self.det, "rec": self.rec}


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to be written: an image, its label, and the document that it belongs to.

    With ``lines`` it is a page whose lines are to be cut out, each a row.
    """

    picture: Picture
    name: str  # below the folder of its part
    label: str
    group: str
    texts: tuple[str, ...]
    place: str
    page: Page | None = None
    lines: bool = False


@dataclass(slots=True)
class Result:
    """What was written: rows of each part by task, configs, and what to tell the user."""

    told: list[str]
    tally: Tally
    rows: dict[str, dict[str, int]]
    configs: list[Path]


Find = Callable[[str], str]
Make = Callable[[Row, Images, str, Options, Find, Tally], Sample]


def run(options: Options, quiet: bool = True) -> Result:
    """Split and write; return what was written and what was left out."""
    if options.det == options.rec:
        raise UsageError("--detRootPath and --recRootPath must be two folders")
    for root in options.roots.values():
        _refuse_existing(root, options.force)
    wanted = tailor.check(options.configs, options.roots, options.force)
    options = _named(options)
    tally = Tally()
    find = _grouping(options.group)
    det = list(_read(options, options.det_label, _page, find, tally))
    rec = list(_read(options, options.rec_label, _line, find, tally))
    tally.add(_unexported(det, rec, options))
    rec += _uncut(det, options)
    if not det and not rec:
        raise DataError(f"nothing in {options.dataset} could be used: " + _reasons(tally))
    parts = _parts(det, rec, options)
    for task, path in wanted.items():
        samples = det if task == "det" else rec
        tailor.demand(path, task, {parts[sample.group] for sample in samples})
    found = Result([], tally, {}, [])
    with tqdm(total=len(det) + len(rec), desc="copying", unit="", disable=quiet) as bar:
        for task, samples in (("det", det), ("rec", rec)):
            root = options.roots[task]
            found.rows[task] = _write(root, samples, parts, options, tally, bar) if samples else {}
            found.told += [f"{n} rows in {root / part}.txt" for part, n in found.rows[task].items()]
    groups = len(parts)
    found.told.append(
        f"{groups} documents, no page and no crop of one in two parts; seed {options.seed}"
    )
    for task, path in wanted.items():
        tailored = tailor.write(path, task, tailor.Parts(options.roots[task], found.rows[task]))
        found.told.append(tailored.told)
        found.configs.append(tailored.path)
    return found


def projects(dataset: Path, labels: Sequence[str]) -> list[Path]:
    """Return the folders that hold a label file, the data set itself or below it, sorted."""
    return sorted({path.parent for path in walk(dataset) if path.name in labels})


def _named(options: Options) -> Options:
    """Return options whose label files are there: those that are named, or convert_data's."""
    if not options.dataset.is_dir():
        raise MissingInput(f"--datasetRootPath: no such folder: {options.dataset}")
    for det, rec in ((options.det_label, options.rec_label), (DET, REC)):
        if projects(options.dataset, (det, rec)):
            return replace(options, det_label=det, rec_label=rec)
    raise MissingInput(
        f"no {options.det_label} or {options.rec_label} in or below {options.dataset}, and no "
        f"{DET} or {REC} of tools/convert_data.py"
    )


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
    return Sample(picture, name, ppocr_json(page.regions), group, texts, row.place, page)


def _uncut(det: Sequence[Sample], options: Options) -> list[Sample]:
    """Return the pages of projects without a list of lines, to be cut."""
    listed: dict[Path, bool] = {}
    found = []
    for sample in det:
        home = _home(sample)
        if home not in listed:
            path = home / options.rec_label
            listed[home] = path.is_file() and len(LabelFile(path)) > 0
        if not listed[home]:
            found.append(replace(sample, lines=True))
    return found


def _unexported(det: Sequence[Sample], rec: Sequence[Sample], options: Options) -> Iterator[Skip]:
    """Yield the pages with text of which no line is listed, where lines are called like pages."""
    listed = {(_home(one), _page_of(PurePosixPath(one.picture.name))) for one in rec}
    pages = {one.place: (_home(one), PurePosixPath(one.picture.name).stem) for one in det}
    homes = {page[0] for page in pages.values() if page in listed}
    for sample in det:
        page = pages[sample.place]
        if page[0] in homes and page not in listed and any(map(str.strip, sample.texts)):
            hint = f"export it in PPOCRLabel, or delete {options.rec_label} to have all lines cut"
            yield Skip(f"no line in {options.rec_label}", sample.place, hint)


def _home(sample: Sample) -> Path:
    """Return the folder of the project that a sample is of."""
    return Path(sample.place.rpartition(":")[0]).parent


def _line(row: Row, images: Images, prefix: str, options: Options, find: Find, _: Tally) -> Sample:
    try:
        picture = images.named(row.paths[0])
    except Rejected as error:
        if error.reason != "missing image":
            raise
        picture = images.named(f"{options.crops}/{PurePosixPath(row.paths[0]).name}")
    text = checked_text(row.label)
    group = find(prefix + _page_of(PurePosixPath(picture.name)))
    name = row_name(prefix + picture.name)
    return Sample(picture, name, text, group, (text,), row.place)


def _page_of(crop: PurePosixPath) -> str:
    """Return the name of the page that a line was cut out of, without its ending."""
    found = CROP_NAME.match(crop.stem)
    if found:
        return found[1]
    cut_by_us = crop.parts[0] == CROPS and crop.stem.isdigit() and len(crop.parts) > 2
    return crop.parent.stem if cut_by_us else crop.stem


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
) -> dict[str, int]:
    """Write one root beside itself, then put it in place; return how many rows each part has."""
    root.mkdir(parents=True, exist_ok=True)
    fresh = root / ".split"
    shutil.rmtree(fresh, ignore_errors=True)  # of a run that was killed
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
    return counts


def _copied(
    fresh: Path, part: str, samples: Iterable[Sample], tally: Tally, bar: tqdm
) -> Iterator[str]:
    for sample in samples:
        bar.update()
        if sample.lines and sample.page is not None:
            yield from _cut(fresh, part, sample, sample.page, tally)
            continue
        try:
            content = sample.picture.read(sample.place)
            check_image(content)
        except Rejected as error:
            tally.add([Skip.of(error, sample.place)])
            continue
        yield f"{place(fresh, f'{part}/{sample.name}', content)}\t{sample.label}"


def _cut(fresh: Path, part: str, sample: Sample, page: Page, tally: Tally) -> Iterator[str]:
    """Write the lines of a page into a folder called like it; yield their rows."""
    prepared = prepare(page, True, CROP_ENDING)
    tally.add(skip for skip in prepared.skipped if skip.reason != "ignored region")
    for crop in prepared.crops:
        name = f"{part}/{sample.name}/{crop.number + 1:04d}{CROP_ENDING}"
        yield f"{place(fresh, name, crop.content)}\t{crop.text}"


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
