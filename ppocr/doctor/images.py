"""Images: their sizes, how EXIF turns them, and how large lines are before they are resized."""

from __future__ import annotations

import numpy as np

from ppocr.doctor.findings import (
    NOTE,
    RUIN,
    WARN,
    Case,
    Chapter,
    Chart,
    Finding,
    Table,
    many,
    op_overrides,
    part,
    percent,
)
from ppocr.doctor.sets import Set
from ppocr.doctor.texts import shape_of
from ppocr.report import charts

TALL = 1.5  # prediction turns crops of this height : width
MANY = 0.05
NAMES = {1: "upright", 3: "turned by 180°", 6: "turned by 90°", 8: "turned by 270°"}


def chapter(case: Case) -> Chapter:
    """Return the chapter on images."""
    found = Chapter("Images")
    rows = []
    for one in case.opened:
        wide, tall = one.column("width"), one.column("height")
        known = wide > 0
        if known.any():
            sides = [f"{int(np.quantile(wide[known], q))} x {int(np.quantile(tall[known], q))}"
                     for q in (0, 0.5, 1)]  # fmt: skip
            rows.append((one.mode, int(known.sum()), *sides))
            found.numbers[f"size_{one.mode}"] = dict(
                zip(("smallest", "median", "largest"), sides, strict=True)
            )
    found.blocks.append(
        Table(("set", "images", "smallest sides", "median", "largest"), tuple(rows))
    )
    for one in case.opened:
        _drawn(case, one, found)
        _turned(case, one, found)
    if case.task != "det":
        _lines(case, found)
    return found


def _drawn(case: Case, one: Set, found: Chapter) -> None:
    known = one.column("width") > 0
    if not known.any() or not one.training:
        return
    tall = one.column("height")[known]
    if case.task == "det":
        values = np.maximum(one.column("width")[known], tall)
        title, marks, limit = "Longer side of the pages (training set)", [], None
    else:
        shape = shape_of(one)
        values = tall
        marks = [(shape[1], f"network {shape[1]}")] if shape else []
        title, limit = "Height of the line images (training set)", None
    drawing = charts.histogram(values, marks, limit, " px", float(np.quantile(values, 0.99)) + 1)
    found.blocks.append(Chart(title, drawing))


def _turned(case: Case, one: Set, found: Chapter) -> None:
    orientation = one.column("orientation")
    values, counts = np.unique(orientation, return_counts=True)
    found.numbers[f"exif_{one.mode}"] = {
        str(value): count for value, count in zip(values.tolist(), counts.tolist(), strict=True)
    }
    turned = int((orientation != 1).sum())
    if turned:
        rows = tuple(
            (f"{value}: {NAMES.get(value, 'mirrored')}", count)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True)
        )
        found.blocks.append(Table(("EXIF orientation", "images"), rows, one.mode))
    against = one.counts["exif-against-boxes"]
    places = tuple(t.place for t in one.troubles if t.kind == "exif-against-boxes")[:10]
    ignores = bool(one.value("ignore_orientation", False))
    if against:
        found.findings.append(
            Finding(
                "exif-against-boxes",
                RUIN,
                f"EXIF turns {many(against, 'page')} of {one.mode} away from the boxes",
                "Their boxes were drawn on the stored pixels, but decoding turns the picture as "
                "EXIF says: the boxes then lie on nothing."
                if not ignores
                else "Their boxes were drawn on the turned picture, but DecodeImage ignores EXIF.",
                part(against, one.looked_at),
                case.accepted(_orientation(case, not ignores)) if against > 0.5 * turned else (),
                places=places,
            )
        )
    elif turned:
        found.findings.append(
            Finding(
                "exif-turned",
                NOTE,
                f"{many(turned, 'image')} of {one.mode} turned by EXIF",
                "Training and prediction turn them the same way; a tool that does not will show "
                "them lying down.",
                part(turned, one.looked_at),
            )
        )


def _orientation(case: Case, ignore: bool) -> list[str]:
    return op_overrides(case, "ignore_orientation", lambda _: ignore, missing="DecodeImage")


def _lines(case: Case, found: Chapter) -> None:
    train = case.train
    if train is None:
        return
    wide, tall = train.column("width"), train.column("height")
    known = wide > 0
    upright = int((tall[known] > TALL * wide[known]).sum())
    found.numbers["taller_than_wide"] = upright
    if upright > MANY * known.sum():
        found.findings.append(
            Finding(
                "tall-lines",
                WARN,
                f"{percent(upright, known.sum())} of the line images are taller than wide",
                "Prediction turns such crops by 90 degrees before they are read, training does "
                "not: turn them counter-clockwise in the data (single characters may stay).",
                part(upright, known.sum()),
            )
        )
    shape = shape_of(train)
    if shape is None:
        return
    low = int((tall[known] < 0.5 * shape[1]).sum())
    found.numbers["much_lower_than_network"] = low
    if low > MANY * known.sum():
        found.findings.append(
            Finding(
                "low-resolution",
                NOTE,
                f"{percent(low, known.sum())} of the lines have less than half of the network's "
                f"height of {shape[1]} px",
                "They are enlarged more than twice, which adds blur and no detail: fetch them "
                "from the original pictures if there are larger ones.",
                part(low, known.sum()),
            )
        )
