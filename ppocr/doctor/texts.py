"""Lines of text: how long they are, what the current settings drop and squeeze, what CTC can learn.

CTC needs a time step for every character and one more between two equal ones (Graves et al.,
2006); a line with fewer steps than that has no path, and its loss teaches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from ppocr.doctor.findings import (
    NOTE,
    RUIN,
    WARN,
    Case,
    Chapter,
    Chart,
    Finding,
    Gallery,
    Picture,
    Table,
    many,
    op_overrides,
    part,
    percent,
)
from ppocr.doctor.network import Network
from ppocr.doctor.sets import Set
from ppocr.pipeline.derive import is_fixed_width
from ppocr.report import charts

QUANTILES = (0.80, 0.95, 0.99)
KEEP_LENGTH = 0.99  # a longer limit costs nothing but a longer label
KEEP_WIDTH = 0.95  # width is paid for in every step of the training: the others are squeezed
WIDTH_STEP = 32
LENGTH_STEP = 5
MANY = 0.05  # from this part of the lines on, losing them ruins the result
SQUEEZED = 1.25  # letters narrower than this are hard to read
FEW = 0.01
SHOWN = 8
ORDER = (Table, Chart, Gallery)  # in which they stand in the chapter


def chapter(case: Case, network: Network) -> Chapter | None:
    """Return the chapter on lengths and widths of lines, or None for another task."""
    train = case.train
    if case.task != "rec" or train is None or not len(train.column("length")):
        return None
    found = Chapter("Length and width of the lines")
    _lengths(case, train, found)
    _widths(case, train, found, network)
    found.blocks.sort(key=lambda block: ORDER.index(type(block)))
    return found


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Return the values that keep 80, 95, 99 and 100 % of the samples."""
    found = {f"{share:.0%}": _keeping(values, share) for share in QUANTILES}
    return {**found, "100%": float(values.max())}


def _keeping(values: np.ndarray, share: float) -> float:
    """Return the value that occurs and keeps at least this share of the samples."""
    return float(np.quantile(values, share, method="higher"))


def _lengths(case: Case, train: Set, found: Chapter) -> None:
    limit = longest(train)
    lengths = train.column("length")
    keeps = {key: ceil(value) for key, value in quantiles(lengths).items()}
    found.numbers["length"] = {"max_text_length": _stated(train), "keeps": keeps}
    marks = [(limit, f"max_text_length {_said(train)}")] if limit else []
    marks.append((keeps["99%"], f"99 %: {keeps['99%']}"))
    drawing = charts.histogram(lengths, marks, limit + 1 if limit else None, longest=keeps["100%"])
    found.blocks.append(Chart("Characters of a line (training set)", drawing, _kept(keeps, "")))
    found.blocks.append(_each_set(case, limit, found))
    if not limit:
        return
    dropped = int((lengths > limit).sum())
    if dropped:
        found.findings.append(_too_long(case, train, dropped, limit, keeps))
        found.blocks.append(_longest(train, lengths, limit))


def longest(one: Set) -> int:
    """Return how many characters a text may have, 0 if there is no limit.

    Start and end mark of an attention head, also of one that guides CTC, take of max_text_length.
    """
    return max((_stated(one) or 0) - _marks(one), 0)


def _stated(one: Set) -> int | None:
    """Return the max_text_length of the operation that encodes the texts."""
    return getattr(one.op("codec"), "max_text_length", one.value("max_text_length"))


def _marks(one: Set) -> int:
    op = one.op("codec")
    return int(getattr(getattr(op, "guide", None) or getattr(op, "codec", None), "marks", 0))


def _said(one: Set) -> str:
    """Return max_text_length, and what of it is not for characters."""
    marks = _marks(one)
    return f"{_stated(one)}" + (f" less {marks} marks" if marks else "")


def _too_long(case: Case, train: Set, dropped: int, limit: int, keeps: dict[str, int]) -> Finding:
    marks = _marks(train)
    wanted = good_length(keeps, marks)
    enough = wanted - marks <= limit  # what is left are a few much longer lines
    kept = limit + marks if enough else wanted
    share = part(dropped, train.looked_at)
    others = [one for one in case.opened if one is not train]
    more = "".join(
        f" In {one.mode} {many(longer, 'line')} ({percent(longer, one.looked_at)}) are longer: a "
        "model that never saw such a line gets them wrong, and they count."
        for one in others
        if (longer := int((one.column("length") > limit).sum()))
    )
    return Finding(
        "text-too-long",
        NOTE if enough else RUIN if share >= MANY else WARN if share >= FEW / 10 else NOTE,
        f"{percent(dropped, train.looked_at)} of the training lines are longer than "
        f"max_text_length {_said(train)}",
        f"{dropped} of {train.looked_at} lines are left out of training: the model never sees a "
        f"long line. {kept} keeps {'all' if kept - marks >= keeps['100%'] else '99 %'} of them "
        f"(the longest has {keeps['100%']}).{more}",
        share,
        () if enough else case.accepted(length_overrides(case, wanted)),
    )


