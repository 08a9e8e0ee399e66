"""What is exported: a network with its weights, and the spec between images and results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import paddle

from ppocr.backends.dygraph import Dygraph
from ppocr.config import Section, general, plain
from ppocr.config.general import General
from ppocr.modeling import build_model
from ppocr.modeling.fuse import fuse
from ppocr.modeling.weights import load_weights
from ppocr.pipeline import checks
from ppocr.pipeline.derive import derive, wire
from ppocr.pipeline.networks import network_config, wanted_networks
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.spec import PipelineSpec
from ppocr.pipeline.trained_with import dictionaries
from ppocr.utils import checkpoints
from ppocr.utils.exits import MissingInput
from ppocr.utils.files import sha256


@dataclass(frozen=True)
class Source:
    """A trained network and everything its config says about using it.

    ``name`` is that of a network of a distillation; its config is then that of it alone.
    """

    config: Section
    general: General
    spec: PipelineSpec
    model: Any
    weights: Path
    name: str = ""

    @property
    def runner(self) -> Runner:
        """The checkpoint as prediction would run it."""
        return Runner(self.spec, Dygraph(self.model, [one.name for one in self.spec.inputs]))

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of what went in, to be kept with what comes out."""
        return {"config": config_digest(self.config), "checkpoint": sha256(self.weights)}

    def fused(self) -> tuple[Any, int]:
        """Return a copy of the network with its branches made one, and how many layers that were.

        The network itself stays as it was trained: it is what the export is compared with.
        """
        twin = build_model(self.config["Architecture"])
        twin.set_state_dict(self.model.state_dict())
        twin.eval()
        return twin, fuse(twin)


def load_each(config: Mapping[str, Any]) -> list[Source]:
    """Return the networks that are to be exported: of a distillation those that it names."""
    return [load(config, name) for name in wanted_networks(config)]


def load(config: Mapping[str, Any], name: str = "") -> Source:
    """Return a network of a config with all of its weights.

    ``Global.checkpoints`` wins over ``pretrained_model``. A MissingInput says that there are no
    weights, a DataError that they do not cover the network: random numbers are never exported.
    """
    checks.ensure(config)
    settings = general.read(config)
    path = settings.checkpoints or settings.pretrained_model
    if not path:
        raise MissingInput(
            "nothing to export: name the weights, "
            "-o Global.pretrained_model=output/.../best_accuracy"
        )
    weights = checkpoints.find(path).params
    root = wire(network_config(config, name))
    spec = derive(root)
    paddle.set_device("cpu")
    model = build_model(root["Architecture"])
    others = dictionaries(root, path)
    load_weights(model, weights, whole=True, dictionaries=others, network=name)
    model.eval()
    return Source(root, general.read(root), spec, model, weights, name)


def config_digest(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a config's values; comments, order and spelling do not count."""
    text = json.dumps(plain(config), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
