"""The networks of a distillation: each as a model of its own, and whether their names agree.

Components of distillation state as ``each_of`` what they apply to each network:
DistillationDBPostProcess.each_of = "DBPostProcess". A config of one network is made from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ppocr.config.errors import ConfigError, Place, Problem, nearest
from ppocr.config.registry import Registry
from ppocr.config.scalars import number
from ppocr.config.schema import shown
from ppocr.config.section import Items, Section, as_section, named
from ppocr.losses import LOSSES
from ppocr.metrics import METRICS
from ppocr.postprocess import POSTPROCESSES

ALL = "all"
WISH = "export_networks"  # of Global
# settings that name networks
LISTS = (WISH, "model_name_list", "model_name_pairs", "model_name")
# settings of a distillation that a network alone does not know
HELD = ("pretrained", "freeze_params", "return_all_feats")
EACH = (*LISTS, "key", "multi_head")
LABEL = "name"  # in a list of losses: what the loss is called in the log
MULTI_HEAD = "MultiHead"
# what trains a head when no loss of the distillation names its network
LOSS_OF_HEAD = {
    "AttentionHead": "AttentionLoss",
    "CTCHead": "CTCLoss",
    "ClsHead": "ClsLoss",
    "DBHead": "DBLoss",
    "NRTRHead": "NRTRLoss",
    "PFHeadLocal": "DBLoss",
    "SARHead": "SARLoss",
}


def networks(architecture: Mapping[str, Any]) -> dict[str, Section]:
    """Return the networks of an Architecture by name: the only one as '', or each of ``Models``."""
    section = as_section(architecture)
    models = section.get("Models")
    if not isinstance(models, Mapping):
        return {"": section}
    return {str(name): as_section(one) for name, one in models.items() if isinstance(one, Mapping)}


def is_distillation(config: Mapping[str, Any]) -> bool:
    """Return whether a config describes several networks."""
    architecture = config.get("Architecture")
    return isinstance(architecture, Mapping) and isinstance(architecture.get("Models"), Mapping)


def key_network(config: Mapping[str, Any]) -> str:
    """Return the network whose figures count, as the Metric's ``key`` says; '' for the only one.

    A ConfigError says that it is not named.
    """
    if not is_distillation(config):
        return ""
    root = as_section(config)
    names, metric = list(networks(root["Architecture"])), section_in(root, "Metric")
    key = metric.get("key")
    if key in names:
        return str(key)
    raise ConfigError(Problem(metric.where("key"), _unknown("Metric.key", key, names)))


def wanted_networks(config: Mapping[str, Any]) -> list[str]:
    """Return the networks to export: ``Global.export_networks``, else that of the Metric's key."""
    section = section_in(as_section(config), "Global")
    given = section.get(WISH)
    if not given or not is_distillation(config):
        return [key_network(config)]
    names = list(networks(config["Architecture"]))
    listed = names if given == ALL else [given] if isinstance(given, str) else list(given)
    return list(dict.fromkeys(demand_known(listed, names, section.where(WISH))))


def demand_known(listed: Sequence[str], names: Sequence[str], place: Place) -> list[str]:
    """Return the names as they are; a ConfigError lists those that no network has."""
    problems = [
        Problem(place, _unknown("network", one, names)) for one in listed if one not in names
    ]
    if problems:
        raise ConfigError(problems)
    return list(listed)


def network_config(config: Mapping[str, Any], name: str) -> Section:
    """Return the config of one network, as if it were trained alone on the same data.

    What it shares with the config of the distillation keeps its places there.
    """
    root = as_section(config)
    if not is_distillation(root):
        return root
    models = networks(root["Architecture"])
    demand_known([name], list(models), root.where("Architecture"))
    architecture = models[name].without(*HELD)
    model_type = architecture.get("model_type") or root["Architecture"].get("model_type")
    architecture["model_type"] = model_type
    alone = root.without()
    if name != section_in(root, "Metric").get("key"):  # the published name is that of the result
        alone["Global"] = section_in(root, "Global").without("model_name")
    alone["Architecture"] = architecture
    alone["Loss"] = _loss(root, name, architecture)
    alone["PostProcess"] = _plain_part(POSTPROCESSES, as_section(root["PostProcess"]), model_type)
    alone["Metric"] = _metric(as_section(root["Metric"]))
    return alone


