"""Names that may stand in a config, and where their classes live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

from ppocr.config import signatures
from ppocr.config.errors import NOWHERE, ConfigError, Place, Problem, nearest
from ppocr.config.schema import NOTHING, Match, match
from ppocr.config.section import Section, as_section
from ppocr.config.signatures import Signature
from ppocr.utils.logs import get_logger

ANY = "any"


class Registry:
    """A table of names per model type; the module behind a name is imported on first use.

    ``table`` maps a model type ("det", "rec", ... or "any") to names, and a name to
    ".module:Class", or to ".module" when the class is called like the name.
    ``computed`` are settings that the program fills in when it builds the part.
    """

    def __init__(
        self,
        kind: str,
        package: str,
        table: Mapping[str, Mapping[str, str]],
        computed: Collection[str] = (),
    ) -> None:
        self.kind, self.package = kind, package
        self.table = {model_type: dict(names) for model_type, names in table.items()}
        self.computed = frozenset(computed)

    def __repr__(self) -> str:
        count = sum(len(names) for names in self.table.values())
        return f"<Registry {self.kind}: {count} names>"

    def add(self, name: str, target: str, model_type: str = ANY) -> None:
        """Add a name from outside ("package.module:Class"); one that exists is an error."""
        names = self.table.setdefault(model_type, {})
        if names.get(name, target) != target:
            raise ConfigError(f"there is already a {self.kind} called '{name}' for {model_type}")
        names[name] = target

    def names(self, model_type: str = ANY) -> list[str]:
        """Return the names known for a model type, sorted."""
        return sorted(self._entries(model_type))

    def has(self, name: str, model_type: str = ANY) -> bool:
        """Return whether a name is known for a model type."""
        return name in self._entries(model_type)

    def find(self, section: Mapping[str, Any] | str, model_type: str = ANY) -> Any:
        """Return the class that a section's name, or a name, stands for."""
        name, place = self._name(section)
        module, attribute = self._target(name, model_type, place)
        return getattr(import_module(module), attribute)

    def signature(self, name: str, model_type: str = ANY, place: Place = NOWHERE) -> Signature:
        """Return what the class takes, read from its source without importing it."""
        module, attribute = self._target(name, model_type, place)
        found = signatures.of(module, attribute)
        if found is None:
            text = f"{self.kind} '{name}' should be {attribute} in {module}, but it is not there"
            raise ConfigError(Problem(place, text))
        return signatures.called(found, name)

    def match(
        self,
        section: Mapping[str, Any],
        model_type: str = ANY,
        offers: Mapping[str, Any] | None = None,
        computed: Mapping[str, Any] | None = None,
    ) -> Match:
        """Return the arguments for what ``section`` names, problems and notes included."""
        section = as_section(section)
        name, place = self._name(section)
        signature = self.signature(name, model_type, place)
        return match(signature, section, offers or NOTHING, computed or NOTHING, self.computed)

    def build(
        self,
        section: Mapping[str, Any] | str,
        model_type: str = ANY,
        offers: Mapping[str, Any] | None = None,
        computed: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the object that ``section`` describes.

        A ConfigError lists what does not fit; a ValueError of the constructor is given
        the address of the section.
        """
        section = as_section({"name": section} if isinstance(section, str) else section)
        found = self.match(section, model_type, offers, computed)
        if found.problems:
            raise ConfigError(found.problems)
        if not section.told:
            for note in found.notes:
                get_logger().warning("%s", note)
        target = self.find(section, model_type)
        try:
            return target(**found.arguments)
        except ValueError as error:
            text = f"{section['name']}: {error}"
            raise ConfigError(Problem(section.where("name"), text)) from error

    def _entries(self, model_type: str) -> dict[str, str]:
        return {**self.table.get(ANY, {}), **self.table.get(model_type, {})}

    def _name(self, section: Mapping[str, Any] | str) -> tuple[str, Place]:
        if isinstance(section, str):
            return section, NOWHERE
        place = section.where("name") if isinstance(section, Section) else NOWHERE
        name = section.get("name")
        if not isinstance(name, str):
            raise ConfigError(Problem(place, f"this {self.kind} needs a 'name'"))
        return name, place

    def _target(self, name: str, model_type: str, place: Place) -> tuple[str, str]:
        entries = self._entries(model_type)
        target = entries.get(name)
        if target is None:
            text = f"no {self.kind} called '{name}'{self._scope(name, model_type)}"
            raise ConfigError(Problem(place, text + nearest(name, entries)))
        module, _, attribute = target.partition(":")
        full = self.package + module if module.startswith(".") else module
        return full, attribute or name

    def _scope(self, name: str, model_type: str) -> str:
        """Return for which model types the name would exist, when it does for others."""
        others = [one for one, names in self.table.items() if name in names and one != model_type]
        if others:
            return f" for {model_type} (there is one for {', '.join(sorted(others))})"
        return f" for {model_type}" if model_type != ANY else ""
