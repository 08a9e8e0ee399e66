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
    Chart,
    Finding,
    Gallery,
    Table,
)
from ppocr.doctor.inspect import Report
from ppocr.doctor.style import STYLE
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
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:\">",
        f"<title>Data of {escape(name)}</title><style>{STYLE}</style></head><body>",
        _head(report, name),
        "<main>",
        _findings(report),
        *(_chapter(chapter) for chapter in report.chapters),
        "</main></body></html>\n",
    ]
    return "".join(parts)


def _head(report: Report, name: str) -> str:
    case = report.case
    grave = sum(finding.level in (STOP, RUIN) for finding in report.findings)
    verdict = "fit to train on" if report.fit else f"{grave} to mend before training"
    kind = "fit" if report.fit else "unfit"
    cards = "".join(_card(one.mode, one.looked_at, one.refused, one.error) for one in case.sets)
    given = f"<code>{escape(' '.join(case.overrides))}</code>" if case.overrides else ""
    links = "".join(
        f'<a href="#{_anchor(chapter.title)}">{escape(chapter.title)}</a>'
        for chapter in report.chapters
    )
    return (
        f"<header><div class='inner'><p class='over'>Data check &middot; {escape(case.task)} "
        f"&middot; {time.strftime('%Y-%m-%d %H:%M')}</p><h1>{escape(name)} "
        f"<span class='verdict {kind}'>{verdict}</span></h1>"
        f"<p class='path'>{escape(case.path)}{' &middot; -o ' + given if given else ''}</p>"
        f"<div class='cards'>{cards}</div><nav>{links}</nav></div></header>"
    )


def _card(mode: str, rows: int, refused: int, error: str) -> str:
    if error:
        return f"<div class='card bad'><b>{mode}</b><span>cannot be opened</span></div>"
    words = f"{refused} refused" if refused else "all usable"
    return f"<div class='card'><b>{rows:,}</b><span>{mode} rows, {words}</span></div>"


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
    text = f"<p class='aside'>{escape(chapter.text)}</p>" if chapter.text else ""
    anchor = _anchor(chapter.title)
    return f"<section id='{anchor}'><h2>{escape(chapter.title)}</h2>{text}{body}</section>"


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Chart):
        note = f"<small>{escape(block.note)}</small>" if block.note else ""
        title = f"<figcaption>{escape(block.title)}{note}</figcaption>"
        return f"<figure class='chart'>{title}{block.svg}</figure>"
    return _gallery(block)


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    head = "".join(f"<th>{escape(one)}</th>" for one in table.head)
    rows = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in table.rows)
    title = f"<h3>{escape(table.note)}</h3>" if table.note else ""
    tall = " tall" if len(table.rows) > 24 else ""
    return (
        f"{title}<div class='scroll{tall}'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    number = isinstance(value, int | float)
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    return f"<td class='number'>{shown}</td>" if number else f"<td>{escape(shown)}</td>"


def _gallery(gallery: Gallery) -> str:
    shown = []
    for picture in gallery.pictures:
        uri, label = pictures.data_uri(picture)
        place = picture.one.source.place(picture.row) if picture.one.source else ""
        text = "" if label.startswith("[") else f"<b>{escape(label[:MOST_LABEL])}</b>"
        image = f"<img src='{uri}' alt=''>" if uri else "<span class='none'>no picture</span>"
        shown.append(
            f"<figure>{image}<figcaption>{text}<span>{escape(picture.caption)}</span>"
            f"<small>{escape(Path(place).name)}</small></figcaption></figure>"
        )
    return f"<h3>{escape(gallery.title)}</h3><div class='gallery'>{''.join(shown)}</div>"


def _anchor(title: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in title.lower())
