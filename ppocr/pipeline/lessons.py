"""Whether losses get what they ask of the networks, and networks a loss to learn from.

Heads state as ``gives`` what they give in training: the names of a mapping, nothing for one
tensor, by the name of each head for one that holds several. Losses of distillation state as
``entry`` which of these they take where there are several heads, as ``whole`` that they take the
mapping itself; several losses of one network as ``judges`` which of these each one takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ppocr.config import planned
from ppocr.config.errors import Place, Problem, nearest
from ppocr.config.hints import fits
from ppocr.config.schema import shown
from ppocr.config.section import Section, as_section, named
from ppocr.config.signatures import Signature
from ppocr.losses import LOSSES
from ppocr.metrics import METRICS
from ppocr.modeling.heads import HEADS
from ppocr.pipeline.networks import is_distillation, losses_of, names_in, networks, section_in

NECK_OF_CTC = "ctc_neck"  # a head that gives it stands for the neck as well
FEATURES = ("backbone_out", "neck_out", "head_out")  # what return_all_feats adds
LIST, PAIRS = "model_name_list", "model_name_pairs"
Given = Mapping[str, Sequence[str]]  # what a network gives by name, with the names inside


def check_lessons(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield one problem for each loss of a distillation that asks for what there is not."""
    root = as_section(config)
    if not is_distillation(root):
        yield from _heads(root)
        return
    gives = {name: given(one) for name, one in networks(root["Architecture"]).items()}
    found = list(losses_of(root))
    if not found and section_in(root, "Loss").get("name") == "CombinedLoss":
        yield Problem(root.where("Loss"), "CombinedLoss needs losses in its loss_config_list")
    for loss, section in found:
        if LOSSES.has(loss):
            yield from _Lesson(LOSSES.signature(loss), section, gives).problems()
    yield from _metric(section_in(root, "Metric"))


