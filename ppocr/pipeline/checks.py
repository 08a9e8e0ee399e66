"""A whole config against everything it names: all problems of all sections, found together.

Nothing is built, opened or imported beyond the tables of the rooms, so it takes
milliseconds and needs no paddle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ppocr.config import forgiven, general, planned, signatures
from ppocr.config.errors import ConfigError, Problem, nearest, slips
from ppocr.config.explain import Part
from ppocr.config.hints import fits
from ppocr.config.registry import Registry
from ppocr.config.schema import NAME, NOTHING, match
from ppocr.config.section import Items, Section, as_section, walk
from ppocr.config.signatures import Signature
from ppocr.pipeline.agree import check_agreement, check_images
from ppocr.pipeline.entries import held, stray
from ppocr.pipeline.kinds import (
    DEFAULT_NAMES,
    FILLED,
    FIXED,
    HOLDER_KEYS,
    NO_COMPONENT,
    OFFERED_TO,
    OPTIONAL,
    REQUIRED,
    TABLES,
    fixed_signature,
    registry,
)
from ppocr.pipeline.lessons import check_lessons, check_pupils
from ppocr.pipeline.named_files import missing
from ppocr.pipeline.networks import check_names
from ppocr.pipeline.reads import cross_check
from ppocr.pipeline.sources import check_sources
from ppocr.pipeline.unnamed import meant_by, nameless
from ppocr.utils.exits import InternalError
from ppocr.utils.logs import get_logger


@dataclass(slots=True)
class Report:
    """What a config consists of and what there is to say about it."""

    parts: list[Part] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    absent: list[Problem] = field(default_factory=list)  # components that do not exist here yet
    notes: list[Problem] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Return whether the config can be used as it is."""
        return not self.problems and not self.absent

    def all(self) -> list[Problem]:
        """Return problems and missing components, in the order of the file."""
        return sorted([*self.problems, *self.absent], key=lambda one: one.place)


def check(config: Mapping[str, Any], files: bool = False) -> Report:
    """Return everything there is to say about a config; nothing is raised for its content.

    With ``files`` the files that it names are looked for as well.
    """
    root = as_section(config)
    report = Report()
    _plug_in(root, report)
    walk = _Walk(root, report)
    walk.sections()
    walk.say_where_keys_belong()
    report.problems.extend(cross_check(root, report.parts))
    report.problems.extend(check_names(root))
    report.problems.extend(check_lessons(root))
    report.notes.extend(check_pupils(root))
    report.problems.extend(check_sources(root))
    report.problems.extend(check_agreement(report.parts))
    report.notes.extend(check_images(report.parts))
    if files:
        report.problems.extend(missing(root))
    return report


def ensure(config: Mapping[str, Any], files: bool = False) -> Report:
    """Return the report of a config that can be used; a ConfigError lists what is wrong.

    Notes are logged once; sections remember that, so that building says nothing again.
    """
    report = check(config, files)
    if not report.fine:
        raise ConfigError(report.all())
    for note in report.notes:
        get_logger().warning("%s", note)
    for section in walk(config):
        section.told = True
    return report


def _plug_in(root: Section, report: Report) -> None:
    """Import the modules of Global.plugins, which add their names to the tables."""
    section = root.get("Global")
    if not isinstance(section, Mapping):
        return
    plugins = section.get("plugins") or []
    for index, name in enumerate(plugins if isinstance(plugins, list) else []):
        place = plugins.where(index) if isinstance(plugins, Items) else root.place
        try:
            import_module(str(name))
        except ImportError as error:
            report.problems.append(Problem(place, f"cannot import the plug-in {name}: {error}"))


