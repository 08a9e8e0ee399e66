"""From a config to its pipeline spec, and what else of a config follows from other parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ppocr.config.errors import ConfigError, Problem
from ppocr.config.general import offers
from ppocr.config.registry import Registry
from ppocr.config.section import Section, as_section, named
from ppocr.config.signatures import Written
from ppocr.modeling.backbones import BACKBONES
from ppocr.modeling.heads import HEADS
from ppocr.modeling.necks import NECKS
from ppocr.modeling.transforms import TRANSFORMS
from ppocr.pipeline.networks import decoded_networks, networks
from ppocr.pipeline.spec import (
    BOX_FILTER,
    POLICY,
    BatchPolicy,
    OpSpec,
    PipelineSpec,
    TensorSpec,
)
from ppocr.postprocess import POSTPROCESSES
from ppocr.text.codecs import CODECS, class_counts
from ppocr.transforms import OPS

# decided by the batch policy and by the characters a spec carries, so they are no settings of it
DECIDED_ELSEWHERE = frozenset(
    {
        "infer_mode",
        "eval_mode",
        "character_dict_path",
        "character_dict",
        "use_space_char",
        "reverse",
        "lower",
    }
)
LENGTH = "max_text_length"
# whose labels a head is trained with; only what writes the same labels can read it
DECODERS = {
    "CTCHead": "CTCLabelDecode",
    "MultiHead": "CTCLabelDecode",
    "AttentionHead": "AttnLabelDecode",
    "SARHead": "SARLabelDecode",
    "NRTRHead": "NRTRLabelDecode",
    "Transformer": "NRTRLabelDecode",
}
OWN_WIDTH = "eval_mode"  # the setting of a resize that knows the policy "own"
PARTS = {"Transform": TRANSFORMS, "Backbone": BACKBONES, "Neck": NECKS, "Head": HEADS}


def derive(config: Mapping[str, Any]) -> PipelineSpec:
    """Return the spec of a model's config: the steps of Eval without those that need a label.

    It is what prediction does: lines keep their own width unless the network has a fixed one.
    The spec of a distillation reads several networks, for training; one of them alone has that of
    ``network_config``.
    Evaluation with the width trained with is ``spec.with_batch("fixed")``. A ConfigError names
    what is missing. Imports no paddle.
    """
    root = as_section(config)
    architecture = _architecture(root)
    task = str(architecture.get("model_type"))
    pre = tuple(_serving_steps(root))
    shape = _image_shape(root, pre)
    policy = _policy(task, architecture, pre)
    post, post_object = _post(root, task)
    characters, specials = _characters(post_object)
    if task == "det":
        specials["box_filter"] = dict(BOX_FILTER)
    return PipelineSpec(
        task=task,
        pre=pre,
        inputs=(TensorSpec("image", "float32", _free_axes(task, policy, shape)),),
        outputs=output_names(root),
        post=post,
        batch=policy,
        characters=characters,
        specials=specials,
    )


def wire(config: Mapping[str, Any]) -> Section:
    """Return the config with the settings that follow from other parts marked as computed.

    The number of classes of every head comes from the codec of its decoder: nowhere else is
    anything added to the length of a dictionary. A head that is not told how many characters a
    line may have writes as many as its labels have, which is Global.max_text_length.
    A ConfigError says that a head and the post-process do not belong together.
    """
    root = as_section(config)
    architecture = _architecture(root)
    _, post = _post(root, str(architecture.get("model_type")))
    codec = getattr(post, "codec", None)
    if codec is None:
        return root
    model_type = str(architecture.get("model_type"))
    length = offers(root).get(LENGTH)
    for network in networks(architecture).values():
        _wire_head(network, str(network.get("model_type") or model_type), codec, length)
    return root


def is_fixed_width(architecture: Mapping[str, Any]) -> bool:
    """Return whether a part of the network takes images of one width only, as it states."""
    return any(
        bool(_facts(registry, section.get(part), _type(section)).get("fixed_width", False))
        for section in networks(architecture).values()
        for part, registry in PARTS.items()
    )


def output_names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the outputs of a network, in their order, as its head states.

    Those of several networks are called ``Student.maps``; only networks that the post-process
    reads are among them.
    """
    parts = networks(config["Architecture"])
    found = []
    for name in decoded_networks(config):
        stated = _facts(HEADS, parts[name].get("Head"), _type(parts[name])).get("outputs", ("out",))
        found += [f"{name}.{one}" if name else str(one) for one in stated]
    return tuple(found)


def full_settings(
    registry: Registry,
    section: Mapping[str, Any],
    model_type: str,
    offered: Mapping[str, Any],
) -> dict[str, Any]:
    """Return every setting of what ``section`` names, defaults included, null ones left out.

    A spec must not change when a default does, so nothing is left to defaults.
    """
    found = registry.match(section, model_type, offered)
    if found.problems:
        raise ConfigError(found.problems)
    known = registry.signature(section["name"], model_type).settings
    settings = {
        name: found.arguments.get(name, setting.default)
        for name, setting in known.items()
        if name not in DECIDED_ELSEWHERE
    }
    return {
        name: value
        for name, value in settings.items()
        if value is not None and not isinstance(value, Written)
    }


