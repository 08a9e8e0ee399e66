"""What a page consists of, and the page: everything given is escaped unless it says HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ppocr.report.style import STYLE

TALL_ROWS = 24  # a longer table scrolls


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first column is text, the others are put to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing (SVG) and what it shows."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture (a data URI, "" for none) and what is written below it: bold, soft, small.

    ``wrong`` is a second bold line in the colour of mistakes.
    """

    uri: str
    title: str = ""
    caption: str = ""
    place: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Pictures side by side; ``large`` for pages."""

    title: str
    pictures: tuple[Shown, ...]
    large: bool = False


def page(title: str, head: str, body: str) -> str:
    """Return a whole page; ``head`` and ``body`` are HTML. It loads nothing and runs no script."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"{head}<main>{body}</main></body></html>\n"
    )


def head(
    over: str,
    title: str,
    verdict: tuple[str, bool] | None,
    below: str,
    cards: Sequence[tuple[str, str, bool]],
    chapters: Sequence[str],
) -> str:
    """Return the head of a page as HTML: title, a verdict (words, good), figures, links.

    A figure is (number, words, whether it is good). ``below`` is HTML.
    """
    links = "".join(f'<a href="#{anchor(one)}">{escape(one)}</a>' for one in chapters)
    figures = "".join(
        f"<div class='{'card' if good else 'card bad'}'><b>{escape(figure)}</b>"
        f"<span>{escape(words)}</span></div>"
        for figure, words, good in cards
    )
    judged = ""
    if verdict is not None:
        kind = "fit" if verdict[1] else "unfit"
        judged = f" <span class='verdict {kind}'>{escape(verdict[0])}</span>"
    return (
        f"<header><div class='inner'><p class='over'>{escape(over)}</p>"
        f"<h1>{escape(title)}{judged}</h1><p class='path'>{below}</p>"
        f"<div class='cards'>{figures}</div><nav>{links}</nav></div></header>"
    )


def section(title: str, text: str, body: str) -> str:
    """Return one section as HTML; ``body`` is HTML."""
    aside = f"<p class='aside'>{escape(text)}</p>" if text else ""
    return f"<section id='{anchor(title)}'><h2>{escape(title)}</h2>{aside}{body}</section>"


def block(given: Table | Chart | Shelf) -> str:
    """Return a table, a drawing or pictures as HTML; "" for a table without rows."""
    if isinstance(given, Table):
        return _table(given)
    if isinstance(given, Chart):
        note = f"<small>{escape(given.note)}</small>" if given.note else ""
        title = f"<figcaption>{escape(given.title)}{note}</figcaption>"
        return f"<figure class='chart'>{title}{given.svg}</figure>"
    kind = "gallery large" if given.large else "gallery"
    shown = "".join(map(_picture, given.pictures))
    title = f"<h3>{escape(given.title)}</h3>" if given.title else ""
    return f"{title}<div class='{kind}'>{shown}</div>"


def anchor(title: str) -> str:
    """Return the name that a section of this title has in links."""
    return "".join(char if char.isalnum() else "-" for char in title.lower())


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    titles = "".join(f"<th>{escape(one)}</th>" for one in table.head)
    rows = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in table.rows)
    title = f"<h3>{escape(table.note)}</h3>" if table.note else ""
    tall = " tall" if len(table.rows) > TALL_ROWS else ""
    return (
        f"{title}<div class='scroll{tall}'><table><thead><tr>{titles}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    number = isinstance(value, int | float)
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    return f"<td class='number'>{shown}</td>" if number else f"<td>{escape(shown)}</td>"


def _picture(shown: Shown) -> str:
    image = (
        f"<img src='{shown.uri}' alt=''>" if shown.uri else "<span class='none'>no picture</span>"
    )
    title = f"<b>{escape(shown.title)}</b>" if shown.title else ""
    wrong = f"<b class='wrong'>{escape(shown.wrong)}</b>" if shown.wrong else ""
    return (
        f"<figure>{image}<figcaption>{title}{wrong}<span>{escape(shown.caption)}</span>"
        f"<small>{escape(shown.place)}</small></figcaption></figure>"
    )
