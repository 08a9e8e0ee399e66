"""The tables tell the truth: every name imports, and what checking reads is what Python takes."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module

import pytest

from ppocr.config import Registry
from tests.house.house import ROOT, complain

# what a config may name, room by room
TABLES = {
    "ppocr.modeling.architectures": ("ARCHITECTURES",),
    "ppocr.modeling.transforms": ("TRANSFORMS",),
    "ppocr.modeling.backbones": ("BACKBONES",),
    "ppocr.modeling.necks": ("NECKS",),
    "ppocr.modeling.heads": ("HEADS",),
    "ppocr.losses": ("LOSSES",),
    "ppocr.metrics": ("METRICS",),
    "ppocr.postprocess": ("POSTPROCESSES",),
    "ppocr.optimizer": ("OPTIMIZERS", "SCHEDULES", "REGULARIZERS"),
    "ppocr.transforms": ("OPS", "AUGMENTERS"),
    "ppocr.data": ("DATASETS", "SAMPLERS", "COLLATES"),
    "ppocr.synthesis": ("TEXTS", "BACKGROUNDS", "EFFECTS", "LAYOUTS"),
}
BUILDERS = {
    "ppocr.modeling": ("build_model",),
    "ppocr.losses": ("build_loss",),
    "ppocr.metrics": ("build_metric",),
    "ppocr.postprocess": ("build_post_process",),
    "ppocr.optimizer": ("build_optimizer",),
    "ppocr.data": ("build_dataloader",),
    "ppocr.transforms": ("create_operators", "transform"),
}


@cache
def registries() -> tuple[Registry, ...]:
    """Return every registry of the project."""
    return tuple(
        getattr(import_module(module), name) for module, names in TABLES.items() for name in names
    )


def entries() -> list[tuple[Registry, str, str]]:
    """Return (registry, model type, name) of everything a config can name."""
    return [
        (registry, model_type, name)
        for registry in registries()
        for model_type, names in registry.table.items()
        for name in names
    ]


def test_every_registry_is_known_here():
    found = []
    for path in (ROOT / "ppocr").rglob("__init__.py"):
        module = ".".join(path.parent.relative_to(ROOT).parts)
        listed = TABLES.get(module, ())
        for name, value in vars(import_module(module)).items():
            owner = isinstance(value, Registry) and value.package == module
            if owner and name not in listed:
                found.append(f"{module}.{name}")
    complain("every registry is tested", found, "add it to TABLES in this file")


@pytest.mark.parametrize("module", BUILDERS)
def test_the_official_builders_can_be_imported(module):
    missing = [name for name in BUILDERS[module] if not hasattr(import_module(module), name)]
    complain(f"{module} offers the builders under their official names", missing, "keep the name")


@pytest.fixture(scope="module")
def classes():
    """Every entry with its class; the first use imports paddle once."""
    return {key: key[0].find(key[2], key[1]) for key in entries()}


def test_every_entry_imports(classes):
    wrong = [f"{reg.kind} {name}" for (reg, _, name), cls in classes.items() if cls is None]
    complain("every name of a table leads to a class", wrong, "mend the target in the table")
    assert len(classes) > 40


def test_checking_reads_what_python_takes(classes):
    wrong = []
    for (registry, model_type, name), cls in classes.items():
        read = registry.signature(name, model_type)
        taken = {
            parameter.name: parameter
            for parameter in inspect.signature(cls).parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_POSITIONAL
        }
        where = f"{registry.kind} {name} ({cls.__module__})"
        if list(read.settings) != list(taken):
            wrong.append(f"{where}: read {list(read.settings)}, takes {list(taken)}")
            continue
        for key, setting in read.settings.items():
            required = taken[key].default is inspect.Parameter.empty
            if setting.required != required:
                wrong.append(f"{where}.{key}: required is {required}")
    complain(
        "the signature that check_config reads from the source is the one Python uses",
        wrong,
        "write the constructor with plain keyword parameters, or as a dataclass",
    )


def test_no_registered_class_takes_what_it_does_not_know(classes):
    wrong = []
    for (registry, _, name), cls in classes.items():
        kinds = [p.kind for p in inspect.signature(cls).parameters.values()]
        if inspect.Parameter.VAR_KEYWORD in kinds or inspect.Parameter.VAR_POSITIONAL in kinds:
            wrong.append(f"{registry.kind} {name} ({cls.__module__})")
    complain(
        "no **kwargs in a class that a config names: they swallow typing errors",
        sorted(set(wrong)),
        "name every parameter; values of Global are offered by name",
    )


def test_every_setting_has_a_type(classes):
    wrong = []
    for (registry, _, name), cls in classes.items():
        for parameter in inspect.signature(cls).parameters.values():
            if parameter.annotation is inspect.Parameter.empty:
                wrong.append(f"{registry.kind} {name}.{parameter.name} ({cls.__module__})")
    complain(
        "every parameter of a registered class is annotated: that is the schema",
        sorted(set(wrong)),
        "annotate with simple types (int, float, str, bool, list, dict, Literal, unions)",
    )


def test_every_named_class_says_what_it_does(classes):
    silent = sorted(
        {f"{reg.kind} {name}" for (reg, _, name), cls in classes.items() if not cls.__doc__}
    )
    complain(
        "every registered class has a docstring", silent, "its first line says what comes back"
    )


def test_public_classes_of_a_room_are_in_its_table(classes):
    """A class that looks like an entry but is in no table cannot be used from a config."""
    listed = {(cls.__module__, cls.__name__) for cls in classes.values()}
    homes = {module for module, _ in listed}
    stray = []
    for home in sorted(homes):
        for name, value in vars(import_module(home)).items():
            if not inspect.isclass(value) or value.__module__ != home or name.startswith("_"):
                continue
            if (home, name) in listed or _is_a_part(value, listed):
                continue
            stray.append(f"{home}.{name}")
    complain(
        "a public class in a file of registered classes is registered, or a part of one",
        stray,
        "add a line to the table of the room, or give the helper a leading underscore",
    )


def _is_a_part(cls: type, listed: set[tuple[str, str]]) -> bool:
    """Return whether something registered is made with ``cls``: its base, or named in its file."""
    source = inspect.getsource(import_module(cls.__module__))
    return source.count(cls.__name__) > 1