class _Walk:
    """Visits every section once and matches it against what it names."""

    def __init__(self, root: Section, report: Report) -> None:
        self.root, self.report = root, report
        self.offers = general.offers(root) if isinstance(root.get("Global"), Mapping) else {}
        self.unknown: list[tuple[Part, str, Problem]] = []

    def sections(self) -> None:
        """Visit all sections of the top level."""
        self.top_level()
        if self.is_section("Global"):
            self.fixed("Global", self.root["Global"], general.signature())
        model_type = self.architecture()
        for kind in ("Loss", "PostProcess", "Metric", "Optimizer"):
            if self.is_section(kind):
                self.part(kind, kind, self.root[kind], model_type)
        for mode in ("Train", "Eval"):
            if self.is_section(mode):
                self.mode(mode, self.root[mode], model_type)
        for name in OPTIONAL:
            if isinstance(self.root.get(name), Mapping):
                self.fixed(name, self.root[name], fixed_signature(name))

    def top_level(self) -> None:
        """Report sections that are missing or unknown."""
        known = [*REQUIRED, *OPTIONAL]
        for key in self.root:
            if key not in known:
                text = f"there is no section '{key}'{meant_by(key, self.root)}"
                self.complain(self.root, Problem(self.root.where(key), text))
        for name in REQUIRED:
            if name not in self.root:
                self.report.problems.append(Problem(self.root.place, f"section {name} is missing"))
            elif not isinstance(self.root[name], Mapping):
                text = f"{name} must be a section with keys of its own"
                self.report.problems.append(Problem(self.root.where(name), text))

    def is_section(self, name: str) -> bool:
        """Return whether the top level has a mapping of that name."""
        return isinstance(self.root.get(name), Mapping)

    def complain(self, section: Section, problem: Problem) -> None:
        """Take down something unknown: a note where Global.strict is false."""
        (self.report.notes if section.lenient else self.report.problems).append(problem)

    def architecture(self) -> str:
        """Visit the network and return its model type."""
        if not self.is_section("Architecture"):
            return "any"
        section = as_section(self.root["Architecture"])
        model_type = section.get("model_type")
        if not isinstance(model_type, str):
            self.report.problems.append(
                Problem(section.place, "Architecture needs 'model_type' (det, rec, cls, ...)")
            )
            model_type = "any"
        self.part("Architecture", "Architecture", section, model_type)
        return model_type

    def mode(self, path: str, section: Section, model_type: str) -> None:
        """Visit Train or Eval: data set, loader, sampler."""
        section = as_section(section)
        self.fixed(path, section, fixed_signature(path))
        if isinstance(section.get("retention"), Mapping):
            self.fixed(f"{path}.retention", section["retention"], fixed_signature("retention"))
        if isinstance(section.get("dataset"), Mapping):
            self.part("Dataset", f"{path}.dataset", section["dataset"], model_type)
        if isinstance(section.get("sampler"), Mapping):
            self.part("Sampler", f"{path}.sampler", section["sampler"], model_type)
        if isinstance(section.get("loader"), Mapping):
            loader = as_section(section["loader"])
            self.fixed(f"{path}.loader", loader, fixed_signature("loader"))
            if isinstance(loader.get("collate_fn"), str):
                self.name_only("Collate", f"{path}.loader.collate_fn", loader, "collate_fn")

    def fixed(self, path: str, section: Mapping[str, Any], signature: Signature) -> None:
        """Match a section whose keys do not depend on a name."""
        section = as_section(section)
        title = path.rpartition(".")[2]
        part = Part(path, title, "", section, signature=signatures.called(signature, title))
        self.matched(part, section, NOTHING, ())

    def name_only(self, kind: str, path: str, section: Section, key: str) -> None:
        """Check a component that a key names without settings of its own."""
        inner = Section({"name": section[key]}, section.where(key))
        inner.places["name"] = section.where(key)
        self.part(kind, path, inner, "any")

    def part(self, kind: str, path: str, section: Mapping[str, Any], model_type: str) -> None:
        """Match a section against what it names, and visit the sections inside."""
        section = as_section(section)
        own_type = section.get("model_type")
        model_type = own_type if isinstance(own_type, str) and own_type else model_type
        name = section.get("name") or DEFAULT_NAMES.get(kind, "")
        if not isinstance(name, str) or not name:
            self.report.problems.append(nameless(path, kind, section))
            return
        offers = self.offers if kind in OFFERED_TO else NOTHING
        part = Part(path, kind, name, section, model_type, offers=offers)
        self.resolve(part)
        if part.signature is None:
            return
        if part.planned:
            self.report.parts.append(part)
            self.slips(part)
        else:
            skip = HOLDER_KEYS.get(kind, ()) if "[" in path or ".Models." in path else ()
            self.matched(part, section, offers, skip)
        self.inside(part)

    def resolve(self, part: Part) -> None:
        """Find the signature of a part; say so if there is none, or only in the original."""
        table = registry(part.kind)
        place = part.section.where("name")
        here: Signature | None = None
        try:
            if table.has(part.name, part.model_type):
                here = part.signature = table.signature(part.name, part.model_type, place)
        except ConfigError as error:
            self.report.problems.extend(error.problems)
            return
        variant = planned.variant(part.name, part.section)
        if here is not None and (not variant or _takes(here, part.section)):
            return
        part.signature = planned.signature(part.kind, part.name, part.model_type)
        if part.signature is None:
            self.nobody_knows(part, table)
            return
        part.planned = True
        if part.name != NO_COMPONENT:
            text = f"{part.kind} '{part.name}'{f' with {variant}' if here else ''}"
            self.report.absent.append(Problem(place, f"{text} is not here yet"))

    def nobody_knows(self, part: Part, table: Registry) -> None:
        """Report a name that neither we nor the original have."""
        try:
            table.signature(part.name, part.model_type, part.section.where("name"))
        except ConfigError as error:
            problem = error.problems[0]
            text = problem.text.partition("; did you mean")[0]
            here = table.names(part.model_type)
            later = set(planned.names(part.kind, part.model_type)) - set(here)
            text += nearest(part.name, [*here, *sorted(later)], taken=later)
            self.report.problems.append(Problem(problem.place, text))

    def matched(
        self, part: Part, section: Section, offers: Mapping[str, Any], skip: Collection[str]
    ) -> None:
        """Match a part whose class is here, and take down what does not fit."""
        if part.signature is None:
            raise InternalError(f"{part.path} has no signature")
        filled = {*FILLED.get(part.kind, ())}
        if part.kind in TABLES:
            filled |= registry(part.kind).computed
        extra = [key for key in skip if key in section and key not in part.signature.settings]
        if extra and part.kind in FIXED:
            held_keys = as_section({key: section[key] for key in extra}, section.place)
            held_keys.places.update(section.places)
            owner = signatures.called(fixed_signature(part.kind), part.name)
            self.report.problems.extend(match(owner, held_keys).problems)
        judged = section.without(*extra)
        later = planned.signature(part.kind, part.name, part.model_type)
        also = [*skip, *(later.settings if later else ())]
        found = match(part.signature, judged, offers, NOTHING, filled, also)
        part.filled = filled
        self.report.parts.append(part)
        for key, problem in found.unknown.items():
            if later is not None and key in later.settings:
                (found.notes if section.lenient else found.problems).remove(problem)
                text = f"{part.kind} {part.name}.{key} is not here yet"
                self.report.absent.append(Problem(problem.place, text))
            else:
                self.unknown.append((part, key, problem))
        self.report.problems.extend(found.problems)
        self.report.notes.extend(found.notes)

    def slips(self, part: Part) -> None:
        """Report keys of a component that is not here yet when they are very likely misspelt."""
        known = part.signature.settings if part.signature else {}
        also = (*HOLDER_KEYS.get(part.kind, ()), *forgiven.keys(part.name), NAME)
        self.slips_in(part.name, part.section, [*known, *also])

    def slips_in(self, owner: str, section: Section, known: Collection[str]) -> None:
        """Report likely slips in a section and in the sections inside it that are known."""
        for key, value in section.items():
            meant = "" if key in known else planned.slip(str(key), known, section)
            if meant:
                text = f"{owner} has no setting '{key}'; did you mean '{meant}'?"
                self.complain(section, Problem(section.where(key), text))
            inner = planned.INSIDE.get((owner, str(key)))
            if inner is not None and isinstance(value, Section):
                self.slips_in(owner, value, inner.split())

    def inside(self, part: Part) -> None:
        """Visit the sections that a part holds."""
        for key, kind in (part.signature.parts if part.signature else {}).items():
            shapes = list(stray(f"{part.path}.{key}", part.section.get(key)))
            self.report.problems.extend(shapes)
            for path, section in held(f"{part.path}.{key}", part.section.get(key)):
                if shapes and "name" not in section:
                    continue
                if kind == "Head" and "name" in section and ({"Neck", "Head"} & set(section)):
                    self.head_with_neck(path, section, part.model_type)
                else:
                    self.part(kind, path, section, part.model_type)

    def head_with_neck(self, path: str, section: Section, model_type: str) -> None:
        """Visit an entry of MultiHead that brings a neck: its settings are one level down."""
        neck, given = section.get("Neck"), section.get("Head")
        head = as_section(given) if isinstance(given, Mapping) else Section(place=section.place)
        if isinstance(neck, Mapping):
            self.neck_inside(f"{path}.Neck", as_section(neck), model_type)
        named_head = head.without()
        named_head["name"] = section["name"]
        named_head.places["name"] = section.where("name")
        for key in section:
            if key not in ("name", "Neck", "Head"):
                named_head[key] = section[key]
                named_head.places[key] = section.where(key)
        self.part("Head", f"{path}.Head", named_head, model_type)

    def neck_inside(self, path: str, section: Section, model_type: str) -> None:
        """Visit a neck of MultiHead: its name is the encoder type of a SequenceEncoder."""
        if not isinstance(section.get("name"), str):
            self.report.problems.append(nameless(path, "Neck", section))
            return
        inner = section.without("name")
        inner.update(name="SequenceEncoder", encoder_type=section["name"])
        for key in ("encoder_type", "name"):
            inner.places[key] = section.where("name")
        self.part("Neck", path, inner, model_type)

    def say_where_keys_belong(self) -> None:
        """Say of a key that is unknown in its section in which other section it is known."""
        for part, key, problem in self.unknown:
            owner = self.owner(part, key)
            if not owner:
                continue
            text = problem.text.partition("; did you mean")[0].partition(" (it has")[0]
            better = Problem(problem.place, f"{text}; it belongs to {owner}")
            pile = self.report.notes if part.section.lenient else self.report.problems
            pile[pile.index(problem)] = better

    def owner(self, part: Part, key: str) -> str:
        """Return the section in which a key is known, unless it is a slip in its own."""
        own = part.signature.settings if part.signature else {}
        if any(one not in part.section and slips(key, one) == 1 for one in own):
            return ""
        for setting, kind in (part.signature.parts if part.signature else {}).items():
            usual = DEFAULT_NAMES.get(kind)
            if usual and key in registry(kind).signature(usual).settings:
                return f"{part.path}.{setting}"
        for other in self.report.parts:
            if (
                other.signature is not None
                and key in other.signature.settings
                and other is not part
            ):
                return f"{other.path} ({other.name})" if other.name else other.path
        return ""


def _takes(signature: Signature, section: Section) -> bool:
    """Return whether a class takes the variant that a section asks for."""
    return not any(
        key in signature.settings and not fits(section[key], signature.settings[key].hint)
        for _, key in planned.VARIANTS
        if key in section
    )
