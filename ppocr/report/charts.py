"""Histograms and bars as SVG that stands inside a page; colours come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 24, 26, 34
BINS = 48


def histogram(
    values: np.ndarray,
    marks: Sequence[tuple[float, str]] = (),
    limit: float | None = None,
    unit: str = "",
    longest: float | None = None,
    floor: float | None = None,
) -> str:
    """Return how often values occur; bars from ``limit`` on take the colour of what is lost, and
    so do those below ``floor``.

    ``marks`` are (value, word) of upright lines. ``longest`` cuts a long tail: what lies beyond
    is in the last bar.
    """
    if not len(values):
        return _empty()
    reach = [float(np.max(values)), *(mark for mark, _ in marks), limit or 0]
    top = max(reach) if longest is None else max(longest, *reach[1:])
    edges = _edges(top)
    counts, _ = np.histogram(np.minimum(values, edges[-1] - 1e-9), edges)
    highest = max(int(counts.max()), 1)
    x, y = _scale(edges[-1], LEFT, WIDTH - RIGHT), _scale(highest, HEIGHT - BOTTOM, TOP)
    shapes = [_grid(highest, y)]
    for count, low, high in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            lost = (limit is not None and low >= limit) or (floor is not None and high <= floor)
            left, right, above = x(low), x(high), y(count)
            title = f"{low:g} to {high:g}{unit}: {count}"
            shapes.append(_bar(left, above, right - left - 1, lost, title))
    shapes += [_tick(x(value), f"{value:g}{unit}") for value in _ticks(edges[-1])]
    upwards = sorted(marks, reverse=True)  # words stand right of their lines: none is crossed
    shapes += [_mark(x(value), word, row) for row, (value, word) in enumerate(upwards)]
    return _svg(shapes, HEIGHT + 13 * max(0, len(marks) - 1), 13 * max(0, len(marks) - 1))


def bars(
    rows: Sequence[tuple[str, float, bool]], unit: str = "", whole: float | None = None
) -> str:
    """Return one bar lying down per (name, value, lost).

    The longest bar is the highest value, or ``whole`` where values are parts of it.
    """
    if not rows:
        return _empty()
    highest = whole or max(max(value for _, value, _ in rows), 1e-9)
    tall, shapes = 22, []
    for number, (name, value, lost) in enumerate(rows):
        top = 4 + number * tall
        long = (WIDTH - 250) * value / highest
        kind = "lost" if lost else "kept"
        shapes.append(
            f'<text class="name" x="170" y="{top + 14}" text-anchor="end">'
            f'{escape(name[:26])}</text><rect class="{kind}" x="178" y="{top + 3}" '
            f'width="{max(long, 1):.1f}" height="15" rx="2"/>'
            f'<text class="count" x="{184 + long:.1f}" y="{top + 15}">{value:g}{unit}</text>'
        )
    return _svg(shapes, 8 + tall * len(rows))


def _edges(top: float) -> np.ndarray:
    """Return the borders of at most BINS bins of a round width."""
    raw = max(top, 1e-9) / BINS
    power = 10 ** np.floor(np.log10(raw))
    width = next(power * step for step in (1, 2, 5, 10) if power * step >= raw)
    width = max(width, 1) if top >= 8 else width
    return np.arange(0, int(np.floor(top / width)) + 2) * width


def _ticks(top: float) -> list[float]:
    raw = top / 7
    power = 10 ** np.floor(np.log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw)
    return [float(value) for value in np.arange(0, top + step / 2, step) if value <= top]


def _scale(highest: float, low_px: float, high_px: float):
    return lambda value: low_px + (high_px - low_px) * value / highest


def _grid(highest: int, y) -> str:
    shown = sorted({0, highest // 2, highest})
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(one):.1f}" y2="{y(one):.1f}"/>'
        f'<text class="axis" x="{LEFT - 6}" y="{y(one) + 4:.1f}" text-anchor="end">{one}</text>'
        for one in shown
    )


def _bar(left: float, above: float, wide: float, lost: bool, title: str) -> str:
    kind = "lost" if lost else "kept"
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{above:.1f}" width="{max(wide, 0.8):.1f}" '
        f'height="{HEIGHT - BOTTOM - above:.1f}"><title>{escape(title)}</title></rect>'
    )


def _tick(x: float, word: str) -> str:
    y = HEIGHT - BOTTOM + 16
    return f'<text class="axis" x="{x:.1f}" y="{y}" text-anchor="middle">{escape(word)}</text>'


def _mark(x: float, word: str, row: int) -> str:
    """Return an upright line; the words of neighbours stand one above the other."""
    y = TOP - 8 - 13 * row
    anchor, aside = ("end", -4) if x > WIDTH * 0.7 else ("start", 4)
    return (
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 8}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text class="mark" x="{x + aside:.1f}" y="{y}" text-anchor="{anchor}">'
        f"{escape(word)}</text>"
    )


def _svg(shapes: Sequence[str], height: float, above: float = 0) -> str:
    box = f"0 {-above} {WIDTH} {height}"
    return f'<svg viewBox="{box}" role="img">{"".join(shapes)}</svg>'


def _empty() -> str:
    return _svg(['<text class="axis" x="20" y="30">nothing to draw</text>'], 50)
