"""Whether losses, heads, metrics and post-processes get the arrays that they read, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ppocr.config.errors import Place, Problem, nearest
from ppocr.config.explain import Part, short
from ppocr.config.section import Items, Section

# what a batch holds whether KeepKeys names it or not
ALWAYS = frozenset({"index", "place", "text"})
# what a sample has from the beginning
SAMPLE = frozenset({"image", "label", "path", "place", "index", "text", "epoch", "ext_data"})
KEEP = "KeepKeys"
TRAIN_KINDS = frozenset({"Loss", "Head", "Architecture"})
EVAL_KINDS = frozenset({"Metric", "PostProcess", "Head", "Architecture"})


def cross_check(root: Section, parts: Iterable[Part]) -> list[Problem]:
    """Return one problem for each name that a part reads and its batches do not have.

    A part inside another is fed by it. The holder states as ``hands`` what it calls
    things: MultiLoss.hands["CTCLoss"] = {"label": "label_ctc"}; such a part works in
    training only. Parts of a holder that states nothing are its own affair.
    """
    parts = list(parts)
    problems: list[Problem] = []
    for mode in ("Train", "Eval"):
        problems.extend(_unmade(mode, parts))
        kept = _kept(mode, parts)
        if kept is None:
            continue
        kinds = EVAL_KINDS if mode == "Eval" else _training_kinds(root)
        for part in parts:
            if part.kind in kinds and not part.planned:
                names = _names(part, _holder(part, parts), mode)
                problems.extend(_missing(part, mode, names, *kept))
    return problems


def _unmade(mode: str, parts: Iterable[Part]) -> Iterable[Problem]:
    """Yield one problem for each name that is kept and that no operation before it makes."""
    made = set(SAMPLE)
    for part in parts:
        if part.path == f"{mode}.dataset":
            made.update(_fact(part, "adds") or ())
        if not part.path.startswith(f"{mode}.dataset.transforms[") or part.kind != "Op":
            continue
        adds = _fact(part, "adds")
        if part.planned or adds is None:
            return  # what it makes is not known
        made.update(adds)
        keys = part.section.get("keep_keys") if part.name == KEEP else None
        for index, key in enumerate(keys if isinstance(keys, list) else []):
            if str(key) not in made:
                place = keys.where(index) if isinstance(keys, Items) else part.section.place
                text = f"{KEEP} keeps '{key}', which no operation makes{nearest(key, sorted(made))}"
                yield Problem(place, text)


def _training_kinds(root: Section) -> frozenset[str]:
    """With Global.cal_metric_during_train the metric reads the training batches as well."""
    section = root.get("Global")
    measured = isinstance(section, Mapping) and section.get("cal_metric_during_train") is True
    return TRAIN_KINDS | EVAL_KINDS if measured else TRAIN_KINDS


def _kept(mode: str, parts: Iterable[Part]) -> tuple[list[str], Place] | None:
    """Return what the last KeepKeys of a mode keeps and where it says so."""
    for part in reversed(list(parts)):
        if part.name == KEEP and part.path.startswith(f"{mode}.dataset.transforms["):
            keys = part.section.get("keep_keys")
            if not isinstance(keys, list):
                return None
            place = keys.place if isinstance(keys, Items) else part.section.place
            return [str(key) for key in keys], place
    return None


def _holder(part: Part, parts: Iterable[Part]) -> Part | None:
    """Return the part of the same kind that a part stands in, the nearest one."""
    around = [one for one in parts if one.kind == part.kind and _is_inside(part.path, one.path)]
    return max(around, key=lambda one: len(one.path), default=None)


def _is_inside(path: str, outer: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}["))


def _names(part: Part, holder: Part | None, mode: str) -> list[str]:
    """Return the names of batch entries that a part reads, as its holder calls them."""
    stated = _fact(part, "reads")
    reads = list(stated) if isinstance(stated, tuple | list) else []
    if holder is None:
        return reads
    handed = (_fact(holder, "hands") or {}).get(part.name)
    if handed is None or mode != "Train" or holder.planned:
        return []
    return [handed.get(name, name) for name in reads]


def _fact(part: Part, name: str) -> Any:
    return part.signature.facts.get(name) if part.signature else None


def _missing(
    part: Part, mode: str, names: Iterable[str], kept: list[str], place: Place
) -> Iterable[Problem]:
    for name in names:
        if name not in kept and name not in ALWAYS:
            text = (
                f"{part.name} reads '{name}', but {mode} keeps only {', '.join(kept)} "
                f"({KEEP}, {short(place)})"
            )
            yield Problem(part.section.where("name"), text)
