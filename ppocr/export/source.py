"""What is exported: a network with its weights, and the spec between images and results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from ppocr.backends.dygraph import Dygraph
from ppocr.config import Section, general, plain
from ppocr.config.general import General
from ppocr.modeling import build_model
from ppocr.modeling.weights import find_weights, load_weights
from ppocr.pipeline import checks
from ppocr.pipeline.derive import derive, wire
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils.exits import MissingInput
from ppocr.utils.files import sha256


@dataclass(frozen=True, slots=True)
class Source:
    """A trained network and everything its config says about using it."""

    config: Section
    general: General
    spec: PipelineSpec
    model: Any
    weights: Path

    @property
    def runner(self) -> Runner:
        """The checkpoint as prediction would run it."""
        return Runner(self.spec, Dygraph(self.model, [one.name for one in self.spec.inputs]))

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of what went in, to be kept with what comes out."""
        return {"config": config_digest(self.config), "checkpoint": sha256(self.weights)}


def load(config: Mapping[str, Any]) -> Source:
    """Return the network of a config with all of its weights.

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
    weights = find_weights(path)
    root = wire(config)
    spec = derive(root)
    paddle.set_device("cpu")
    model = build_model(root["Architecture"])
    load_weights(model, weights, whole=True)
    model.eval()
    return Source(root, settings, spec, model, weights)


def config_digest(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a config's values; comments, order and spelling do not count."""
    text = json.dumps(plain(config), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
