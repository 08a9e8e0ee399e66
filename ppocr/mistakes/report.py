"""report.html, report.json and the two lists: relabel.tsv and add.tsv."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from ppocr.mistakes.found import Findings, Todo
from ppocr.report import blocks
from ppocr.utils.files import atomic_write

LISTS = {"relabel": "relabel.tsv", "add": "add.tsv"}
MOST_LISTED = 40


def write(
    findings: Findings, measured: Mapping[str, Any], title: str, origin: str, folder: Path
) -> Path:
    """Write the report into a folder; return the path of its page.

    ``measured`` are the figures of the evaluation, ``origin`` says what was evaluated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {
        "title": title,
        "evaluated": origin,
        "metrics": dict(measured),
        "advice": findings.advice,
        "chapters": {one.title: one.numbers for one in findings.chapters if one.numbers},
        "todo": [asdict(one) for one in findings.todo],
        "mistakes": findings.mistakes,
    }
    with atomic_write(folder / "report.json") as file:
        file.write(json.dumps(numbers, ensure_ascii=False, indent=1, default=float).encode())
    for what, name in LISTS.items():
        with atomic_write(folder / name) as file:
            rows = [one for one in findings.todo if one.what == what]
            file.write(_tsv(rows).encode("utf-8", "replace"))
    page = folder / "report.html"
    with atomic_write(page) as file:
        file.write(render(findings, measured, title, origin).encode("utf-8", "replace"))
    return page


def render(findings: Findings, measured: Mapping[str, Any], title: str, origin: str) -> str:
    """Return the page."""
    head = blocks.head(
        over=f"Error report · {time.strftime('%Y-%m-%d %H:%M')}",
        title=title,
        verdict=None,
        below=escape(origin),
        cards=findings.cards,
        chapters=["What to do", *(one.title for one in findings.chapters)],
    )
    parts = [_to_do(findings, measured)]
    for chapter in findings.chapters:
        body = "".join(map(blocks.block, chapter.blocks)) or "<p>Nothing to show.</p>"
        parts.append(blocks.section(chapter.title, chapter.text, body))
    return blocks.page(f"Errors of {title}", head, "".join(parts))


def _to_do(findings: Findings, measured: Mapping[str, Any]) -> str:
    said = "".join(f"<li>{escape(one)}</li>" for one in findings.advice)
    advice = f"<ul>{said}</ul>" if said else "<p>Nothing stands out.</p>"
    figures = tuple(
        (name, f"{value:.4f}" if isinstance(value, float) else value)
        for name, value in measured.items()
    )
    tables = [blocks.block(blocks.Table(("metric", "value"), figures, "Figures"))]
    listed = [one for one in findings.todo if one.what == "relabel"]
    rows = tuple(
        (one.place, one.reason, one.label, one.result, f"{one.score:.3f}")
        for one in listed[:MOST_LISTED]
    )
    title = f"Labels to look at ({min(len(listed), MOST_LISTED)} of {len(listed)})"
    head = ("label", "why", "it says", "read", "score")
    tables.append(blocks.block(blocks.Table(head, rows, title)))
    added = tuple((one.label, one.reason) for one in findings.todo if one.what == "add")
    tables.append(blocks.block(blocks.Table(("add", "why"), added, "Samples to add")))
    return blocks.section("What to do", "", advice + "".join(tables))


def _tsv(rows: Sequence[Todo]) -> str:
    lines = ["path\tplace\treason\tlabel\tresult\tscore\n"]
    for one in rows:
        cells = (one.path, one.place, one.reason, one.label, one.result, f"{one.score:.4f}")
        lines.append("\t".join(" ".join(cell.split()) for cell in cells) + "\n")
    return "".join(lines)
