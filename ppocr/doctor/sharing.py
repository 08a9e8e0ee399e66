"""What sets share with themselves and with each other: copies, leaks, contradictions; sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ppocr.config import as_section
from ppocr.data.mixture import Mixture
from ppocr.data.source import Source
from ppocr.doctor import likeness, lists
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
    many,
    part,
    percent,
    sampler_override,
    set_override,
)
from ppocr.doctor.sets import Set
from ppocr.report import charts

SYNTHETIC = re.compile(r"synth|render|generated|fake|mjsynth|synthtext|\bsyn\b|_syn|syn_", re.I)
LEAK = 0.01  # from this part of the evaluation set on its figures mean nothing
COPIES = 0.02
ASPECT_SLACK = 0.06
MOST_SYNTHETIC = 3.0  # synthetic samples for each real one
SHOWN = 4


def chapter(case: Case) -> Chapter:
    """Return the chapter on what sets consist of and share."""
    found = Chapter("Sources, copies and leaks")
    for one in case.opened:
        _sources(case, one, found)
        _copies(case, one, found)
    train, test = case.train, case.evaluation
    if train is not None and test is not None:
        _leaks(case, train, test, found)
    return found


def _sources(case: Case, one: Set, found: Chapter) -> None:
    source = one.source
    if source is None:
        return
    rows = []
    spans = source.spans(one.training)
    drawn = one.mixture.of_sources() if one.mixture else [span.end - span.first for span in spans]
    for span, size, ratio, number in zip(spans, source.sizes, source.ratios, drawn, strict=True):
        synthetic_name = "yes" if is_synthetic(span.name) else "no"
        rows.append((span.name, size, f"{ratio:g}", number, synthetic_name))
    total = sum(row[3] for row in rows)
    synthetic = sum(row[3] for row in rows if row[4] == "yes")
    found.numbers[f"sources_{one.mode}"] = {
        "files": [
            {"name": row[0], "rows": row[1], "ratio": row[2], "drawn": row[3]} for row in rows
        ],
        "synthetic": synthetic,
        "real": total - synthetic,
    }
    head = ("file", "rows", "ratio", "samples an epoch", "synthetic (by its name)")
    found.blocks.append(Table(head, tuple(rows), f"Sources of {one.mode}"))
    real = total - synthetic
    if one.training and real and synthetic > MOST_SYNTHETIC * real:
        found.findings.append(_mostly_synthetic(case, one, source, synthetic, real))


def _mostly_synthetic(case: Case, one: Set, source: Source, synthetic: int, real: int) -> Finding:
    factor = MOST_SYNTHETIC * real / synthetic
    ratios = [
        round(float(ratio * factor), 4) if is_synthetic(name) else ratio
        for name, ratio in zip(source.names, source.ratios, strict=True)
    ]
    override = set_override(one, "ratio_list", ratios)
    if one.mixture is not None:
        override = _lighter(one, one.mixture, source, factor)
    return Finding(
        "mostly-synthetic",
        WARN,
        f"{synthetic / real:.1f} synthetic samples for each real one",
        "Between one and three synthetic samples for each real one work best: more, and the "
        "model learns how the pictures were rendered. An epoch that draws a part of them anew "
        "each time uses them all in the end.",
        part(synthetic - MOST_SYNTHETIC * real, synthetic + real),
        case.accepted([override]),
    )


def _lighter(one: Set, mixture: Mixture, source: Source, factor: float) -> str:
    """Return the override that gives synthetic groups of a mixing sampler a smaller weight."""
    weights: dict[str, float] = {}
    for group in mixture.groups:
        rendered = all(is_synthetic(source.names[number]) for number in group.members)
        weights[group.name] = round(group.weight * (factor if rendered else 1), 4)
    given = as_section(one.section["sampler"]).get("weights")
    named = isinstance(given, Mapping)
    return sampler_override(one, "weights", weights if named else list(weights.values()))


def is_synthetic(name: str) -> bool:
    """Return whether a file says by its name (or its folder's) that its samples were rendered."""
    return bool(SYNTHETIC.search("/".join(Path(name).parts[-2:])))


def _copies(case: Case, one: Set, found: Chapter) -> None:
    """Count images that stand in a set more than once, with equal and with different labels."""
    usable = ~one.column("broken").astype(bool)
    digests = np.where(usable, one.column("digest"), 0).astype(np.uint64)
    first = likeness.groups(digests)
    copies = np.flatnonzero(first != np.arange(len(first)))
    numbers = found.numbers.setdefault(f"copies_{one.mode}", {})
    numbers["exact"] = len(copies)
    labels = one.column("label_digest")
    differing = copies[labels[copies] != labels[first[copies]]]
    numbers["with_other_label"] = len(differing)
    _near_copies(one, found)
    if len(differing):
        found.findings.append(_contradiction(one, differing))
        found.blocks.append(_pairs(one, one, first[differing], differing, "One image, two labels"))
    same = np.setdiff1d(copies, differing)
    if len(same) > COPIES * len(digests):
        found.findings.append(
            Finding(
                "copies",
                WARN if one.training else NOTE,
                f"{percent(len(same), len(digests))} of {one.mode} are copies of other rows",
                f"{many(len(same), 'row')} with the very image and label of another: what they "
                "show counts twice.",
                part(len(same), len(digests)),
                lists.without(case, one, one.column("row")[same]) if one.training else (),
                places=_places(one, same),
            )
        )


def _near_copies(one: Set, found: Chapter) -> None:
    """Count images that look like another one of their set without being the same file."""
    pairs = _alike(one, one, likeness.alike(_looks(one)))
    digests = one.column("digest")
    pairs = pairs[digests[pairs[:, 0]] != digests[pairs[:, 1]]]
    rows = np.unique(pairs[:, 1])
    found.numbers[f"copies_{one.mode}"]["near"] = len(rows)
    share = part(len(rows), one.looked_at)
    if share <= COPIES:
        return
    found.findings.append(
        Finding(
            "near-copies",
            NOTE,
            f"{percent(len(rows), one.looked_at)} of {one.mode} look like another image of it",
            "Pictures saved again, frames of a film, or cut twice: they add less than their "
            "number says, and belong on one side of a split.",
            share,
            places=_places(one, rows),
        )
    )
    found.blocks.append(_pairs(one, one, pairs[:, 0], pairs[:, 1], f"Alike within {one.mode}"))


def _contradiction(one: Set, differing: np.ndarray) -> Finding:
    share = part(len(differing), one.looked_at)
    return Finding(
        "contradicting-labels",
        RUIN if share >= LEAK else WARN,
        f"{many(len(differing), 'image')} of {one.mode} a second time, with another label",
        "One of the labels is wrong, and the model is taught both.",
        share,
        places=_places(one, differing),
    )


def _texts(one: Set) -> np.ndarray | None:
    """Return what stands for the text of each row, or None where labels are no texts."""
    return one.column("label_digest") if len(one.column("text_row")) else None


def _leaks(case: Case, train: Set, test: Set, found: Chapter) -> None:
    known = set(train.column("digest").tolist()) - {0}
    exact = np.array([one in known for one in test.column("digest").tolist()], bool)
    alike = near_pairs(train, test)
    alike = alike[~exact[alike[:, 1]]] if len(alike) else alike
    near = np.unique(alike[:, 1]) if len(alike) else np.zeros(0, np.int64)
    found.numbers["leaks"] = {"exact": int(exact.sum()), "near": len(near), "of": test.looked_at}
    same_file = {str(path) for path in _names_of(train)} & {str(path) for path in _names_of(test)}
    found.numbers["leaks"]["shared_files"] = sorted(same_file)
    if exact.any():
        found.findings.append(_leak(case, train, test, exact))
        ours = {digest: place for place, digest in enumerate(train.column("digest").tolist())}
        leaked = np.flatnonzero(exact)[:SHOWN]
        twins = np.array([ours[int(test.column("digest")[one])] for one in leaked])
        found.blocks.append(_pairs(train, test, twins, leaked, "In Train and in Eval"))
    if len(near):
        share = part(len(near), test.looked_at)
        found.findings.append(
            Finding(
                "near-leak",
                WARN if share >= LEAK else NOTE,
                f"{many(len(near), 'evaluation image')} like a training image",
                "They differ in so little that they may be the same picture, saved again or cut "
                "anew. Split by document, not by crop.",
                share,
                places=_places(test, near),
            )
        )
        few = alike[:SHOWN]
        found.blocks.append(_pairs(train, test, few[:, 0], few[:, 1], "Alike in Train and Eval"))


def _leak(case: Case, train: Set, test: Set, exact: np.ndarray) -> Finding:
    share = part(exact.sum(), test.looked_at)
    same_file = set(_names_of(train)) & set(_names_of(test))
    why = " Both sections name the same label file." if same_file else ""
    held = np.isin(train.column("digest"), test.column("digest")[exact])
    rows = train.column("row")[held]
    applied = lists.without(case, train, rows) if not held.all() else ()
    what = (
        "A list of the training set without them has been written."
        if applied
        else "Take them out of one of the sets."
    )
    return Finding(
        "leak",
        RUIN if share >= LEAK else WARN,
        f"{percent(exact.sum(), test.looked_at)} of the evaluation images are in the training set",
        f"{int(exact.sum())} of {test.looked_at} are the same file.{why} The metric says how well "
        f"the model remembers, not how well it reads. {what}",
        share,
        applied,
        places=_places(test, np.flatnonzero(exact)),
    )


def near_pairs(train: Set, test: Set) -> np.ndarray:
    """Return (place in train, place in test) of rows that look the same, int64 (N, 2)."""
    count = len(train.column("digest"))
    pairs = likeness.alike(np.concatenate([_looks(train), _looks(test)]))
    between = (pairs[:, 0] < count) & (pairs[:, 1] >= count)
    return _alike(train, test, pairs[between] - np.array([0, count]))


def _looks(one: Set) -> np.ndarray:
    """Return the difference hashes of a set, uint64 (N, 2)."""
    looks = one.column("look")
    return np.ascontiguousarray(looks) if looks.ndim == 2 else np.zeros((0, 2), np.uint64)


def _alike(first: Set, second: Set, pairs: np.ndarray) -> np.ndarray:
    """Return those pairs whose proportions agree, and whose texts do where there are any.

    Many short words look alike; the same picture has the same text.
    """
    ours, theirs = pairs[:, 0], pairs[:, 1]
    shape = [one.column("width") / np.maximum(one.column("height"), 1) for one in (first, second)]
    same = np.abs(shape[0][ours] / np.maximum(shape[1][theirs], 1e-6) - 1) < ASPECT_SLACK
    texts = _texts(first), _texts(second)
    if texts[0] is not None and texts[1] is not None:
        same &= texts[0][ours] == texts[1][theirs]
    return pairs[same]


def _names_of(one: Set) -> list[str]:
    return one.source.names if one.source is not None else []


def _places(one: Set, places: np.ndarray) -> tuple[str, ...]:
    rows = one.column("row")[places[:10]]
    return tuple(one.source.place(int(row)) for row in rows) if one.source is not None else ()


def _pairs(left: Set, right: Set, ours: np.ndarray, theirs: np.ndarray, title: str) -> Gallery:
    pictures = []
    for one, other in list(zip(ours.tolist(), theirs.tolist(), strict=True))[:SHOWN]:
        pictures.append(Picture(left, int(left.column("row")[one]), left.mode))
        pictures.append(Picture(right, int(right.column("row")[other]), right.mode))
    return Gallery(title, tuple(pictures))


def classes(case: Case) -> Chapter | None:
    """Return the chapter on the balance of classes, or None for another task."""
    train = case.train
    if case.task != "cls" or train is None:
        return None
    found = Chapter("Classes")
    known = [str(label) for label in train.value("label_list", [])]
    for one in case.opened:
        rows = [(label, one.labels[label], False) for label in known]
        rows += [(label, n, True) for label, n in one.labels.most_common(20) if label not in known]
        found.blocks.append(Chart(f"Samples of each class ({one.mode})", charts.bars(rows)))
        found.numbers[one.mode] = dict(one.labels.most_common(50))
    counts = {label: train.labels[label] for label in known}
    empty = [label for label, number in counts.items() if not number]
    if empty and counts:
        found.findings.append(
            Finding(
                "class-never-seen",
                STOP if len(empty) >= len(counts) - 1 else RUIN,
                f"no training sample of class {', '.join(empty)}",
                "A class that is never seen is never answered. For the direction classifier, "
                "turn half of the lines by 180 degrees.",
                1.0,
            )
        )
    elif counts and max(counts.values()) > 3 * min(counts.values()):
        rare = min(counts, key=lambda label: counts[label])
        found.findings.append(
            Finding(
                "unbalanced-classes",
                WARN,
                f"{max(counts.values()) / min(counts.values()):.1f} times as many samples of one "
                "class as of another",
                f"Class {rare} has {counts[rare]} of {sum(counts.values())}: a model that never "
                "answers it is already quite accurate. Add samples of it, or list its file with "
                "a larger ratio in ratio_list.",
                part(max(counts.values()) - counts[rare], sum(counts.values())),
            )
        )
    return found
