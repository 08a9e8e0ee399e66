"""Rows that training refuses, and sets that do not start: what, where, and how to mend it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ppocr.config import general
from ppocr.doctor import lists
from ppocr.doctor.findings import (
    NOTE,
    RUIN,
    STOP,
    WARN,
    Case,
    Chapter,
    Finding,
    Gallery,
    Picture,
    Table,
    many,
    part,
    percent,
)
from ppocr.doctor.kinds import KINDS
from ppocr.doctor.rows import Trouble
from ppocr.doctor.sets import Set

OWN_CHAPTER = frozenset({"text-too-long", "unknown-characters", "exif-against-boxes"})
MANY = 0.01
SHOWN, SHOWN_PLACES = 6, 10
PICTURED = frozenset({"box-outside", "crossed-box", "flat-box", "empty-text", "no-known-character"})


def chapter(case: Case) -> Chapter:
    """Return the chapter on rows, and whether training would start at all."""
    found = Chapter("Rows")
    found.blocks.append(_counts(case))
    for one in case.sets:
        _start(case, one, found)
    for one in case.opened:
        _kinds(one, found)
        _broken(case, one, found)
        _faults(one, found)
    return found


def _counts(case: Case) -> Table:
    rows = []
    for one in case.sets:
        refused = one.refused
        seen = one.looked_at if one.looked_at == one.total else f"{one.looked_at} (a part)"
        rows.append((one.mode, one.total, seen, one.looked_at - refused, refused, _blank(one)))
    head = ("set", "rows", "looked at", "usable", "refused", "blank lines")
    return Table(head, tuple(rows))


def _blank(one: Set) -> int:
    return sum(getattr(file, "blank", 0) for file in getattr(one.source, "files", []))


def _start(case: Case, one: Set, found: Chapter) -> None:
    """Find what keeps a training from beginning."""
    found.numbers[one.mode] = {
        "rows": one.total,
        "looked_at": one.looked_at,
        "refused": one.refused,
        "blank_lines": _blank(one),
        "kinds": dict(one.counts),
    }
    if one.error:
        found.numbers[one.mode]["error"] = one.error
        title = f"{one.mode} cannot be opened"
        found.findings.append(Finding("set-unusable", STOP, title, one.error, 1.0))
    elif not one.total:
        title, text = (
            f"{one.mode} has no rows",
            "; ".join(one.source.describe() if one.source else []),
        )
        found.findings.append(Finding("set-empty", STOP, title, text, 1.0))
    elif one.refused == one.looked_at:
        kinds = [(KINDS[kind], number) for kind, number in one.counts.most_common(5)]
        reasons = ", ".join(f"{kind.title} ({number})" for kind, number in kinds)
        title = f"not one row of {one.mode} can be used"
        mend = f"{reasons}. To mend it: {kinds[0][0].fix}." if kinds else ""
        places = tuple(map(_reason, one.troubles[:SHOWN_PLACES]))
        found.findings.append(Finding("nothing-usable", STOP, title, mend, 1.0, places=places))
    elif one.training and one.loader.drop_last and one.source is not None:
        samples, batch = one.source.count(True), one.loader.batch_size_per_card
        if samples < batch:
            found.findings.append(
                Finding(
                    "less-than-a-batch",
                    STOP,
                    f"{samples} training samples do not fill one batch of {batch}",
                    "With drop_last an epoch has no batch at all.",
                    1.0,
                    case.accepted([f"{one.mode}.loader.drop_last=false"]),
                )
            )


def _kinds(one: Set, found: Chapter) -> None:
    if not one.counts:
        return
    rows = []
    for kind, number in one.counts.most_common():
        about = KINDS[kind]
        first = next(t for t in one.troubles if t.kind == kind)
        rows.append((about.title, number, _short(first.place), first.detail, about.fix))
    head = ("what", "rows", "first at", "such as", "how to mend it")
    found.blocks.append(Table(head, tuple(rows), f"What is wrong with rows of {one.mode}"))
    pictures = [
        Picture(one, trouble.row, f"{KINDS[trouble.kind].title}: {trouble.detail}"[:120], True)
        for kind in one.counts
        for trouble in [t for t in one.troubles if t.kind == kind][:SHOWN]
        if kind in PICTURED
    ]
    if pictures:
        found.blocks.append(Gallery(f"Pictures of such rows ({one.mode})", tuple(pictures[:12])))


def _broken(case: Case, one: Set, found: Chapter) -> None:
    """Find whether rows that cannot be read would stop the run."""
    kinds = Counter({k: n for k, n in one.counts.items() if KINDS[k].broken})
    rows = set(one.broken.tolist())
    number = len(rows)
    if not number or number == one.looked_at:
        return
    allowed = general.bad_ratio(case.config)
    share = part(number, one.looked_at)
    stops = share > allowed if one.training else True
    listed = ", ".join(f"{KINDS[kind].title} ({n})" for kind, n in kinds.most_common(4))
    why = (
        f"Training stops at more than {allowed:.0%} of unreadable rows (Global.max_bad_ratio)."
        if one.training
        else "An evaluation that leaves samples out would be another evaluation, so it stops."
    )
    applied = lists.without(case, one, rows)
    done = ", or go on with the others: lists without them have been written" if applied else ""
    found.findings.append(
        Finding(
            "broken-rows",
            STOP if stops else WARN,
            f"{percent(number, one.looked_at)} of the rows of {one.mode} cannot be read",
            f"{many(number, 'row')}: {listed}. {why} Mend them{done}.",
            share,
            applied,
            places=tuple(map(_reason, [t for t in one.troubles if t.row in rows][:SHOWN_PLACES])),
        )
    )


def _faults(one: Set, found: Chapter) -> None:
    """Find what training takes although it should not."""
    for kind, number in one.counts.items():
        about = KINDS[kind]
        if about.broken or kind in OWN_CHAPTER:
            continue
        share = part(number, one.looked_at)
        ruins = kind == "box-outside" and share > 10 * MANY
        found.findings.append(
            Finding(
                kind,
                RUIN if ruins else WARN if share >= MANY else NOTE,
                f"{about.title}: {many(number, 'row')} of {one.mode}",
                f"{percent(number, one.looked_at)} of the rows. To mend it: {about.fix}.",
                share,
                places=tuple(
                    map(_reason, [t for t in one.troubles if t.kind == kind][:SHOWN_PLACES])
                ),
            )
        )


def _reason(trouble: Trouble) -> str:
    """Return where, what, and the particulars, in one line."""
    detail = " ".join(trouble.detail.split())
    return f"{trouble.place}: {KINDS[trouble.kind].title}" + (f" ({detail})" if detail else "")


def _short(place: str) -> str:
    return Path(place).name