def _each_set(case: Case, limit: int, found: Chapter) -> Table:
    """Return the lengths of every set side by side; the same goes into the numbers."""
    rows = []
    for one in case.opened:
        lengths, bare = one.column("length"), one.column("bare")
        if not len(lengths):
            continue
        keeps = {key: ceil(value) for key, value in quantiles(lengths).items()}
        longer = [int((lengths > limit).sum()), int((bare > limit).sum())] if limit else [0, 0]
        found.numbers["length"].setdefault("sets", {})[one.mode] = {
            "lines": len(lengths),
            "longer": longer[0],
            "longer_without_spaces": longer[1],
            "keeps": keeps,
        }
        shares = [f"{count} ({percent(count, len(lengths))})" for count in longer]
        row = (one.mode, len(lengths), *(shares if limit else ()), *keeps.values())
        rows.append(row)
    over = (f"longer than {limit}", "spaces not counted") if limit else ()
    head = ("set", "lines", *over, "80 % fit in", "95 %", "99 %", "longest")
    return Table(head, tuple(rows), "Characters of a line, spaces included")


def good_length(keeps: dict[str, int], marks: int) -> int:
    """Return the length to recommend: 99 %, or all when the longest is not much longer."""
    wanted = keeps["100%"] if keeps["100%"] <= 1.3 * keeps["99%"] else keeps["99%"]
    return ceil((wanted + marks) / LENGTH_STEP) * LENGTH_STEP


def length_overrides(case: Case, length: int) -> list[str]:
    """Return what sets max_text_length wherever it is stated, and in Global for the others."""
    return [
        f"Global.max_text_length={length}",
        *op_overrides(case, "max_text_length", lambda _: length),
    ]


def _widths(case: Case, train: Set, found: Chapter, network: Network) -> None:
    shape = shape_of(train)
    if shape is None:
        return
    channels, height, width = shape
    rows = _of_texts(train, "width"), _of_texts(train, "height")
    known = rows[1] > 0
    natural = np.ceil(height * rows[0][known] / np.maximum(rows[1][known], 1))
    if not len(natural):
        return
    keeps = {key: _up(value) for key, value in quantiles(natural).items()}
    squeezed = int((natural > SQUEEZED * width).sum())
    found.numbers["width"] = {
        "image_shape": [channels, height, width],
        "keeps": keeps,
        "wider": int((natural > width).sum()),
        "squeezed": squeezed,
    }
    legible = max(width, _up(_keeping(natural, KEEP_WIDTH) / SQUEEZED))
    wanted = _with_paths(train, legible, shape, network)
    found.numbers["width"]["recommended"] = wanted
    marks = [(width, f"image_shape {width}"), (wanted, f"recommended {wanted}")]
    drawing = charts.histogram(natural, marks, width, " px", 1.3 * keeps["99%"])
    title = f"Width of a line at height {height} (training set)"
    found.blocks.append(Chart(title, drawing, _kept(keeps, " px")))
    steps = network.steps(shape), network.steps((channels, height, wanted))
    feasible = _feasible(train, steps, found)
    if wanted > width and squeezed > FEW * len(natural):
        numbers = (squeezed, len(natural), width, wanted, feasible)
        found.findings.append(_too_narrow(case, train, shape, numbers))
        found.blocks.append(_widest(train, natural, known, width))
    elif feasible > FEW * train.looked_at / 10:
        found.findings.append(_no_path(case, train, feasible, shape, network))
    if network.error:
        found.text = f"Time steps were not asked for: {network.error}"


def _feasible(train: Set, steps: tuple[int | None, int | None], found: Chapter) -> int:
    """Return how many lines have no CTC path now; the figures go into the chapter.

    Counted are the lines that the length to recommend lets in: who raises max_text_length alone
    would train on lines that cannot be learnt.
    """
    now, then = steps
    if now is None:
        return 0
    needed = train.column("steps")
    short = int((needed[_let_in(train)] > now).sum())
    found.numbers["ctc"] = {
        "time_steps": now,
        "needed": {key: ceil(value) for key, value in quantiles(needed).items()},
        "without_path": int((needed > now).sum()),
        "without_path_when_wide": int((needed > then).sum()) if then else None,
    }
    marks = [(now, f"{now} time steps")]
    if then and then != now:
        marks.append((then, f"{then} at the recommended width"))
    drawing = charts.histogram(needed, marks, now + 1)
    note = "Every character takes a step, and a repeated one a blank in between."
    found.blocks.append(Chart("Time steps that CTC needs for a line", drawing, note))
    return short


def _let_in(train: Set) -> np.ndarray:
    """Return which lines are short enough, for the length that is recommended."""
    lengths, limit = train.column("length"), longest(train)
    if not limit:
        return np.ones(len(lengths), bool)
    keeps = {key: ceil(value) for key, value in quantiles(lengths).items()}
    marks = _marks(train)
    wanted = good_length(keeps, marks) - marks if (lengths > limit).any() else limit
    return lengths <= max(limit, wanted)