def _architecture(root: Section) -> Section:
    architecture = root.get("Architecture")
    if not isinstance(architecture, Mapping) or not architecture.get("model_type"):
        raise ConfigError(
            Problem(root.where("Architecture"), "Architecture needs a 'model_type' (det, rec, cls)")
        )
    return as_section(architecture)


def _serving_steps(root: Section) -> list[OpSpec]:
    """Return the steps of ``Eval`` that predicting needs too."""
    dataset = (root.get("Eval") or {}).get("dataset") or {}
    steps = dataset.get("transforms")
    if not steps:
        raise ConfigError(
            Problem(root.where("Eval"), "needs Eval.dataset.transforms: how an image is prepared")
        )
    model_type = str(_architecture(root).get("model_type"))
    found = []
    for entry in steps:
        name, settings = named(entry, root.where("Eval"))
        section = Section({"name": name, **settings}, settings.place)
        section.places, section.lenient = dict(settings.places), settings.lenient
        facts = OPS.signature(name, model_type, settings.place).facts
        if facts.get("needs_label", False) or facts.get("keeps", False) or name == "KeepKeys":
            continue
        offered = {key: value for key, value in offers(root).items() if key != "infer_mode"}
        found.append(OpSpec(name, full_settings(OPS, section, model_type, offered)))
    return found


def _policy(task: str, architecture: Section, pre: Sequence[OpSpec]) -> BatchPolicy:
    policy = POLICY.get(task, "single")
    if policy == "own" and (is_fixed_width(architecture) or not any(map(knows_own_width, pre))):
        return "fixed"
    return policy


def knows_own_width(step: OpSpec) -> bool:
    """Return whether a step can leave a wide line its own width."""
    return OWN_WIDTH in OPS.signature(step.name).settings


def _image_shape(root: Section, pre: Sequence[OpSpec]) -> tuple[int, int, int]:
    """Return (C, H, W) as the last step that decides it says, -1 for what it leaves open."""
    for step in reversed(pre):
        op = OPS.build(step.section())
        if hasattr(op, "output_shape"):
            channels, height, width = op.output_shape()
            return int(channels), int(height), int(width)
    raise ConfigError(
        Problem(root.where("Eval"), "no step of Eval.dataset.transforms gives images a size")
    )


def _free_axes(task: str, policy: BatchPolicy, shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Return the shape of the graph's input: pages and lines may have any width."""
    channels, height, width = shape
    if task == "det":
        return (-1, channels, -1, -1)
    return (-1, channels, height, -1 if policy == "own" else width)


def _post(root: Section, task: str) -> tuple[OpSpec, Any]:
    section = root.get("PostProcess")
    if not isinstance(section, Mapping):
        raise ConfigError(Problem(root.where("PostProcess"), "the config needs a PostProcess"))
    section = as_section(section)
    offered = offers(root)
    settings = full_settings(POSTPROCESSES, section, task, offered)
    return OpSpec(section["name"], settings), POSTPROCESSES.build(section, task, offered)


def _characters(post: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    codec = getattr(post, "codec", None)
    if codec is None:
        return (), {}
    charset = post.charset
    specials = {
        "use_space_char": charset.space_added,
        "reverse": charset.reverse,
        "lower": charset.lower,
        "classes": codec.num_classes,
    }
    return charset.lines, specials


def _wire_head(network: Section, model_type: str, codec: Any, length: int | None) -> None:
    """Give the head the class counts and the length that its constructor asks for."""
    head = network.get("Head")
    if not isinstance(head, Mapping):
        return
    section = as_section(head)
    asked = HEADS.signature(section["name"], model_type, section.place).settings
    decoder = DECODERS.get(section["name"])
    if decoder is not None and not isinstance(codec, CODECS[decoder]):
        text = f"{section['name']} is read by {decoder}, but PostProcess has another decoder"
        raise ConfigError(Problem(section.where("name"), text))
    if "out_channels_list" in asked:
        section.compute("out_channels_list", class_counts(codec.charset))
    elif "out_channels" in asked:
        section.compute("out_channels", codec.num_classes)
    if LENGTH in asked and length is not None and section.get(LENGTH) is None:
        section.compute(LENGTH, length)


def _facts(registry: Registry, section: Any, model_type: str) -> Mapping[str, Any]:
    if not isinstance(section, Mapping) or not section.get("name"):
        return {}
    return registry.signature(section["name"], model_type).facts


def _type(section: Mapping[str, Any]) -> str:
    return str(section.get("model_type") or "any")
