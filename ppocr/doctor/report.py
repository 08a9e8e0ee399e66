"""report.html, one file that needs no other, and report.json with the same figures."""

from __future__ import annotations

import json
import shlex
import time
from html import escape
from pathlib import Path

from ppocr.doctor import pictures
from ppocr.doctor.findings import (
    MEANING,
    NOTE,
    RUIN,
    STOP,
    WARN,
    Block,
    Chapter,
    Finding,
    Gallery,
)
from ppocr.doctor.inspect import Report
from ppocr.report import blocks
from ppocr.utils.files import atomic_write

BADGE = {STOP: "stops", RUIN: "ruins", WARN: "costs", NOTE: "note"}
MOST_LABEL = 60
ROW_FILE = "rows.tsv"


def write(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write report.html, report.json and rows.tsv; return the paths of the first two."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers, page = folder / "report.json", folder / "report.html"
    with atomic_write(numbers) as file:
        file.write(
            json.dumps(report.numbers(), ensure_ascii=False, indent=1, default=float).encode()
        )
    with atomic_write(folder / ROW_FILE) as file:
        file.write("".join(_lines(report)).encode("utf-8", "replace"))
    with atomic_write(page) as file:
        file.write(render(report).encode("utf-8", "replace"))
    return page, numbers


def _lines(report: Report):
    yield "set\tplace\twhat\trefused\tdetail\n"
    for one in report.case.sets:
        for trouble in one.troubles:
            detail = " ".join(trouble.detail.split())
            refused = "yes" if trouble.refused else "no"
            yield f"{one.mode}\t{trouble.place}\t{trouble.kind}\t{refused}\t{detail}\n"


def render(report: Report) -> str:
    """Return the page."""
    name = Path(report.case.path).name
    body = _findings(report) + "".join(_chapter(chapter) for chapter in report.chapters)
    return blocks.page(f"Data of {name}", _head(report, name), body)


def _head(report: Report, name: str) -> str:
    case = report.case
    grave = sum(finding.level in (STOP, RUIN) for finding in report.findings)
    verdict = "fit to train on" if report.fit else f"{grave} to mend before training"
    given = f" &middot; -o <code>{escape(' '.join(case.overrides))}</code>"
    return blocks.head(
        over=f"Data check \u00b7 {case.task} \u00b7 {time.strftime('%Y-%m-%d %H:%M')}",
        title=name,
        verdict=(verdict, report.fit),
        below=escape(case.path) + (given if case.overrides else ""),
        cards=[_card(one.mode, one.looked_at, one.refused, one.error) for one in case.sets],
        chapters=[chapter.title for chapter in report.chapters],
    )


def _card(mode: str, rows: int, refused: int, error: str) -> tuple[str, str, bool]:
    if error:
        return mode, "cannot be opened", False
    words = f"{refused} refused" if refused else "all usable"
    return f"{rows:,}", f"{mode} rows, {words}", True


def _findings(report: Report) -> str:
    if not report.findings:
        return "<section><h2>Findings</h2><p>Nothing to mend.</p></section>"
    body = "".join(_finding(finding) for finding in report.findings)
    command = report.command()
    whole = (
        "<h3>Everything recommended, in one command</h3>"
        f"<pre class='command'>{escape(command)}</pre>"
        if command
        else ""
    )
    return (
        "<section id='findings'><h2>Findings and what to do, by expected gain</h2>"
        f"{body}{whole}</section>"
    )


def _finding(finding: Finding) -> str:
    applied = "".join(
        f"<code class='apply'>-o {escape(shlex.quote(one))}</code>" for one in finding.overrides
    )
    applied += "".join(f"<code class='apply'>{escape(one)}</code>" for one in finding.commands)
    places = ""
    if finding.places:
        listed = "".join(f"<li>{escape(one)}</li>" for one in finding.places)
        places = f"<details><summary>where</summary><ul>{listed}</ul></details>"
    gain = ""
    if finding.gain:
        wide = max(2.0, 100 * min(finding.gain, 1.0))
        gain = (
            f"<div class='gain' title='{finding.gain:.2%} of the samples'>"
            f"<i style='width:{wide:.1f}%'></i></div>"
        )
    return (
        f"<article class='{finding.level}'><div class='side'><span class='badge' "
        f"title='{MEANING[finding.level]}'>{BADGE[finding.level]}</span>{gain}</div>"
        f"<div><h3>{escape(finding.title)}</h3><p>{escape(finding.text)}</p>{applied}{places}"
        "</div></article>"
    )


def _chapter(chapter: Chapter) -> str:
    body = "".join(_block(block) for block in chapter.blocks)
    return blocks.section(chapter.title, chapter.text, body)


def _block(block: Block) -> str:
    return _gallery(block) if isinstance(block, Gallery) else blocks.block(block)


def _gallery(gallery: Gallery) -> str:
    shown = []
    for picture in gallery.pictures:
        uri, label = pictures.data_uri(picture)
        place = picture.one.source.place(picture.row) if picture.one.source else ""
        title = "" if label.startswith("[") else label[:MOST_LABEL]
        shown.append(blocks.Shown(uri, title, picture.caption, Path(place).name))
    return blocks.block(blocks.Shelf(gallery.title, tuple(shown)))
