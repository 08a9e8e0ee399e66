"""Pages for detection: how large boxes are for the network, and whether they are words or lines."""

from __future__ import annotations

import numpy as np

from ppocr.doctor.findings import (
    NOTE,
    RUIN,
    STOP,
    WARN,
    Case,
    Chapter,
    Chart,
    Finding,
    Gallery,
    Picture,
    Table,
    op_overrides,
    part,
    percent,
)
from ppocr.doctor.sets import Set
from ppocr.report import charts
from ppocr.transforms.resize_det import STRIDE_PX

READABLE_PX = 8  # the height from which on a text is seen when nothing else is configured
MANY = 0.05
LEFT = 0.04  # of the boxes that may stay too low in the crops to recommend
WORDS_CLOSE, LINES_SPACED, LINES_CLOSE = 0.35, 0.2, 0.2
FACTOR = 1.6  # so much smaller or larger in evaluation is another task
LARGEST_PX = 960
SHOWN = 5


def chapter(case: Case) -> Chapter | None:
    """Return the chapter on boxes, or None for another task."""
    if case.task != "det" or not case.opened:
        return None
    found = Chapter("Boxes")
    rows = tuple(_row(one) for one in case.opened)
    head = ("set", "pages", "without text", "boxes", "ignored", "boxes a page", "most on a page")
    found.blocks.append(Table(head, rows))
    for one in case.opened:
        _ignored(one, found)
        _sizes(case, one, found)
    _scales(case, found)
    _granularity(case, found)
    _candidates(case, found)
    found.blocks += [_pictures(one) for one in case.opened if len(one.column("page_row"))]
    return found


def _row(one: Set) -> tuple[object, ...]:
    boxes, ignored = one.column("boxes"), one.column("ignored")
    mean = f"{boxes.mean():.1f}" if len(boxes) else "0"
    return (
        one.mode,
        len(boxes),
        int((boxes == 0).sum()),
        int(boxes.sum()),
        f"{int(ignored.sum())} ({percent(ignored.sum(), boxes.sum())})",
        mean,
        int(boxes.max(initial=0)),
    )


def _ignored(one: Set, found: Chapter) -> None:
    total, ignored = int(one.column("boxes").sum()), int(one.column("ignored").sum())
    found.numbers[f"boxes_{one.mode}"] = {"boxes": total, "ignored": ignored}
    if not len(one.column("boxes")) or ignored < 0.3 * total:
        return
    every = ignored == total
    what = "All boxes are" if every else f"{percent(ignored, total)} of the boxes are"
    why = (
        "the model is taught that there is no text at all"
        if total == 0
        else "nothing is left to learn from"
        if every
        else "what is ignored is neither learned nor measured"
    )
    found.findings.append(
        Finding(
            "ignored-boxes" if total else "no-boxes",
            STOP if every else WARN,
            f"{what} ignored (### or *) in {one.mode}"
            if total
            else f"no page of {one.mode} has a box",
            f"{ignored} of {total} boxes: {why}. Transcribe them, or give any other text: "
            "detection does not read it.",
            part(ignored, total) if total else 1.0,
        )
    )


def _sizes(case: Case, one: Set, found: Chapter) -> None:
    seen = one.column("seen_px")
    if not len(seen):
        return
    heights = seen[:, 0]
    smallest = int(case.train.value("min_text_size", READABLE_PX)) if case.train else READABLE_PX
    small = int((heights < smallest).sum())
    original = one.column("box_px")
    found.numbers[f"height_{one.mode}"] = {
        "median_px": round(float(np.median(heights)), 1),
        "original_median_px": round(float(np.median(original[:, 0])), 1) if len(original) else 0,
        "below_min_text_size": small,
        "of": len(heights),
        "min_text_size": smallest,
    }
    marks = [(smallest, f"min_text_size {smallest}"), (float(np.median(heights)), "median")]
    top = float(np.quantile(heights, 0.99))
    drawing = charts.histogram(heights, marks, None, " px", top, smallest)
    what = "random crops of training" if one.training else "Eval.dataset.transforms"
    title = f"Height of boxes as the network sees them ({one.mode})"
    found.blocks.append(Chart(title, drawing, f"after the {what}"))
    if one.training and small >= MANY * len(heights):
        found.findings.append(_small(case, heights, small, smallest))


def _small(case: Case, heights: np.ndarray, small: int, smallest: int) -> Finding:
    low = float(np.quantile(heights, LEFT))
    factor = min(max(smallest / max(low, 1), 1.25), 2.0)
    times = 1.0

    def larger(settings):
        nonlocal times
        sides = [min(_up(side * factor), LARGEST_PX) for side in settings["size"]]
        times = float(np.prod(sides) / np.prod(settings["size"]))
        return sides if sides != list(settings["size"]) else None

    applied = case.accepted(op_overrides(case, "size", larger, ("Train",)))
    cost = f" A step of training then takes about {times:.1f} times as long." if applied else ""
    return Finding(
        "small-boxes",
        WARN,
        f"{percent(small, len(heights))} of the boxes are lower than {smallest} px when the "
        "network sees them",
        f"MakeShrinkMap ignores what is smaller than min_text_size {smallest}; half of the boxes "
        f"are lower than {np.median(heights):.0f} px. Larger crops (with a smaller batch), or less "
        f"shrinking in IaaAugment, keep them.{cost}",
        part(small, len(heights)),
        applied,
    )