def check_pupils(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a note for each network that could learn and that no loss names."""
    root = as_section(config)
    if not is_distillation(root):
        yield from _guides(root)
        return
    taught = {
        name
        for _, section in losses_of(root)
        for setting in (LIST, PAIRS)
        for name, _ in names_in(section, setting)
    }
    for name, network in networks(root["Architecture"]).items():
        if taught and name not in taught and not network.get("freeze_params"):
            text = f"no loss names {name}, so it learns nothing; freeze_params: true says so"
            yield Problem(network.place, text)


def _heads(root: Section) -> Iterator[Problem]:
    """Yield what is wrong between several losses and the heads of one network."""
    loss, head, judges = _judged(root)
    names = _of_head(head, str(section_in(root, "Architecture").get("model_type") or "any"))
    if not judges or names is None:
        return
    listed = _entries(loss, "loss_config_list")
    for one, _ in listed:
        if one in judges and judges[one] not in names:
            gives = f"gives {', '.join(names)}" if names else "gives one tensor without a name"
            text = f"{one} judges '{judges[one]}', but {head.get('name')} {gives}"
            yield Problem(loss.where("loss_config_list"), text)
    answer = HEADS.signature(str(head["name"])).facts.get("answer")
    if answer in names and answer not in [judges.get(one) for one, _ in listed]:
        text = f"no loss judges '{answer}', which is all that is left after training"
        yield Problem(loss.where("loss_config_list"), text)


def _guides(root: Section) -> Iterator[Problem]:
    """Yield a note where a head, or what is before it, learns nothing."""
    loss, head, judges = _judged(root)
    judged = {judges.get(one) for one, _ in _entries(loss, "loss_config_list")}
    facts = HEADS.signature(str(head["name"])).facts if judges else {}
    stated = facts.get("gives")
    if not isinstance(stated, Mapping):
        return
    guided = False
    for part, settings in _entries(head, "head_list"):
        is_judged = bool(judged & {*stated.get(part, ())})
        is_answer = facts.get("answer") in stated.get(part, ())
        guided |= is_judged and not is_answer
        if not is_judged and not is_answer:
            yield Problem(settings.place, f"no loss judges {part}, so it learns nothing")
    for _, settings in _entries(head, "head_list") if not guided else ():
        neck = section_in(settings, "Neck")
        if neck.get("use_guide") is True:
            text = (
                "use_guide leaves the backbone to a guide, and none is trained: it learns nothing"
            )
            yield Problem(neck.where("use_guide"), text)


def _judged(root: Section) -> tuple[Section, Section, Mapping[str, str]]:
    """Return the loss and the head of one network, and which output each loss of a list judges."""
    loss, head = section_in(root, "Loss"), section_in(section_in(root, "Architecture"), "Head")
    name = loss.get("name")
    known = isinstance(name, str) and LOSSES.has(name) and isinstance(head.get("name"), str)
    judges = LOSSES.signature(str(name)).facts.get("judges") if known else None
    return loss, head, judges if judges and HEADS.has(str(head.get("name"))) else {}


def given(network: Section) -> Given | None:
    """Return what a network gives in training by name: {} is one tensor, None is not known."""
    head = section_in(network, "Head")
    names = _of_head(head, str(network.get("model_type") or "any"))
    if names is None or not network.get("return_all_feats"):
        return None if names is None else dict.fromkeys(names, ())
    found: dict[str, Sequence[str]] = {}
    for name, part in (("backbone_out", "Backbone"), ("neck_out", "Neck")):
        if network.get(part) or (part == "Neck" and NECK_OF_CTC in names):
            found[name] = ()
    if not names or NECK_OF_CTC in names:
        return {**found, "head_out": names}
    return {**found, **dict.fromkeys(names, ())}


def _of_head(head: Section, model_type: str) -> Sequence[str] | None:
    """Return the names of what a head gives, () for one tensor; None if it does not say."""
    name = head.get("name")
    if not isinstance(name, str) or not HEADS.has(name, model_type):
        return None
    stated = HEADS.signature(name, model_type).facts.get("gives")
    if not isinstance(stated, Mapping):
        return stated
    return [one for part, _ in _entries(head, "head_list") for one in stated.get(part, ())]


def _entries(section: Section, key: str) -> list[tuple[str, Section]]:
    """Return name and settings of each entry of a list."""
    value = section.get(key)
    return [named(one, section.place) for one in (value if isinstance(value, list) else [])]


class _Lesson:
    """One loss: which networks it names, and what it asks of each."""

    def __init__(
        self, signature: Signature, section: Section, gives: Mapping[str, Given | None]
    ) -> None:
        self.name, self.section, self.gives = signature.name, section, gives
        self.settings, self.facts = signature.settings, signature.facts

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong, once for each network."""
        setting = next((one for one in (LIST, PAIRS) if one in self.settings), None)
        if setting is None:
            yield from self._plain()
            return
        names = dict.fromkeys(name for name, _ in names_in(self.section, setting))
        if not names:
            yield self._problem(setting, "names no network, so the loss would be nothing")
        if setting == PAIRS:
            yield from self._pairs()
        yield from self._maps()
        for name in names:
            has = self.gives.get(name)
            found = [] if has is None else list(self._asked(name, has))
            yield from found
            if found:
                return  # the others would be told the same

    def _plain(self) -> Iterator[Problem]:
        """A loss of one network cannot judge several."""
        for other in LOSSES.names():
            if LOSSES.signature(other).facts.get("each_of") == self.name:
                text = f"{self.name} judges one network: {other} says which of them"
                yield Problem(self.section.place, text)

    def _pairs(self) -> Iterator[Problem]:
        value = self.section.get(PAIRS)
        if not isinstance(value, list | tuple):
            return
        flat = bool(value) and all(isinstance(one, str) for one in value)
        for pair in [value] if flat else value:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                yield self._problem(PAIRS, f"takes pairs of networks, not {shown(pair)}")
            elif pair[0] == pair[1]:
                yield self._problem(PAIRS, f"compares '{pair[0]}' with itself")

    def _maps(self) -> Iterator[Problem]:
        known = self.facts.get("maps") or {}
        for name, _ in names_in(self.section, "maps_name") if known else ():
            if name not in known:
                text = f"knows no '{name}' (there are {', '.join(known)}){nearest(name, known)}"
                yield self._problem("maps_name", text)

    def _asked(self, name: str, has: Given) -> Iterator[Problem]:
        """Yield why a network does not give what the loss asks of it."""
        key, setting, entry = self._setting("key"), *self._entry()
        if not isinstance(key, str | None) or not isinstance(entry, str | None):
            return  # told elsewhere
        if key is not None and key not in has:
            yield self._problem("key", self._no_key(name, key, has))
            return
        inside = has if key is None else has[key]
        if entry is not None:
            if entry not in inside:
                text = f"asks for '{entry}', but {self._what(name, key, inside)}"
                yield self._problem(setting, text + nearest(entry, inside))
        elif self.facts.get("whole"):
            if key is not None and not inside:
                yield self._problem("key", f"should be left out: all that '{name}' gives is taken")
        elif inside:
            yield self._problem("key", self._which(name, key, inside))

    def _entry(self) -> tuple[str, str | None]:
        """Return which of several heads the loss takes, after the setting that says so."""
        if "multi_head" not in self.settings:
            return "key", self.facts.get("entry")
        if not self._setting("multi_head"):
            return "multi_head", None
        if "dis_head" in self.settings:
            return "dis_head", self._setting("dis_head")
        return "multi_head", self.facts.get("entry")

    def _setting(self, name: str) -> Any:
        value = self.section.get(name)
        known = self.settings.get(name)
        return known.default if value is None and known is not None else value

    def _problem(self, setting: str, text: str) -> Problem:
        place: Place = self.section.where(setting)
        return Problem(place, f"{self.name}.{setting} {text}")

    def _no_key(self, name: str, key: str, has: Given) -> str:
        text = f"is '{key}', but {self._what(name, None, list(has))}{nearest(key, has)}"
        if key in FEATURES and not set(FEATURES) & set(has):
            text += f"; with return_all_feats: true '{name}' gives its features and head_out too"
        return text

    def _what(self, name: str, key: str | None, inside: Sequence[str] | Given) -> str:
        of = f"'{name}'" if key is None else f"{key} of '{name}'"
        if not inside:
            return f"{of} is one tensor" if key else f"{of} gives one tensor without a name"
        return f"{of} {'has' if key else 'gives'} {', '.join(inside)}"

    def _which(self, name: str, key: str | None, inside: Sequence[str] | Given) -> str:
        how = "multi_head: true takes one" if key or "ctc" in inside else "key says which"
        return f"is {shown(key)}, and {self._what(name, key, inside)}: {how}"


def _metric(section: Section) -> Iterator[Problem]:
    """Yield what the metric of each network does not take."""
    name = section.get("name")
    if not isinstance(name, str) or not METRICS.has(name):
        return
    base = METRICS.signature(name).settings.get("base_metric_name")
    called = section.get("base_metric_name") or (base.default if base else None)
    if not isinstance(called, str):
        return
    if not METRICS.has(called):
        if called in planned.names("Metric", "any"):
            return
        text = f"{name}.base_metric_name: there is no metric '{called}'"
        yield Problem(section.where("base_metric_name"), text + nearest(called, METRICS.names()))
        return
    known = METRICS.signature(called).settings
    for key, value in section.items():
        if key in known and value is not None and not fits(value, known[key].hint):
            text = f"{called}.{key} should be {known[key].hint}, not {shown(value)}"
            yield Problem(section.where(key), text)
