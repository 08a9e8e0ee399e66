"""Whether losses, heads, metrics and post-processes get the arrays that they read, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ppocr.config.errors import Place, Problem
from ppocr.config.explain import Part, short
from ppocr.config.section import Items, Section

# what a batch holds whether KeepKeys names it or not
ALWAYS = frozenset({"index", "place", "text"})
KEEP = "KeepKeys"
TRAIN_KINDS = frozenset({"Loss", "Head", "Architecture"})
EVAL_KINDS = frozenset({"Metric", "PostProcess", "Head", "Architecture"})


def cross_check(root: Section, parts: Iterable[Part]) -> list[Problem]:
    """Return one problem for each name that a part reads and its batches do not have.

    What stands inside a component that is not here yet is left alone: that component
    may hand it other names (MultiLoss gives CTCLoss its ``label_ctc`` as ``label``).
    """
    parts = list(parts)
    pending = [f"{part.path}." for part in parts if part.planned]
    here = [part for part in parts if not part.planned and not part.path.startswith(tuple(pending))]
    problems: list[Problem] = []
    for mode in ("Train", "Eval"):
        kept = _kept(mode, parts)
        if kept is None:
            continue
        kinds = EVAL_KINDS if mode == "Eval" else _training_kinds(root)
        for part in here:
            if part.kind in kinds:
                problems.extend(_missing(part, mode, *kept))
    return problems


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


def _missing(part: Part, mode: str, kept: list[str], place: Place) -> Iterable[Problem]:
    facts: Mapping[str, Any] = part.signature.facts if part.signature else {}
    reads = facts.get("reads")
    for name in reads if isinstance(reads, tuple | list) else ():
        if name not in kept and name not in ALWAYS:
            text = (
                f"{part.name} reads '{name}', but {mode} keeps only {', '.join(kept)} "
                f"({KEEP}, {short(place)})"
            )
            yield Problem(part.section.where("name"), text)