def _with_paths(train: Set, width: int, shape: tuple[int, int, int], network: Network) -> int:
    """Return the width, or the next one at which 99 % of the lines have a CTC path."""
    needed = ceil(_keeping(train.column("steps")[_let_in(train)], KEEP_LENGTH))
    widest = max(8 * shape[2], width)
    while (network.steps((*shape[:2], width)) or needed) < needed and width < widest:
        width += WIDTH_STEP
    return width


def _too_narrow(
    case: Case, train: Set, shape: tuple[int, int, int], numbers: tuple[int, int, int, int, int]
) -> Finding:
    squeezed, lines, width, wanted, pathless = numbers
    share = part(max(squeezed, pathless), lines)
    also = (
        f" For {many(pathless, 'line')} ({percent(pathless, train.looked_at)}), counting those "
        "that a longer max_text_length lets in, there are fewer time steps than CTC needs: they "
        "cannot be learnt at all."
        if pathless
        else ""
    )
    return Finding(
        "line-too-wide",
        RUIN if part(pathless, lines) >= FEW else WARN,
        f"{percent(squeezed, lines)} of the lines are squeezed by more than a quarter to fit "
        f"image_shape {list(shape)}",
        f"At height {shape[1]} they are wider than {width} px, so letters become narrower than "
        f"those the model is shown elsewhere.{also} At {wanted} px no more than 5 % are squeezed "
        f"like that; a step of training then takes about {wanted / width:.1f} times as long.",
        share,
        case.accepted(_shape_overrides(case, train, wanted)),
    )


def _no_path(
    case: Case, train: Set, pathless: int, shape: tuple[int, int, int], network: Network
) -> Finding:
    needed = ceil(_keeping(train.column("steps")[_let_in(train)], KEEP_LENGTH))
    width = _with_paths(train, shape[2], shape, network)
    share = part(pathless, train.looked_at)
    return Finding(
        "no-ctc-path",
        RUIN if share >= FEW else WARN,
        f"{percent(pathless, train.looked_at)} of the lines have more characters than the "
        "network has time steps",
        f"At width {shape[2]} the network gives {network.steps(shape)} steps; 99 % of the lines "
        f"need {needed}. CTC cannot learn a line without a path. {width} px is wide enough.",
        share,
        case.accepted(_shape_overrides(case, train, width)),
    )


def shape_of(one: Set) -> tuple[int, int, int] | None:
    """Return (C, H, W) of the lines that the network gets; of a scale sampler's first batch."""
    scale = one.extras.get("batch_shape")
    if scale:
        return 3, int(scale[1]), int(scale[0])
    for op in one.ops:
        shape = getattr(op, "output_shape", tuple)()
        if len(shape) == 3 and shape[1] > 0:
            stated = getattr(op, "image_shape", shape)
            return int(shape[0]), int(shape[1]), int(stated[2])
    return None


def _shape_overrides(case: Case, train: Set, width: int) -> list[str]:
    """Return what makes every line of all sets ``width`` wide, in each place that says so.

    Nothing for a network of one width that does not state it as ``img_size``.
    """
    architecture = case.config["Architecture"]
    size = (architecture.get("Backbone") or {}).get("img_size")
    if is_fixed_width(architecture) and not size:
        return []
    found = op_overrides(case, "image_shape", lambda op: _widened(op["image_shape"], width))
    scales = (train.section.get("sampler") or {}).get("scales") or []
    if train.extras and all(isinstance(scale, list) for scale in scales):
        widened = [[width, height] for _, height in scales]
        found.append(f"{train.mode}.sampler.scales={widened}")
    if size:
        found.append(f"Architecture.Backbone.img_size={[size[0], width]}")
    return found


def _widened(shape: Sequence[int], width: int) -> list[int]:
    """Return a shape with another width; channels stand first, in RecConAug last."""
    first, second, third = (int(side) for side in shape)
    return [first, width, third] if third <= 3 < first else [first, second, width]


def _of_texts(one: Set, name: str) -> np.ndarray:
    """Return a column of all rows for those rows that have a text."""
    return one.column(name)[np.searchsorted(one.column("row"), one.column("text_row"))]


def _longest(train: Set, lengths: np.ndarray, limit: int) -> Gallery:
    order = np.argsort(-lengths, kind="stable")[:SHOWN]
    rows = train.column("text_row")[order].tolist()
    shown = zip(rows, lengths[order].tolist(), strict=True)
    pictures = tuple(Picture(train, row, f"{length} characters") for row, length in shown)
    return Gallery(f"The longest lines (limit {limit})", pictures)


def _widest(train: Set, natural: np.ndarray, known: np.ndarray, width: int) -> Gallery:
    rows = train.column("text_row")[known]
    order = np.argsort(-natural, kind="stable")[:SHOWN]
    pictures = tuple(
        Picture(train, int(rows[place]), f"squeezed {natural[place] / width:.1f} times")
        for place in order
    )
    return Gallery("The lines that are squeezed most", pictures)


def _up(value: float) -> int:
    return ceil(value / WIDTH_STEP) * WIDTH_STEP


def _kept(keeps: dict[str, Any], unit: str) -> str:
    return ", ".join(
        f"{key.replace('%', ' %')} fit in {value}{unit}" for key, value in keeps.items()
    )