def _scales(case: Case, found: Chapter) -> None:
    """Compare the height of text in training and in evaluation."""
    train, test = case.train, case.evaluation
    if train is None or test is None:
        return
    seen = train.column("seen_px"), test.column("seen_px")
    if not len(seen[0]) or not len(seen[1]):
        return
    ours, theirs = (float(np.median(one[:, 0])) for one in seen)
    ratio = theirs / max(ours, 1e-6)
    original = float(np.median(test.column("box_px")[:, 0])) if len(test.column("box_px")) else 0
    tiny = int((seen[1][:, 0] < READABLE_PX).sum())
    if 1 / FACTOR <= ratio <= FACTOR and tiny < MANY * len(seen[1]):
        return
    shrunk = theirs / max(original, 1e-6)

    times = 1.0

    def side(settings):
        nonlocal times
        now = settings.get("limit_side_len")
        wanted = _up(now / max(shrunk, 0.2)) if now and shrunk < 0.95 else None
        times = (wanted / now) ** 2 if wanted else 1.0
        return wanted

    applied = case.accepted(op_overrides(case, "limit_side_len", side, ("Eval",)))
    cost = f" Evaluation and prediction then take about {times:.1f} times as long."
    found.findings.append(
        Finding(
            "eval-scale",
            WARN,
            f"text is {theirs:.0f} px high in evaluation and {ours:.0f} px in training",
            f"Evaluation sees half of the boxes below {theirs:.0f} px ({tiny} below "
            f"{READABLE_PX} px) although they are {original:.0f} px in the pictures. A detector is "
            "best at the sizes it was trained on: bring DetResizeForTest and the crops together."
            f"{cost if applied else ''}",
            max(part(tiny, len(seen[1])), MANY),
            applied,
        )
    )


def granularity(one: Set) -> str:
    """Return "words", "lines" or "" (cannot be told) for the boxes of a set."""
    compared, texts = int(one.column("compared").sum()), int(one.column("texts").sum())
    if compared < 20 or texts < 20:
        return ""
    close, spaced = (
        part(one.column("close").sum(), compared),
        part(one.column("spaced").sum(), texts),
    )
    if close >= WORDS_CLOSE and spaced < LINES_SPACED / 4:
        return "words"
    if spaced >= LINES_SPACED or (close < LINES_CLOSE and _mean_letters(one) > 6):
        return "lines"
    return ""


def _mean_letters(one: Set) -> float:
    return part(one.column("letters").sum(), one.column("texts").sum())


def _granularity(case: Case, found: Chapter) -> None:
    kinds = {one.mode: granularity(one) for one in case.opened}
    found.numbers["granularity"] = {
        one.mode: {
            "looks_like": kinds[one.mode] or "unclear",
            "texts_with_space": part(one.column("spaced").sum(), one.column("texts").sum()),
            "with_close_neighbour": part(one.column("close").sum(), one.column("compared").sum()),
        }
        for one in case.opened
    }
    rows = tuple(
        (
            one.mode,
            kinds[one.mode] or "unclear",
            percent(one.column("spaced").sum(), one.column("texts").sum()),
            percent(one.column("close").sum(), one.column("compared").sum()),
            f"{_mean_letters(one):.1f}",
        )
        for one in case.opened
    )
    head = ("set", "boxes are", "texts with a space", "with a neighbour close by", "letters a box")
    found.blocks.append(Table(head, rows, "Words or lines?"))
    said = {kind for kind in kinds.values() if kind}
    if len(said) == 2:
        found.findings.append(
            Finding(
                "mixed-granularity",
                RUIN,
                "training boxes and evaluation boxes are not of one kind",
                f"Train looks like {kinds['Train']}, Eval like {kinds['Eval']}: the model is "
                "measured by something it was not taught. Label both the same way.",
                1.0,
            )
        )
    elif said == {"words"} and (case.config.get("Global") or {}).get("pretrained_model"):
        found.findings.append(
            Finding(
                "words-not-lines",
                WARN,
                "your boxes are words; most published detectors find lines",
                "Training starts from weights (Global.pretrained_model) and has to unlearn their "
                "lines: expect boxes of both kinds for a long time. Join the words of a line, or "
                "start from a model for words.",
                0.5,
            )
        )


def _candidates(case: Case, found: Chapter) -> None:
    post = case.config.get("PostProcess") or {}
    most = max(int(one.column("boxes").max(initial=0)) for one in case.opened)
    allowed = int(post.get("max_candidates") or 1000)
    if most > 0.8 * allowed:
        found.findings.append(
            Finding(
                "too-many-boxes",
                WARN,
                f"a page has {most} boxes, the post-process looks at {allowed} candidates",
                "What is beyond the limit is not found, however sure the network is.",
                part(max(most - allowed, 0), most),
                case.accepted([f"PostProcess.max_candidates={2 * most}"]),
            )
        )
    pages = len(case.train.column("boxes")) if case.train else 0
    if 0 < pages < 500:
        found.findings.append(
            Finding(
                "few-pages",
                NOTE,
                f"only {'1 training page' if pages == 1 else f'{pages} training pages'}",
                "Detectors fine-tune well from about 500 pages of the kind they are for; with "
                "fewer, start from pre-trained weights and keep the augmentation on.",
            )
        )


def _pictures(one: Set) -> Gallery:
    rows = one.column("page_row")
    chosen = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
    counts = dict(zip(rows.tolist(), one.column("boxes").tolist(), strict=True))
    pictures = [Picture(one, int(row), _boxes(counts[int(row)]), True) for row in chosen]
    return Gallery(f"Pages with their boxes ({one.mode})", tuple(pictures))


def _boxes(number: int) -> str:
    return "1 box" if number == 1 else f"{number} boxes"


def _up(value: float) -> int:
    return int(np.ceil(value / STRIDE_PX)) * STRIDE_PX
