"""Whether the parts of a config mean the same task, the same labels and the same images.

Decoders state as ``encoders`` which operations write the labels they can read; operations as
``seen_alike`` which of their settings a network must not see otherwise in use than in training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ppocr.config.errors import Problem
from ppocr.config.explain import Part
from ppocr.config.hints import Misfit, convert
from ppocr.config.scalars import number
from ppocr.config.schema import shown
from ppocr.postprocess import POSTPROCESSES

JUDGED = frozenset({"Head", "Loss", "Metric", "PostProcess"})
PARTS_OF: Mapping[str, frozenset[str]] = {
    "det": frozenset(
        {"DBHead", "PFHeadLocal", "DBLoss", "DetMetric", "DBPostProcess"}
        | {"DistillationDBLoss", "DistillationDilaDBLoss", "DistillationDBPostProcess"}
    ),
    "rec": frozenset(
        {"CTCHead", "MultiHead", "AttentionHead", "NRTRHead", "SARHead", "Transformer"}
        | {"CTCLoss", "MultiLoss", "AttentionLoss", "NRTRLoss", "SARLoss", "RecMetric"}
        | {"CTCLabelDecode", "AttnLabelDecode", "NRTRLabelDecode", "SARLabelDecode"}
        | {"DistillationCTCLabelDecode", "DistillationSARLabelDecode"}
    ),
    "cls": frozenset({"ClsHead", "ClsLoss", "ClsMetric", "ClsPostProcess"}),
}
SHAPE, CHANNELS_AND_HEIGHT = "image_shape", slice(2)  # what has to be alike of a shape


def check_agreement(parts: Iterable[Part]) -> Iterator[Problem]:
    """Yield one problem for each part of another task, and for labels that nothing can read."""
    parts = list(parts)
    for part in parts:
        meant = [task for task, names in PARTS_OF.items() if part.name in names]
        judged = part.kind in JUDGED and part.model_type in PARTS_OF
        if judged and meant and meant != [part.model_type]:
            text = f"{part.name} is of model_type {meant[0]}, the Architecture of {part.model_type}"
            yield Problem(part.section.where("name"), text)
    decoder = next((part for part in parts if part.kind == "PostProcess"), None)
    fitting = _stated(decoder, "encoders") if decoder else ()
    known = {one for name in POSTPROCESSES.names() for one in _encoders(name)}
    for part in parts if fitting else ():
        if decoder and part.kind == "Op" and part.name in known and part.name not in fitting:
            text = f"{decoder.name} cannot read what {part.name} writes; use {' or '.join(fitting)}"
            yield Problem(part.section.where("name"), text)


def _encoders(decoder: str) -> tuple[str, ...]:
    return POSTPROCESSES.signature(decoder).facts.get("encoders", ())


def _stated(part: Part, fact: str) -> tuple[str, ...]:
    return part.signature.facts.get(fact, ()) if part.signature else ()


def check_images(parts: Iterable[Part]) -> Iterator[Problem]:
    """Yield a note for each step that prepares an image otherwise in Eval than in Train."""
    steps = [part for part in parts if part.kind == "Op" and _stated(part, "seen_alike")]
    trained = {part.name: part for part in steps if part.path.startswith("Train.")}
    for part in steps:
        other = trained.get(part.name)
        if other is None or not part.path.startswith("Eval.dataset."):
            continue
        for key in _stated(part, "seen_alike"):
            here, there = _value(part, key), _value(other, key)
            if here != there:
                text = (
                    f"Eval and Train show the network other images: {part.name}.{key} is "
                    f"{shown(here)} here and {shown(there)} in Train"
                )
                yield Problem(part.section.where(key), text)


def _value(part: Part, key: str) -> Any:
    """Return what a setting comes to: given or default, and as a number where it is one."""
    setting = part.signature.settings.get(key) if part.signature else None
    given = part.section.get(key)
    if setting is None:
        return given
    value = setting.default if given is None else given
    try:
        value = convert(value, setting.hint)
        value = number(value) if isinstance(value, str) else value  # such as 1./255.
    except Misfit:
        return given
    except ValueError:
        pass
    if isinstance(value, list | tuple):
        value = list(value)
    return value[CHANNELS_AND_HEIGHT] if key == SHAPE and isinstance(value, list) else value