def check_names(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield one problem for each name of a network that there is not, wherever it stands."""
    root = as_section(config)
    if not is_distillation(root):
        return
    names = list(networks(root["Architecture"]))
    yield from _undescribed(as_section(root["Architecture"]["Models"]))
    for path, section in _naming(root):
        # Global.model_name is no network: what others call the result
        for setting in (WISH,) if path == "Global" else LISTS:
            for name, place in names_in(section, setting):
                if name not in names and (setting, name) != (WISH, ALL):
                    yield Problem(place, _unknown(f"{path}.{setting}", name, names))
    metric, post = section_in(root, "Metric"), section_in(root, "PostProcess")
    key = metric.get("key")
    decoded = [name for name, _ in names_in(post, "model_name")]
    if not decoded and _reads_networks(post):
        yield Problem(post.place, _unknown("PostProcess.model_name", None, names))
    if key not in names:
        yield Problem(metric.where("key"), _unknown("Metric.key", key, names))
    elif decoded and key not in decoded:
        text = f"Metric.key is '{key}', but PostProcess.model_name has only {', '.join(decoded)}"
        yield Problem(metric.where("key"), text)


def _undescribed(models: Section) -> Iterator[Problem]:
    for name, network in models.items():
        if not isinstance(network, Mapping):
            text = f"Architecture.Models.{name} should describe a network, not be {shown(network)}"
            yield Problem(models.where(name), text)


def nested(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs called ``Student.maps`` as {"Student": {"maps": ...}}, others as they are."""
    found: dict[str, Any] = {}
    for name, value in outputs.items():
        network, dot, output = name.partition(".")
        if dot:
            found.setdefault(network, {})[output] = value
        else:
            found[name] = value
    return found


def decoded_networks(config: Mapping[str, Any]) -> list[str]:
    """Return the networks whose outputs the post-process reads, all if it names none."""
    names = list(networks(config["Architecture"]))
    listed = [
        name for name, _ in names_in(section_in(as_section(config), "PostProcess"), "model_name")
    ]
    return [name for name in names if name in listed] or names


def _unknown(path: str, name: Any, names: Sequence[str]) -> str:
    text = f"{path}: there is no network '{name}'" if name else f"{path} names no network"
    return f"{text} (there are {', '.join(names)}){nearest(name, names)}"


def _reads_networks(post: Section) -> bool:
    name = post.get("name")
    if not isinstance(name, str) or not POSTPROCESSES.has(name):
        return False
    return "model_name" in POSTPROCESSES.signature(name).settings


def _naming(root: Section) -> Iterator[tuple[str, Section]]:
    """Yield the sections that name networks: Global, PostProcess and every loss of a list."""
    yield "Global", section_in(root, "Global")
    yield "PostProcess", section_in(root, "PostProcess")
    yield from losses_of(root)


def section_in(root: Section, key: str) -> Section:
    """Return the section of that key, an empty one where there is none."""
    value = root.get(key)
    return as_section(value) if isinstance(value, Mapping) else Section(place=root.where(key))


def losses_of(root: Section) -> Iterator[tuple[str, Section]]:
    """Yield name and settings of each loss of a CombinedLoss."""
    listed = section_in(root, "Loss").get("loss_config_list")
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        place = listed.where(index) if isinstance(listed, Items) else root.where("Loss")
        name, settings = named(entry, place)
        if name:
            yield name, settings


def names_in(section: Section, setting: str) -> Iterator[tuple[str, Place]]:
    """Yield the names that a setting lists, pairs opened, with where they stand."""
    value = section.get(setting)
    if isinstance(value, str):
        yield value, section.where(setting)
    if not isinstance(value, list | tuple):
        return
    for index, one in enumerate(value):
        place = value.where(index) if isinstance(value, Items) else section.where(setting)
        for name in one if isinstance(one, list | tuple) else [one]:
            yield str(name), place


def _plain_part(registry: Registry, section: Section, model_type: str) -> Section:
    """Return what a component applies to each network, with its settings."""
    facts = registry.signature(section["name"], model_type, section.where("name")).facts
    inner = facts.get("each_of")
    if not inner:
        return section
    return _called(inner, section.without(*EACH))


def _metric(section: Section) -> Section:
    signature = METRICS.signature(section["name"], "any", section.where("name"))
    base = signature.settings.get("base_metric_name")
    if base is None:
        return section
    name = section.get("base_metric_name") or base.default
    return _called(name, section.without("key", "base_metric_name"))


def _called(name: str, section: Section) -> Section:
    """Return a copy of a section that begins with this name."""
    copy = section.without("name")
    settings = dict(copy)
    copy.clear()
    copy.update({"name": name, **settings})
    return copy


def _loss(root: Section, name: str, architecture: Section) -> Section:
    """Return the loss of one network against the labels.

    Its settings are those of the loss that names it, else of one of the same kind that names
    another network; a ConfigError says that no loss is known for its head.
    """
    stated = dict(_stated(root, name))
    head = section_in(architecture, "Head")
    place = root.where("Loss")
    if head.get("name") == MULTI_HEAD:
        return _multi_loss(head, stated, place)
    suited = LOSS_OF_HEAD.get(str(head.get("name")))
    if suited is None:
        text = f"which loss trains a {head.get('name')} alone is not known: '{name}'"
        raise ConfigError(Problem(place, text))
    return _called(suited, stated.get(suited, Section(place=place)).without("weight"))


def _stated(root: Section, name: str) -> Iterator[tuple[str, Section]]:
    """Yield plain losses and their settings; those that name the network come last, and win."""
    found = []
    for loss, settings in losses_of(root):
        if not LOSSES.has(loss):
            continue
        inner = LOSSES.signature(loss).facts.get("each_of")
        listed = [one for one, _ in names_in(settings, "model_name_list")]
        if inner:
            found.append((name in listed, inner, settings.without(*EACH, LABEL)))
    for _, inner, settings in sorted(found, key=lambda one: one[0]):
        yield inner, settings


def _multi_loss(head: Section, stated: Mapping[str, Section], place: Place) -> Section:
    """Return a MultiLoss with one loss for each head, weighed as in the distillation."""
    loss, entries = Section({"name": "MultiLoss"}, place), Items(place=place)
    for entry in head.get("head_list") or []:
        inner, _ = named(entry, place)
        suited = LOSS_OF_HEAD.get(inner)
        if suited is None:
            raise ConfigError(Problem(place, f"which loss trains a {inner} alone is not known"))
        settings = stated.get(suited, Section(place=place))
        given = settings.get("weight")
        weight = 1.0 if given is None else number(str(given))
        if weight != 1.0:
            loss["weight_1" if suited == "CTCLoss" else "weight_2"] = weight
        entries.append(Section({suited: settings.without("weight") or None}, place))
    loss["loss_config_list"] = entries
    return loss
